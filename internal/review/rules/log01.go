package rules

import (
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var log01 = review.Rule{
	ID:       "LOG-01",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Medium,
	Sources:  []string{"S1:67", "S1:68"},
	Title: review.Text{
		EN: `Logs go to stdout and stderr`,
		JA: `ログは標準出力・標準エラー出力に流す`,
	},
	Why: review.Text{
		EN: `A log file inside the container is lost with it, and fills its disk until then.`,
		JA: `コンテナ内のログファイルはコンテナとともに失われ、それまではディスクを圧迫します。`,
	},
	Todo: review.Text{
		EN: `Write to stdout and let the log driver carry it.`,
		JA: `標準出力に書き、転送はログドライバーに任せてください。`,
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartSource}, Run: log01Source}},
}

var logFile = regexp.MustCompile(`transports\.File\(|\bDailyRotateFile\(|\b(?:Timed)?RotatingFileHandler\(|logging\.FileHandler\(|logging\.basicConfig\([^)]*filename\s*=|lumberjack\.Logger\{|tracing_appender::rolling::(?:daily|hourly|minutely|never)\(|WriteTo\.File\(|\bLogger\.new\(\s*['"][^'"]+\.log`)

func log01Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	files := code.Files(src)
	for _, f := range files {
		for i, line := range f.Lines {
			if what := logFile.FindString(line); what != "" && !strings.Contains(line, "/dev/std") && !strings.Contains(line, "/proc/") {
				out = append(out, review.Failed(src.Place(f.Path, i+1), "a log goes to a file: %s", "ログをファイルに書いている: %s", strings.TrimRight(what, "({")))
			}
		}
	}
	if len(out) == 0 && len(files) == 0 {
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root}, review.Say("point at the folder that holds the code", "コードのあるフォルダを指定してください"), "no code in a language that is known", "判別できる言語のコードがない")}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "%d code files, none sets up a log file", "コード %d ファイルにログファイルの設定はない", len(files)))
	}
	return out
}
