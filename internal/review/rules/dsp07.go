package rules

import "github.com/hatoba/hatoba/internal/review"

var dsp07 = review.Rule{
	ID:       "DSP-07",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.High,
	Sources:  []string{"S1:82"},
	Title: review.Text{
		EN: "A kill leaves the data consistent",
		JA: "強制終了されてもデータの整合性が保たれる",
	},
	Why: review.Text{
		EN: "Out of memory, a lost host and a hung process all end as SIGKILL: no code runs at the end, and what was half written stays so.",
		JA: "メモリ不足、ホスト障害、ハングはすべて SIGKILL で終わります。終了処理は動かず、書きかけのものはそのまま残ります。",
	},
	Todo: review.Text{
		EN: "Write in transactions, make jobs repeatable, acknowledge a message after its work; and give the drill a command that checks the data.",
		JA: "書き込みはトランザクションで行い、ジョブは再実行可能にし、メッセージは処理後に確認応答してください。ドリルにはデータを検査するコマンドを指定してください。",
	},
	Checks: []review.Check{drilled("DSP-07", "DR03")},
}
