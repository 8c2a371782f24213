package rules

import (
	"errors"
	"regexp"
	"regexp/syntax"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var log13 = review.Rule{
	ID:       "LOG-13",
	Pillar:   review.Cost,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Medium,
	Sources:  []string{"S0:31"},
	Title: review.Text{
		EN: "Patterns in log options compile and do not match every line",
		JA: "ログオプションの正規表現が正しく、全行に一致しない",
	},
	Why: review.Text{
		EN: "A broken pattern stops the router; an exclude-pattern that matches everything drops the whole log, in silence.",
		JA: "壊れた正規表現はルーターを止め、全行に一致する exclude-pattern はログを黙って全て捨てます。",
	},
	Todo: review.Text{
		EN: "Mend the pattern and try it on lines of the log.",
		JA: "正規表現を直し、実際のログの行で試してください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: log13Patterns}},
}

func log13Patterns(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		if c.LogConfiguration == nil {
			continue
		}
		for _, name := range []string{"include-pattern", "exclude-pattern", "awslogs-multiline-pattern"} {
			pattern, ok := c.LogConfiguration.Options[name]
			if !ok || logsTo(c, types.LogDriverAwslogs) != (name == "awslogs-multiline-pattern") {
				continue
			}
			out = append(out, log13Pattern(td.At("containerDefinitions", i, "logConfiguration", "options", name), str(c.Name), name, pattern))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no log option is a pattern", "正規表現のログオプションはない"))
	}
	return out
}

// log13Pattern tries one pattern. The awslogs driver compiles with Go's own
// package; a router's dialect knows more, so what Go alone does not know is not
// held against it.
func log13Pattern(at review.Place, container, name, pattern string) review.Outcome {
	re, err := regexp.Compile(pattern)
	var broken *syntax.Error
	if err != nil && name != "awslogs-multiline-pattern" && errors.As(err, &broken) {
		switch broken.Code {
		case syntax.ErrInvalidPerlOp, syntax.ErrInvalidEscape, syntax.ErrInvalidRepeatOp, syntax.ErrInvalidNamedCapture, syntax.ErrInvalidCharRange, syntax.ErrInvalidRepeatSize:
			return review.Unexamined(at, review.Say("try it with the router itself on lines of the log", "ルーター自身で、実際のログの行に対して試してください"),
				"container %s: %s uses what only the router's dialect may know: %s", "コンテナ %s: %s はルーター独自の構文を使っている可能性がある: %s", container, name, broken.Expr)
		}
	}
	switch {
	case err != nil:
		return review.Failed(at, "container %s: %s does not compile: %v", "コンテナ %s: %s が正規表現として不正: %v", container, name, err)
	case name == "exclude-pattern" && re.MatchString("") && re.MatchString(`{"level":"error"}`):
		return review.Failed(at, "container %s: exclude-pattern %q matches every line, so none is kept", "コンテナ %s: exclude-pattern %q が全行に一致し、何も残らない", container, pattern)
	case name == "include-pattern" && re.MatchString("") && !re.MatchString(`{"level":"error"}`):
		return review.Failed(at, "container %s: include-pattern %q keeps only empty lines", "コンテナ %s: include-pattern %q は空行しか残さない", container, pattern)
	}
	return review.Passed(at, "container %s: %s %q compiles", "コンテナ %s: %s %q は正しい正規表現", container, name, pattern)
}
