package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var rls02 = review.Rule{
	ID:       "RLS-02",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Codebase},
	Severity: review.Medium,
	Sources:  []string{"S1:61"},
	Title: review.Text{
		EN: "There are no versions of the code per environment",
		JA: "環境ごとに別バージョンのコードを持たない",
	},
	Why: review.Text{
		EN: "What was tested in staging is then not what runs in production.",
		JA: "ステージングで試したものと、本番で動くものが別になります。",
	},
	Todo: review.Text{
		EN: "Keep one code base; let variables and definitions differ per environment.",
		JA: "コードは一つにし、違いは環境変数や定義に持たせてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: rls02Source},
	},
}

// perEnvironment is code, or a Dockerfile, that carries an environment's name.
var perEnvironment = regexp.MustCompile(`(?i)(^|/)([^/]*[._-])?(production|prod|staging|stg)([._-][^/.]*)?\.(go|js|mjs|cjs|ts|tsx|py|rb|java|kt|php|rs|cs)$|(^|/)(src|app|lib|cmd)/(.*/)?(production|prod|staging|stg)/[^/]+\.(go|js|ts|py|rb|java|kt|php|rs|cs)$|(^|/)Dockerfile[._-](production|prod|staging|stg)$`)

// settingsCode is code that only holds settings: frameworks load it by name.
var settingsCode = regexp.MustCompile(`(?i)(^|/)(config|settings|environments?|infra|terraform|cdk|deploy|ecs|scripts?)/`)

func rls02Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	for _, f := range src.Files {
		if perEnvironment.MatchString(f.Path) && !settingsCode.MatchString(f.Path) && !code.Aside(f.Path) {
			out = append(out, review.Failed(src.Place(f.Path, 1), "%s is one environment's own", "%s は一つの環境専用", f.Path))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "no code file carries an environment's name", "環境名の付いたコードファイルはない"))
	}
	return out
}
