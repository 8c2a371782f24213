package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var log01 = review.Rule{
	ID:       "LOG-01",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Medium,
	Sources:  []string{"S1:67", "S1:68", "S2-Log"},
	Title: review.Text{
		EN: "The log goes to stdout and stderr",
		JA: "ログは標準出力と標準エラーに書く",
	},
	Why: review.Text{
		EN: "A log file fills the task's disk, is rotated by nobody, and is gone with the task.",
		JA: "ログファイルはタスクのディスクを埋め、ローテートもされず、タスクとともに消えます。",
	},
	Todo: review.Text{
		EN: "Write to stdout and let the log driver carry it. What can only write files gets a shared volume and a log sidecar.",
		JA: "標準出力に書き、転送はログドライバーに任せてください。ファイルにしか書けないものには、共有ボリュームとログ用サイドカーを使います。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: log01Source},
	},
}

var logFile = regexp.MustCompile(`(?i)lumberjack\.Logger|logging\.(FileHandler|handlers\.\w*RotatingFileHandler)|RotatingFileHandler\(|TimedRotatingFileHandler\(|transports\.(File|DailyRotateFile)|DailyRotateFile\(|Logger\.new\(\s*["'](log/|/var/log)|RollingFileAppender|<file>[^<]*\.log|(open|OpenFile|createWriteStream|File\.open|fopen)\(\s*["'][^"']*\.log["']|pino\.destination\(\s*["']/`)

func log01Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	if code.Main(src) == "" {
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root}, review.Say("point --source at the service's code", "--source でサービスのコードを指定してください"), "no code that we can read stands there", "読み取れる言語のコードがない")}
	}
	for _, m := range code.Find(src, logFile) {
		out = append(out, review.Failed(src.Place(m.Path, m.Line), "a log file: %s", "ログファイル: %s", short(m.Text)))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "%d code files, none opens a log file", "コード %d ファイルに、ログファイルを開くものはない", len(code.Files(src))))
	}
	return out
}
