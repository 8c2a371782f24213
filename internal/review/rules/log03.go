package rules

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var log03 = review.Rule{
	ID:       "LOG-03",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.High,
	Sources:  []string{"S1:68", "S4-Log"},
	Title: review.Text{
		EN: "Every container has a log driver with the options it needs",
		JA: "全コンテナにログドライバーと必要なオプションがある",
	},
	Why: review.Text{
		EN: "What a container without a log driver writes is lost with the task; a driver without its options keeps the task from starting.",
		JA: "ログドライバーのないコンテナの出力はタスクとともに失われ、オプションの足りないドライバーはタスクの起動を妨げます。",
	},
	Todo: review.Text{
		EN: "Give each container a logConfiguration: awslogs with awslogs-group, awslogs-region and awslogs-stream-prefix, or awsfirelens.",
		JA: "各コンテナに logConfiguration を書いてください。awslogs なら awslogs-group、awslogs-region、awslogs-stream-prefix を指定し、または awsfirelens を使います。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: log03Drivers}},
}

func log03Drivers(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		at := td.At("containerDefinitions", i, "logConfiguration")
		l := c.LogConfiguration
		if l == nil || l.LogDriver == "" {
			out = append(out, review.Failed(at, "container %s: no log driver", "コンテナ %s: ログドライバーがない", str(c.Name)))
			continue
		}
		var wrong []review.Outcome
		if onFargate(s) && l.LogDriver != types.LogDriverAwslogs && l.LogDriver != types.LogDriverSplunk && l.LogDriver != types.LogDriverAwsfirelens {
			wrong = append(wrong, review.Failed(at, "container %s: Fargate has no log driver %s", "コンテナ %s: Fargate にログドライバー %s はない", str(c.Name), string(l.LogDriver)))
		}
		for _, name := range missingOptions(l, onFargate(s)) {
			wrong = append(wrong, review.Failed(at, "container %s: %s has no option %s", "コンテナ %s: %s にオプション %s がない", str(c.Name), string(l.LogDriver), name))
		}
		wrong = append(wrong, log03Awslogs(td, i)...)
		if len(wrong) == 0 {
			wrong = append(wrong, review.Passed(at, "container %s: %s with what it needs", "コンテナ %s: %s、必要なオプションあり", str(c.Name), string(l.LogDriver)))
		}
		out = append(out, wrong...)
	}
	return out
}

// missingOptions are options without which a driver does not start.
func missingOptions(l *types.LogConfiguration, fargate bool) (out []string) {
	var needs []string
	switch l.LogDriver {
	case types.LogDriverAwslogs:
		needs = []string{"awslogs-group", "awslogs-region"}
		if fargate {
			needs = append(needs, "awslogs-stream-prefix")
		}
	case types.LogDriverSplunk:
		needs = []string{"splunk-token", "splunk-url"}
	case types.LogDriverGelf:
		needs = []string{"gelf-address"}
	}
	given := map[string]bool{}
	for _, o := range l.SecretOptions {
		given[str(o.Name)] = true
	}
	for _, name := range needs {
		if strings.TrimSpace(l.Options[name]) == "" && !given[name] {
			out = append(out, name)
		}
	}
	return out
}

// log03Awslogs looks at options of awslogs that do not go together.
func log03Awslogs(td *review.TaskDef, i int) (out []review.Outcome) {
	c := td.ContainerDefinitions[i]
	if !logsTo(c, types.LogDriverAwslogs) {
		return nil
	}
	o := c.LogConfiguration.Options
	if o["mode"] == "blocking" && o["max-buffer-size"] != "" {
		out = append(out, review.Failed(td.At("containerDefinitions", i, "logConfiguration", "options", "max-buffer-size"),
			"container %s: max-buffer-size goes only with mode non-blocking", "コンテナ %s: max-buffer-size は mode が non-blocking のときだけ使える", str(c.Name)))
	}
	if o["awslogs-datetime-format"] != "" && o["awslogs-multiline-pattern"] != "" {
		out = append(out, review.Failed(td.At("containerDefinitions", i, "logConfiguration", "options", "awslogs-multiline-pattern"),
			"container %s: awslogs-multiline-pattern and awslogs-datetime-format exclude each other", "コンテナ %s: awslogs-multiline-pattern と awslogs-datetime-format は同時に使えない", str(c.Name)))
	}
	return out
}
