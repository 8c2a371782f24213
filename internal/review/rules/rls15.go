package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var rls15 = review.Rule{
	ID:       "RLS-15",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.PortBinding},
	Severity: review.Low,
	Sources:  []string{"S1:60"},
	Title: review.Text{
		EN: "The port is configuration",
		JA: "ポート番号は設定で変えられる",
	},
	Why: review.Text{
		EN: "A port welded into the code cannot be changed where it is taken: on a laptop, beside a sidecar, in a test.",
		JA: "コードに埋め込んだポートは、手元やサイドカーの隣、テスト環境で衝突しても変えられません。",
	},
	Todo: review.Text{
		EN: "Read PORT (or another variable) and keep the number as its default.",
		JA: "PORT などの変数を読み、番号はその既定値にしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: rls15Source},
	},
}

var (
	welded = regexp.MustCompile(`ListenAndServe(TLS)?\(\s*"[^"]*:[0-9]{2,5}"|net\.Listen\("tcp",\s*"[^"]*:[1-9][0-9]{1,4}"|\.listen\(\s*[1-9][0-9]{1,4}\s*[,)]|\.run\([^)]*port\s*=\s*[0-9]{2,5}|HTTPServer\(\(["'][^"']*["'],\s*[0-9]{2,5}\)`)
)

func rls15Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	files := code.Files(src)
	if len(files) == 0 {
		return noCode(src)
	}
	for _, h := range code.Grep(files, welded) {
		out = append(out, review.Failed(src.Place(h.Path, h.Line), "a port in the code: %s", "コードに埋め込まれたポート: %s", short(h.Text[0])))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "no listener with a port of its own was found in the code", "ポートを埋め込んだ待ち受けは見つからない"))
	}
	return out
}
