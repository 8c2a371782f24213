package rules

import "github.com/hatoba/hatoba/internal/review"

var log04 = review.Rule{
	ID:       "LOG-04",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Logs, review.Disposability},
	Severity: review.Medium,
	Sources:  []string{"S1:67"},
	Title: review.Text{
		EN: "The last lines before a stop reach the log store",
		JA: "停止直前のログがログストアに届く",
	},
	Why: review.Text{
		EN: "The lines that explain an end are the last ones. A buffer that is not flushed loses exactly those.",
		JA: "終わった理由が書かれるのは最後の数行です。フラッシュされないバッファーは、まさにその行を失います。",
	},
	Todo: review.Text{
		EN: "Write lines unbuffered, say when a stop begins and when all is done, and set the awslogs driver to blocking where every line counts.",
		JA: "ログはバッファーせずに書き、停止の開始と完了を記録してください。1 行も失えないなら awslogs をブロッキングモードにしてください。",
	},
	Checks: []review.Check{drilled("LOG-04", "DR02")},
}
