package rules

import (
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

// step finds the first line of the pipelines that an expression matches.
func step(src *review.Source, re *regexp.Regexp) (at review.Place, line string, ok bool) {
	for _, f := range code.Pipelines(src) {
		for i, line := range splitLines(f.Text) {
			if re.MatchString(line) {
				return src.Place(f.Path, i+1), short(strings.TrimSpace(line)), true
			}
		}
	}
	return review.Place{}, "", false
}

// inPipeline looks for a step in the CI files of the source folder. Without
// such files there is nothing to look at: the pipeline may stand elsewhere.
func inPipeline(s *review.Subject, re *regexp.Regexp, missing review.Text) []review.Outcome {
	src := s.Source.Value
	files := code.Pipelines(src)
	if len(files) == 0 {
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root},
			review.Say("point --source at the folder that has the pipeline's files", "--source でパイプラインの定義がある場所を指定してください"),
			"there are no CI files in the source folder", "ソースフォルダーに CI の定義がない")}
	}
	if at, line, ok := step(src, re); ok {
		return []review.Outcome{review.Passed(at, "%s", "%s", line)}
	}
	return []review.Outcome{{Status: review.Fail, Place: src.Place(files[0].Path, 1), Observed: missing}}
}

// short is a line of code as evidence.
func short(line string) string {
	if runes := []rune(line); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return line
}

// noCode is the answer where the folder has none that we can read.
func noCode(src *review.Source) []review.Outcome {
	return []review.Outcome{review.Unexamined(review.Place{File: src.Root},
		review.Say("point --source at the service's code", "--source でサービスのコードを指定してください"),
		"no code that we can read stands there", "読み取れる言語のコードがない")}
}
