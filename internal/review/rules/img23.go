package rules

import "github.com/hatoba/hatoba/internal/review"

var img23 = review.Rule{
	ID:       "IMG-23",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.High,
	Sources:  []string{"S1:77", "S1:78", "S1:79"},
	Title: review.Text{
		EN: "The application's libraries have no known vulnerability that a fix exists for",
		JA: "アプリケーションのライブラリに、修正版のある既知の脆弱性がない",
	},
	Why: review.Text{
		EN: "The libraries face the requests. A scan of the OS packages does not see them, and the base image's maintainer does not upgrade them for you.",
		JA: "リクエストを直接受けるのはライブラリです。OS パッケージのスキャンでは見えず、ベースイメージの提供元が更新してくれることもありません。",
	},
	Todo: review.Text{
		EN: "Upgrade the library to the version named, write the lock file anew, and rebuild.",
		JA: "ライブラリを示されたバージョンに上げ、ロックファイルを更新して、イメージを作り直してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartImage}, Run: func(s *review.Subject) []review.Outcome {
			return scanned(s, review.PartImage, s.Image.Value.At(), false)
		}},
		{Needs: []review.Part{review.PartSource}, Run: func(s *review.Subject) []review.Outcome {
			return scanned(s, review.PartSource, review.Place{File: s.Source.Value.Root}, false)
		}},
	},
}
