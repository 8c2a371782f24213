package rules

import "github.com/hatoba/hatoba/internal/review"

var dsp08 = review.Rule{
	ID:       "DSP-08",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability, review.Concurrency},
	Severity: review.Medium,
	Sources:  []string{"S1:81"},
	Title: review.Text{
		EN: "A task may die at any time: the service is soon whole again",
		JA: "タスクがいつ落ちても、サービスはすぐ元の数に戻る",
	},
	Why: review.Text{
		EN: "Hosts fail and processes crash. A service that is slow to come back, or has a single task, turns that into an outage.",
		JA: "ホストは壊れ、プロセスは落ちます。復帰が遅い、あるいはタスクが 1 つだけのサービスでは、それがそのまま停止になります。",
	},
	Todo: review.Text{
		EN: "Run at least two tasks, start fast, and let the health check tell when a task can serve.",
		JA: "タスクを 2 つ以上動かし、起動を速くし、処理できる状態をヘルスチェックで示してください。",
	},
	Checks: []review.Check{drilled("DSP-08", "DR03")},
}
