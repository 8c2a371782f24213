package rules

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img14 = review.Rule{
	ID:       "IMG-14",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Low,
	Sources:  []string{"S0:16", "S0:20"},
	Title: review.Text{
		EN: ".dockerignore keeps history, dependencies and secrets out of the build",
		JA: ".dockerignore で履歴、依存物、秘密情報をビルドから除く",
	},
	Why: review.Text{
		EN: "COPY . . takes the whole folder: .git with its history, .env with its values, node_modules of another platform.",
		JA: "COPY . . はフォルダーを丸ごと取り込みます。履歴の入った .git、値の入った .env、別環境の node_modules も含まれます。",
	},
	Todo: review.Text{
		EN: "Write .dockerignore beside the Dockerfile with .git, .env* and the folders that the build makes.",
		JA: "Dockerfile と同じ場所の .dockerignore に、.git、.env*、ビルドで作るフォルダーを書いてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource, review.PartDockerfile}, Run: img14Both},
	},
}

func img14Both(s *review.Subject) (out []review.Outcome) {
	src, d := s.Source.Value, s.Dockerfile.Value
	at, whole := d.At(d.Final().Location), false
	for _, stage := range d.Stages {
		for _, command := range stage.Commands {
			if c, ok := command.(*instructions.CopyCommand); ok && c.From == "" {
				for _, path := range c.SourcePaths {
					if path == "." || path == "./" || path == "*" || path == "/" {
						at, whole = d.At(c.Location()), true
					}
				}
			}
		}
	}
	if !whole {
		return []review.Outcome{review.Passed(at, "only named files are copied", "コピーするのは名前を挙げたファイルだけ")}
	}
	ignore := src.Find(".dockerignore")
	if ignore == nil {
		return []review.Outcome{review.Failed(at, "the whole folder is copied, and there is no .dockerignore", "フォルダー全体をコピーするが、.dockerignore がない")}
	}
	has := func(name string) bool {
		for _, line := range strings.Split(ignore.Text, "\n") {
			line = strings.Trim(strings.TrimPrefix(strings.TrimSpace(line), "**/"), "/")
			if line == name || line == name+"*" || line == "*" || strings.HasPrefix(line, name+"*") {
				return true
			}
		}
		return false
	}
	for _, name := range []string{".git", ".env"} {
		if !has(name) {
			out = append(out, review.Failed(src.Place(".dockerignore", 1), "%s is not kept out", "%s が除外されていない", name))
		}
	}
	if src.Find("package.json") != nil && !has("node_modules") {
		out = append(out, review.Failed(src.Place(".dockerignore", 1), "node_modules is not kept out", "node_modules が除外されていない"))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(src.Place(".dockerignore", 1), "history, variables and dependencies are kept out", "履歴、環境変数、依存物は除外されている"))
	}
	return out
}
