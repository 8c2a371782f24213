package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var twf04 = review.Rule{
	ID:       "TWF-04",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.BackingServices},
	Severity: review.Medium,
	Sources:  []string{"S1:49"},
	Title: review.Text{
		EN: "Backing services are attached by configuration",
		JA: "バックエンドサービスは設定で接続する",
	},
	Why: review.Text{
		EN: "A database's host in the code makes replacing it, or testing without it, a change of the code.",
		JA: "データベースのホスト名がコードにあると、差し替えやテストのたびにコードの変更が必要になります。",
	},
	Todo: review.Text{
		EN: "Read the host or URL from a variable.",
		JA: "ホスト名や URL は環境変数から読んでください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: twf04Source},
	},
}

var backing = regexp.MustCompile(`["'](?:[a-z0-9+]+://)?[^"'\s/@]*@?([a-z0-9-]+\.)+(rds|cache|es|aoss|docdb|neptune|mq)\.[a-z0-9.-]*amazonaws\.com[^"']*["']|["'](postgres(ql)?|mysql|mongodb(\+srv)?|redis|rediss|amqps?)://[^"'\s{$%]*[a-z0-9-]+\.[a-z0-9.-]+[^"']*["']`)

func twf04Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	files := code.Files(src)
	if len(files) == 0 {
		return noCode(src)
	}
	for _, m := range code.Grep(files, backing) {
		out = append(out, review.Failed(src.Place(m.Path, m.Line), "a backing service is named in the code", "バックエンドサービスの名前がコードにある"))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "no database, cache or queue is named in the code", "データベース、キャッシュ、キューの名前はコードにない"))
	}
	return out
}
