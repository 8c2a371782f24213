package rules

import (
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var log13 = review.Rule{
	ID:       "LOG-13",
	Pillar:   review.Cost,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Medium,
	Sources:  []string{"S0:31"},
	Title: review.Text{
		EN: "Filters of the log router are valid expressions",
		JA: "ログルーターのフィルターは正しい正規表現である",
	},
	Why: review.Text{
		EN: "A pattern that does not compile keeps the router from starting; one that matches everything throws the log away.",
		JA: "コンパイルできないパターンではルーターが起動せず、すべてに一致するパターンはログを捨ててしまいます。",
	},
	Todo: review.Text{
		EN: "Correct include-pattern and exclude-pattern, and try them on real lines.",
		JA: "include-pattern と exclude-pattern を直し、実際のログ行で試してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: log13TaskDef},
	},
}

func log13TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		if c.LogConfiguration == nil {
			continue
		}
		for _, option := range []string{"include-pattern", "exclude-pattern"} {
			pattern, ok := c.LogConfiguration.Options[option]
			if !ok {
				continue
			}
			at := td.At("containerDefinitions", i, "logConfiguration", "options", option)
			re, err := regexp.Compile(pattern)
			switch {
			case err != nil && strings.Contains(pattern, "(?"):
				// The router's Ruby and Onigmo expressions know more than RE2.
				out = append(out, review.Unexamined(at, review.Say("try it with the router itself", "ルーター自体で試してください"), "container %s: %s uses what only the router understands", "コンテナ %s: %s はルーター独自の構文を使う", str(c.Name), option))
			case err != nil:
				out = append(out, review.Failed(at, "container %s: %s does not compile: %v", "コンテナ %s: %s がコンパイルできない: %v", str(c.Name), option, err))
			case option == "exclude-pattern" && re.MatchString(""):
				out = append(out, review.Failed(at, "container %s: %s %q matches every line", "コンテナ %s: %s %q はすべての行に一致する", str(c.Name), option, pattern))
			default:
				out = append(out, review.Passed(at, "container %s: %s %q", "コンテナ %s: %s %q", str(c.Name), option, pattern))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container filters its log", "ログのフィルターはない"))
	}
	return out
}
