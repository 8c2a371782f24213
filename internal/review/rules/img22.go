package rules

import "github.com/hatoba/hatoba/internal/review"

var img22 = review.Rule{
	ID:       "IMG-22",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.High,
	Sources:  []string{"S0:23", "S1:78"},
	Title: review.Text{
		EN: "The image's OS packages have no known vulnerability that a fix exists for",
		JA: "イメージの OS パッケージに、修正版のある既知の脆弱性がない",
	},
	Why: review.Text{
		EN: "A published vulnerability is tried on everyone within days, and the packages of a base image age even if the program does not change.",
		JA: "公開された脆弱性は数日のうちに誰に対しても試されます。プログラムが変わらなくても、ベースイメージのパッケージは古くなります。",
	},
	Todo: review.Text{
		EN: "Rebuild on the newest base image, or upgrade the package in the Dockerfile; leave packages out that the program does not need.",
		JA: "最新のベースイメージで作り直すか、Dockerfile でパッケージを更新してください。プログラムが使わないパッケージは入れないでください。",
	},
	Checks: []review.Check{{
		Needs: []review.Part{review.PartImage},
		Run: func(s *review.Subject) []review.Outcome {
			return scanned(s, review.PartImage, s.Image.Value.At(), true)
		},
	}},
}
