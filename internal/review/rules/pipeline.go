package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

// inPipeline looks for a step in the CI files of the source folder. Without
// such files there is nothing to look at: the pipeline may stand elsewhere.
func inPipeline(s *review.Subject, re *regexp.Regexp, missing review.Text) []review.Outcome {
	src := s.Source.Value
	files := code.CI(src)
	if len(files) == 0 {
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root},
			review.Say("point --source at the folder that has the pipeline's files", "--source でパイプラインの定義がある場所を指定してください"),
			"there are no CI files in the source folder", "ソースフォルダーに CI の定義がない")}
	}
	if m, ok := code.InCI(src, re); ok {
		return []review.Outcome{review.Passed(src.Place(m.Path, m.Line), "%s", "%s", short(m.Text))}
	}
	return []review.Outcome{{Status: review.Fail, Place: src.Place(files[0].Path, 1), Observed: missing}}
}
