package rules

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img15 = review.Rule{
	ID:       "IMG-15",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Low,
	Sources:  []string{"S0:20"},
	Title: review.Text{
		EN: "What changes often comes last in the Dockerfile",
		JA: "頻繁に変わるものほど Dockerfile の後ろに書く",
	},
	Why: review.Text{
		EN: "After the first line whose input changed the build cache is lost: with the source copied first, each commit installs every dependency again.",
		JA: "入力が変わった行より後ろはキャッシュが使えません。ソースを先にコピーすると、コミットのたびに依存をすべて入れ直します。",
	},
	Todo: review.Text{
		EN: "COPY the lock file first, install, and COPY the rest of the source after that.",
		JA: "先にロックファイルだけを COPY してインストールし、残りのソースはその後で COPY してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img15Dockerfile},
	},
}

// dependencySteps install what a lock file names: they do not need the source.
var dependencySteps = []string{"npm ci", "npm install", "npm i", "pnpm install", "pnpm i", "yarn install", "pip install", "pip3 install", "bundle install",
	"composer install", "go mod", "poetry install", "uv sync", "cargo fetch", "pipenv install", "pipenv sync"}

func img15Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	for _, stage := range d.Stages {
		source := 0 // the line that copies the whole folder
		for _, command := range stage.Commands {
			switch c := command.(type) {
			case *instructions.CopyCommand:
				if c.From == "" && (slices.Contains(c.SourcePaths, ".") || slices.Contains(c.SourcePaths, "./")) {
					source = d.At(c.Location()).Line
				}
			case *instructions.RunCommand:
				if what := dependencyStep(runCalls(c)); source > 0 && what != "" && !hasCache(c) {
					out = append(out, review.Failed(d.At(c.Location()), "%s runs anew for every change of the source, which line %d copies", "ソースを変えるたびに %s が走り直す(ソースのコピーは %d 行目)", what, source))
				}
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "no dependencies are installed behind the copy of the whole source", "ソース全体のコピーの後に依存を入れる手順はない"))
	}
	return out
}

func dependencyStep(calls []call) string {
	for _, c := range calls {
		if managers[c.name()] != "" {
			for _, p := range packageCalls([]call{c}) {
				if p.installs() {
					return c.name() + " " + p.verb
				}
			}
			continue
		}
		if len(c) > 3 && strings.HasPrefix(c.name(), "python") && c[1] == "-m" {
			c = c[2:]
		}
		rest := slices.DeleteFunc(slices.Clone(c[1:]), func(w string) bool { return strings.HasPrefix(w, "-") })
		switch {
		case c.name() == "yarn" && len(rest) == 0:
			return "yarn"
		case len(rest) == 0 || !slices.Contains(dependencySteps, c.name()+" "+rest[0]):
		case strings.HasPrefix(c.name(), "pip") && !c.has("-r", "--requirement"), c.name() == "go" && !c.has("download"), c.has("-e", "--editable", "."): // needs the source
		default:
			return c.name() + " " + strings.Replace(rest[0], "mod", "mod download", 1)
		}
	}
	return ""
}

// hasCache reports whether a RUN keeps what it downloaded across builds.
func hasCache(run *instructions.RunCommand) bool {
	return slices.ContainsFunc(mountsOf(run), func(m mount) bool { return m.kind == "cache" })
}
