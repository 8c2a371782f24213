package rules

import "github.com/hatoba/hatoba/internal/review"

var log02 = review.Rule{
	ID:       "LOG-02",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Medium,
	Sources:  []string{"S1:66", "S1:67"},
	Title: review.Text{
		EN: "No log file grows inside the container",
		JA: "コンテナ内でログファイルが増え続けない",
	},
	Why: review.Text{
		EN: "Nobody reads a log in a container, it goes with the task, and it fills the task's disk until something fails.",
		JA: "コンテナ内のログは誰にも読まれず、タスクとともに消え、ディスクを埋めていずれ障害になります。",
	},
	Todo: review.Text{
		EN: "Write the log to stdout and stderr.",
		JA: "ログは標準出力と標準エラーに書いてください。",
	},
	Checks: []review.Check{drilled("LOG-02", "DR11")},
}
