package rules

import (
	"path"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var img32 = review.Rule{
	ID:       "IMG-32",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Medium,
	Sources:  []string{"S1:65"},
	Title: review.Text{
		EN: `Library versions are locked, and the build uses the lock`,
		JA: `ライブラリのバージョンを固定し、ビルドで lock ファイルを使う`,
	},
	Why: review.Text{
		EN: `Without a lock two builds of the same commit hold different libraries: what was tested is not what runs.`,
		JA: `lock がないと、同じコミットでもビルドごとにライブラリが変わり、テストしたものと動くものが違ってきます。`,
	},
	Todo: review.Text{
		EN: `Commit the lock file and install with npm ci, yarn install --immutable or their like.`,
		JA: `lock ファイルをコミットし、npm ci や yarn install --immutable などでインストールしてください。`,
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartSource}, Run: img32Source}},
}

// locked names what needs a lock: a manifest that has dependencies.
var locked = map[string]struct {
	depends *regexp.Regexp
	locks   []string
}{
	"package.json":  {regexp.MustCompile(`"(dev)?[dD]ependencies"\s*:\s*\{\s*"`), []string{"package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"}},
	"go.mod":        {regexp.MustCompile(`(?m)^require\b`), []string{"go.sum"}},
	"Gemfile":       {regexp.MustCompile(`(?m)^\s*gem\b`), []string{"Gemfile.lock"}},
	"Cargo.toml":    {regexp.MustCompile(`(?m)^\[dependencies`), []string{"Cargo.lock"}},
	"composer.json": {regexp.MustCompile(`"require"`), []string{"composer.lock"}},
	"Pipfile":       {regexp.MustCompile(`(?m)^\[packages\]`), []string{"Pipfile.lock"}},
}

var (
	npmInstall  = regexp.MustCompile(`\bnpm (?:install|i)\s*(?:(?:--(?:omit|only|production|no-audit|no-fund|include|quiet|silent)\S*)\s*)*(?:$|&&|;|\\)`)
	yarnInstall = regexp.MustCompile(`\byarn(?: install)?\s*(?:--(?:production|non-interactive|silent)\S*\s*)*(?:$|&&|;)`)
	dockerRun   = regexp.MustCompile(`(?i)^\s*(#|ENTRYPOINT|CMD)`)
)

func img32Source(s *review.Subject) (out []review.Outcome) {
	src := s.Source.Value
	for _, f := range src.Files {
		if code.Aside(f.Path) {
			continue
		}
		if path.Base(f.Path) == "requirements.txt" {
			out = append(out, img32Pins(src, f)...)
		}
		if path.Base(f.Path) == "Dockerfile" {
			out = append(out, img32Install(src, f)...)
		}
		want, ok := locked[path.Base(f.Path)]
		if !ok || !want.depends.MatchString(f.Text) {
			continue
		}
		if lock := lockOf(src, path.Dir(f.Path), want.locks); lock != "" {
			out = append(out, review.Passed(src.Place(f.Path, 0), "locked by %s", "%s で固定", lock))
		} else {
			out = append(out, review.Failed(src.Place(f.Path, 0), "no lock file: none of %v", "lock ファイルがない: %v のいずれもない", want.locks))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: src.Root}, "no manifest with dependencies that wants a lock", "lock を要する依存定義はない"))
	}
	return out
}

// lockOf looks in the manifest's folder and above it: workspaces have one lock.
func lockOf(src *review.Source, dir string, names []string) string {
	for {
		for _, name := range names {
			if f := src.Find(path.Join(dir, name)); f != nil {
				return f.Path
			}
		}
		if dir == "." || dir == "/" {
			return ""
		}
		dir = path.Dir(dir)
	}
}

func img32Install(src *review.Source, f review.SourceFile) (out []review.Outcome) {
	for i, line := range splitLines(f.Text) {
		if dockerRun.MatchString(line) {
			continue
		}
		if npmInstall.MatchString(line) {
			out = append(out, review.Failed(src.Place(f.Path, i+1), "npm install may change the lock: npm ci does not", "npm install は lock を書き換えうる(npm ci は書き換えない)"))
		}
		if yarnInstall.MatchString(line) {
			out = append(out, review.Failed(src.Place(f.Path, i+1), "yarn install without --immutable or --frozen-lockfile", "yarn install に --immutable も --frozen-lockfile もない"))
		}
	}
	return out
}

// unpinned is a line of requirements.txt that leaves the version open.
var unpinned = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(\[[^\]]*\])?\s*(;.*|[<>~!].*)?$`)

func img32Pins(src *review.Source, f review.SourceFile) (out []review.Outcome) {
	for i, line := range splitLines(f.Text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		if line != "" && !strings.Contains(line, "==") && unpinned.MatchString(line) {
			out = append(out, review.Failed(src.Place(f.Path, i+1), "%s has no exact version", "%s のバージョンが固定されていない", line))
		}
	}
	return out
}
