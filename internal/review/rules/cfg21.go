package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg21 = review.Rule{
	ID:       "CFG-21",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.Medium,
	Sources:  []string{"S0:6"},
	Title: review.Text{
		EN: "The debug flag is off",
		JA: "デバッグフラグを無効にする",
	},
	Why: review.Text{
		EN: "Debug modes of web frameworks show source, settings and sometimes a console to whoever causes an error.",
		JA: "Web フレームワークのデバッグモードは、エラーを起こした人にソースや設定、ときにはコンソールまで見せます。",
	},
	Todo: review.Text{
		EN: "Take the variable out of the production definition, or set it to false.",
		JA: "本番の定義からこの変数を除くか、false にしてください。",
	},
	Checks: []review.Check{{
		Needs: []review.Part{review.PartTaskDef},
		Run: func(s *review.Subject) (out []review.Outcome) {
			td := s.TaskDef.Value
			for i, c := range td.ContainerDefinitions {
				for j, e := range c.Environment {
					if debugName.MatchString(str(e.Name)) && debugOn.MatchString(str(e.Value)) {
						out = append(out, review.Failed(td.At("containerDefinitions", i, "environment", j, "value"), "container %s: %s is %s", "コンテナ %s: %s が %s", str(c.Name), str(e.Name), str(e.Value)))
					}
				}
			}
			if len(out) == 0 {
				out = append(out, review.Passed(td.At("containerDefinitions"), "no debug flag is on in environment", "environment に有効なデバッグフラグはない"))
			}
			return out
		},
	}},
}

// A debug log level is no debug mode; DEBUG=express:* is a log filter.
var (
	debugName = regexp.MustCompile(`(?i)^((app|flask|django|rails|wp)_)?debug(_mode)?$`)
	debugOn   = regexp.MustCompile(`(?i)^(1|true|yes|on)$`)
)
