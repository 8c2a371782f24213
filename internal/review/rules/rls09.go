package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var rls09 = review.Rule{
	ID:       "RLS-09",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Medium,
	Sources:  []string{"S1:59"},
	Title: review.Text{
		EN: "Staging is verified before production",
		JA: "本番の前にステージングで確認する",
	},
	Why: review.Text{
		EN: "A pipeline that goes straight to production makes the users the first to test.",
		JA: "本番へ直行するパイプラインでは、最初のテスターが利用者になります。",
	},
	Todo: review.Text{
		EN: "Deploy to staging first, check it, and let production wait for that (needs:, a manual approval, an environment gate).",
		JA: "先にステージングへデプロイして確認し、本番はそれを待つようにしてください(needs、手動承認、環境のゲート)。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: rls09Source},
	},
}

var rls09Step = regexp.MustCompile(`(?i)\b(staging|stage|stg|preprod|pre-production|approval|when:\s*manual|manual)\b`)

func rls09Source(s *review.Subject) []review.Outcome {
	src := s.Source.Value
	if _, _, ok := step(src, deploys); !ok && len(code.Pipelines(src)) > 0 {
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root},
			review.Say("review the folder that has the pipeline which deploys", "デプロイするパイプラインのあるフォルダーをレビューしてください"),
			"no pipeline here deploys by a command that is known", "既知のコマンドでデプロイするパイプラインがここにない")}
	}
	return inPipeline(s, rls09Step, review.Say("nothing stands between the build and production", "ビルドと本番の間に何もない"))
}
