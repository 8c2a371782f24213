package rules

import "github.com/hatoba/hatoba/internal/review"

var dsp03 = review.Rule{
	ID:       "DSP-03",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.High,
	Sources:  []string{"S1:81"},
	Title: review.Text{
		EN: "Work in flight is finished before the process ends",
		JA: "処理中の仕事を終えてからプロセスが終了する",
	},
	Why: review.Text{
		EN: "Every deployment, scale-in and host change stops tasks. A request that is dropped then is an error a user sees, or a write that is half done.",
		JA: "デプロイ、スケールイン、ホストの入れ替えのたびにタスクは止まります。そこで落とした要求は利用者のエラーや、途中までの書き込みになります。",
	},
	Todo: review.Text{
		EN: "On SIGTERM stop taking new work, finish what has begun, then exit; keep stopTimeout longer than the longest request.",
		JA: "SIGTERM を受けたら新規の受付を止め、始めた処理を終えてから終了してください。stopTimeout は最長の処理時間より長くしてください。",
	},
	Checks: []review.Check{drilled("DSP-03", "DR01")},
}
