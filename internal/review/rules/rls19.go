package rules

import "github.com/hatoba/hatoba/internal/review"

var rls19 = review.Rule{
	ID:       "RLS-19",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Low,
	Sources:  []string{"S0:36", "S0:37"},
	Title: review.Text{
		EN: "Deployments are recorded with their version and time, to be joined with errors",
		JA: "デプロイが版と時刻とともに記録され、エラー率と突き合わせられる",
	},
	Why: review.Text{
		EN: "The first question of an incident is what changed and when. A tag that was moved does not answer it.",
		JA: "障害時に最初に問われるのは、何がいつ変わったかです。付け替えられるタグでは答えになりません。",
	},
	Todo: review.Text{
		EN: "Deploy through ECS with versionConsistency on, so that the record of a deployment names image digests; deploy by digest or by tags that never move.",
		JA: "versionConsistency を有効にして ECS でデプロイし、記録にイメージダイジェストが残るようにしてください。ダイジェストか、付け替えないタグを使ってください。",
	},
	Checks: []review.Check{drilled("RLS-19", "DR05")},
}
