package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img32 = review.Rule{
	ID:       "IMG-32",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Medium,
	Sources:  []string{"S1:65"},
	Title: review.Text{
		EN: "Libraries are locked, and the build uses the lock",
		JA: "ライブラリのバージョンを固定し、ビルドでその固定を使う",
	},
	Why: review.Text{
		EN: "Without a lock the image of today and of tomorrow differ, with the same source.",
		JA: "固定しないと、同じソースでも今日と明日でイメージの中身が変わります。",
	},
	Todo: review.Text{
		EN: "Commit the lock file and build with npm ci, pip install -r with pinned versions, bundle install --frozen, and so on.",
		JA: "ロックファイルをコミットし、npm ci や、バージョンを固定した pip install -r などでビルドしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: img32Source},
		{Needs: []review.Part{review.PartSource, review.PartDockerfile}, Run: img32Both},
	},
}

// lockedBy and the locks that go with them; one of them is enough.
var lockedBy = []struct {
	file  string
	locks []string
}{
	{"package.json", []string{"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lockb", "bun.lock"}},
	{"go.mod", []string{"go.sum"}},
	{"Gemfile", []string{"Gemfile.lock"}},
	{"Cargo.toml", []string{"Cargo.lock"}},
	{"composer.json", []string{"composer.lock"}},
	{"Pipfile", []string{"Pipfile.lock"}},
	{"pyproject.toml", []string{"poetry.lock", "uv.lock", "pdm.lock", "requirements.txt", "requirements.lock"}},
}

var unpinned = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(\[[^\]]*\])?\s*(;.*|[<>~!].*)?$`)

func img32Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	for _, m := range lockedBy {
		f := src.Find(m.file)
		if f == nil || m.file == "go.mod" && !strings.Contains(f.Text, "require") {
			continue
		}
		lock := ""
		for _, name := range m.locks {
			if src.Find(name) != nil {
				lock = name
			}
		}
		if lock == "" {
			out = append(out, review.Failed(src.Place(m.file, 1), "%s has no lock beside it", "%s にロックファイルがない", m.file))
		} else {
			out = append(out, review.Passed(src.Place(lock, 1), "%s is locked by %s", "%s は %s で固定されている", m.file, lock))
		}
	}
	if f := src.Find("requirements.txt"); f != nil {
		for i, line := range strings.Split(f.Text, "\n") {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
			if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "-") && !strings.Contains(line, "==") && unpinned.MatchString(line) {
				out = append(out, review.Failed(src.Place("requirements.txt", i+1), "%s has no exact version", "%s のバージョンが固定されていない", line))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "no manifest of libraries stands at the top of the folder", "フォルダー直下にライブラリの一覧ファイルはない"))
	}
	return out
}

// img32Both finds installs that pass the lock by.
func img32Both(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	allRuns(d, func(_ int, run *instructions.RunCommand, calls []call) {
		for _, c := range calls {
			words := []string(c)
			if len(words) >= 2 && words[0] == "npm" && (words[1] == "install" || words[1] == "i") && !globally(words) && s.Source.Value.Find("package-lock.json") != nil && !namesPackages(words[2:]) {
				out = append(out, review.Failed(d.At(run.Location()), "npm install may change what the lock says: npm ci does not", "npm install はロックと異なる版を入れうる。npm ci なら変わらない"))
			}
		}
	})
	if len(out) == 0 {
		out = append(out, review.Passed(d.At(d.Final().Location), "no step of the build passes a lock by", "ロックを無視するビルド手順はない"))
	}
	return out
}

func globally(words []string) bool {
	return slices.Contains(words, "-g") || slices.Contains(words, "--global")
}

// namesPackages reports whether packages are named: a tool, not the lock's content.
func namesPackages(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return !strings.HasPrefix(w, "-") })
}
