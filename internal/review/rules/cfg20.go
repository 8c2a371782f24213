package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var cfg20 = review.Rule{
	ID:       "CFG-20",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Parity},
	Severity: review.Medium,
	Sources:  []string{"S1:62"},
	Title: review.Text{
		EN: "The code does not branch on the name of its environment",
		JA: "コードは環境名で分岐しない",
	},
	Why: review.Text{
		EN: "A branch that only production takes has never run before it runs there.",
		JA: "本番だけで通る分岐は、本番で初めて実行されることになります。",
	},
	Todo: review.Text{
		EN: "Give the difference its own variable (a host, a flag, a size) and let each environment set it.",
		JA: "違いそのもの(ホスト名、フラグ、サイズ)を変数にし、環境ごとに値を設定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: cfg20Source},
	},
}

var environmentBranch = regexp.MustCompile(`(?i)\b(if|when|case|switch|unless|elif|else if)\b.*\b(env|environment|stage|node_env|app_env|rails\.env|go_env)\b["')\]]*\s*(===?|!==?|eq|\.equals\()\s*["'](production|prod|staging|stg|development|dev)["']|Rails\.env\.(production|staging)\?`)

func cfg20Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	if code.Main(src) == "" {
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root}, review.Say("point --source at the service's code", "--source でサービスのコードを指定してください"), "no code that we can read stands there", "読み取れる言語のコードがない")}
	}
	for _, m := range code.Find(src, environmentBranch) {
		out = append(out, review.Failed(src.Place(m.Path, m.Line), "a branch on the environment's name: %s", "環境名による分岐: %s", short(m.Text)))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "%d code files, none branches on the environment's name", "コード %d ファイルに、環境名による分岐はない", len(code.Files(src))))
	}
	return out
}

// short is a line of code as evidence.
func short(line string) string {
	if runes := []rune(line); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return line
}
