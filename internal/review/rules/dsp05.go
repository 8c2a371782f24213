package rules

import "github.com/hatoba/hatoba/internal/review"

var dsp05 = review.Rule{
	ID:       "DSP-05",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.High,
	Sources:  []string{"S1:81"},
	Title: review.Text{
		EN: "A rolling replacement loses no request",
		JA: "ローリング更新でリクエストを失わない",
	},
	Why: review.Text{
		EN: "If a deployment costs requests, people deploy seldom, at night and in large pieces.",
		JA: "デプロイのたびにリクエストが失われると、デプロイは夜間にまとめて行う大きなものになっていきます。",
	},
	Todo: review.Text{
		EN: "Answer the health check only when the task can serve; on SIGTERM finish what has begun; set the deregistration delay to the longest request.",
		JA: "処理できる状態になってからヘルスチェックに応答し、SIGTERM では処理中のものを終え、登録解除の遅延は最長のリクエスト時間に合わせてください。",
	},
	Checks: []review.Check{drilled("DSP-05", "DR05")},
}
