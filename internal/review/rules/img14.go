package rules

import (
	"path"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var img14 = review.Rule{
	ID:       "IMG-14",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Low,
	Sources:  []string{"S0:16", "S0:20"},
	Title: review.Text{
		EN: `A .dockerignore keeps version control, dependencies and secrets out of the build`,
		JA: `.dockerignore でバージョン管理データ・依存物・秘密情報をビルドから除く`,
	},
	Why: review.Text{
		EN: `COPY . takes everything: the history with every secret it ever had, local settings, packages built for another machine.`,
		JA: `COPY . はすべてを取り込みます。過去の秘密情報を含む履歴、手元の設定、別環境向けの依存物も入ります。`,
	},
	Todo: review.Text{
		EN: `Write a .dockerignore beside the Dockerfile with at least .git and .env, and the folder of installed packages.`,
		JA: `Dockerfile の隣に .dockerignore を置き、少なくとも .git、.env、インストール済みパッケージのフォルダを書いてください。`,
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartSource}, Run: img14Source}},
}

var copiesAll = regexp.MustCompile(`(?mi)^[ \t]*(COPY|ADD)[ \t]+(--(chown|chmod|link)\S*[ \t]+)*\./?[ \t]`)

func img14Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	for _, f := range src.Files {
		if path.Base(f.Path) != "Dockerfile" || code.Aside(f.Path) || !copiesAll.MatchString(f.Text) {
			continue
		}
		// The context is the Dockerfile's folder or the source folder itself.
		ignore := src.Find(f.Path + ".dockerignore")
		for _, name := range []string{path.Join(path.Dir(f.Path), ".dockerignore"), ".dockerignore"} {
			if ignore == nil {
				ignore = src.Find(name)
			}
		}
		if ignore == nil {
			out = append(out, review.Failed(src.Place(f.Path, 0), "it copies its whole context, and there is no .dockerignore", "コンテキスト全体をコピーするが、.dockerignore がない"))
			continue
		}
		want := []string{".git"}
		if src.Find(path.Join(path.Dir(f.Path), "package.json")) != nil {
			want = append(want, "node_modules")
		}
		if src.Find(path.Join(path.Dir(f.Path), ".env")) != nil {
			want = append(want, ".env")
		}
		var missing []string
		for _, name := range want {
			if !ignores(ignore.Text, name) {
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			out = append(out, review.Failed(src.Place(ignore.Path, 0), "it leaves in: %s", "除かれていない: %s", strings.Join(missing, ", ")))
		} else {
			out = append(out, review.Passed(src.Place(ignore.Path, 0), "it keeps out: %s", "除かれている: %s", strings.Join(want, ", ")))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "no Dockerfile here copies its whole context", "コンテキスト全体をコピーする Dockerfile はない"))
	}
	return out
}

func ignores(text, name string) bool {
	out := false
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		again := strings.HasPrefix(line, "!")
		line = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(line, "!"), "/"), "**/")
		line = strings.TrimSuffix(strings.TrimSuffix(line, "/**"), "/")
		if ok, _ := path.Match(line, name); ok || line == "**" {
			out = !again
		}
	}
	return out
}
