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
		EN: `No code branches on the name of the environment`,
		JA: `環境名による分岐をコードに書かない`,
	},
	Why: review.Text{
		EN: `What runs only in production was never tested anywhere else.`,
		JA: `本番でしか通らないコードは、ほかの環境で一度も試されていません。`,
	},
	Todo: review.Text{
		EN: `Give the difference a variable of its own (a flag, a URL, a limit) and set it per environment.`,
		JA: `違いそのもの(フラグ、URL、上限など)を変数にし、環境ごとに値を設定してください。`,
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartSource}, Run: cfg20Source}},
}

// branch compares the environment's name. NODE_ENV, RAILS_ENV and their like
// are left out: they are a runtime's mode, production in staging too.
var branch = regexp.MustCompile(`(?i)\b(app_?env|app_?environment|environment|env_?name|environment_?name|deploy_?env|stage_?name)\b["'\])]*\s*(?:===?|!==?)\s*["'](prod|production|staging|stg|development|dev)["']`)

func cfg20Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	files := code.Files(src)
	for _, h := range code.Grep(files, branch) {
		out = append(out, review.Failed(src.Place(h.Path, h.Line), "%s is compared with %s", "%s を %s と比べている", h.Text[1], h.Text[2]))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "%d code files, none compares an environment's name", "コード %d ファイルに環境名の比較はない", len(files)))
	}
	return out
}
