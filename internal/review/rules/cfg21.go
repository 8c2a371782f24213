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
		EN: "Debug flags are off",
		JA: "デバッグフラグは無効",
	},
	Why: review.Text{
		EN: "Debug modes show stack traces, settings and sometimes a console to whoever causes an error.",
		JA: "デバッグモードは、エラーを起こした相手にスタックトレースや設定、ときにはコンソールまで見せます。",
	},
	Todo: review.Text{
		EN: "Remove the flag from the definition that goes to production, or set it to false.",
		JA: "本番に出す定義からフラグを外すか、false にしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: cfg21TaskDef},
	},
}

var (
	debugName = regexp.MustCompile(`(?i)^(.*_)?debug(_mode|_enabled)?$|^FLASK_DEBUG$|^WERKZEUG_DEBUG_PIN$`)
	debugOn   = regexp.MustCompile(`(?i)^(1|true|yes|on|\*)$`)
)

func cfg21TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		for j, e := range c.Environment {
			name, value := str(e.Name), str(e.Value)
			level := regexpLevel.MatchString(name) && (value == "trace" || value == "TRACE")
			if debugName.MatchString(name) && debugOn.MatchString(value) || level {
				out = append(out, review.Failed(td.At("containerDefinitions", i, "environment", j, "value"), "container %s: %s is %s", "コンテナ %s: %s が %s", str(c.Name), name, value))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no debug flag is on", "有効なデバッグフラグはない"))
	}
	return out
}

var regexpLevel = regexp.MustCompile(`(?i)^(.*_)?log_?level$`)
