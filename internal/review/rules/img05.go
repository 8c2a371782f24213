package rules

import (
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var img05 = review.Rule{
	ID:       "IMG-05",
	Pillar:   review.Performance,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Low,
	Sources:  []string{"S0:16"},
	Title: review.Text{
		EN: "The base image is a light one",
		JA: "軽量なベースイメージを使う",
	},
	Why: review.Text{
		EN: "The full variants of language images carry compilers and headers for every library there is: hundreds of megabytes to pull, and their flaws to patch.",
		JA: "言語イメージの通常版には、あらゆるライブラリ用のコンパイラやヘッダーが入っており、数百 MB の転送と、その脆弱性対応が付いてきます。",
	},
	Todo: review.Text{
		EN: "Take the -slim or -alpine variant, a distroless image or scratch for the final stage; keep the full one for building.",
		JA: "最終ステージには -slim や -alpine、distroless、scratch を使い、通常版はビルド用ステージにだけ使ってください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img05Dockerfile},
	},
}

// heavy are Docker Official Images whose plain variant stands on
// buildpack-deps, or is a compiler itself.
var heavy = []string{"node", "python", "ruby", "perl", "golang", "rust", "gcc", "buildpack-deps", "erlang", "elixir", "haskell", "swift", "maven", "gradle", "pypy", "hylang"}

func img05Dockerfile(s *review.Subject) []review.Outcome {
	d := s.Dockerfile.Value
	b := finalBase(d)
	if !b.known {
		return []review.Outcome{review.Unexamined(b.at, review.Say("give the ARG of the FROM a default", "FROM で使う ARG に既定値を付けてください"),
			"FROM %s: a variable has no default", "FROM %s: 変数に既定値がない", b.ref)}
	}
	repository, tag, digest := splitRef(b.ref)
	light := strings.Contains(tag, "slim") || strings.Contains(tag, "alpine") || strings.Contains(tag, "distroless")
	if slices.Contains(heavy, official(repository)) && tag == "" && digest != "" {
		return []review.Outcome{review.Unexamined(b.at, review.Say("write the tag before the digest: it says which variant it is", "ダイジェストの前にタグも書いてください。どの種類か分かります"),
			"%s is named by its digest only", "%s はダイジェストだけで指定されている", repository)}
	}
	if slices.Contains(heavy, official(repository)) && !light {
		return []review.Outcome{review.Failed(b.at, "the image is built on %s, the full variant with build tools", "ベースの %s はビルドツール入りの通常版", b.ref)}
	}
	return []review.Outcome{review.Passed(b.at, "the image is built on %s", "ベースは %s", b.ref)}
}
