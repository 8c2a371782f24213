package rules

import (
	"slices"
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
		EN: "Every container has a log driver with what it needs",
		JA: "どのコンテナにも、必要なオプションのそろったログドライバーがある",
	},
	Why: review.Text{
		EN: "What a container without a log driver says is gone with it, and with it the reason why it ended.",
		JA: "ログドライバーのないコンテナの出力は、停止した理由も含めて残りません。",
	},
	Todo: review.Text{
		EN: "Set logConfiguration: awslogs with awslogs-group, awslogs-region and awslogs-stream-prefix, or awsfirelens.",
		JA: "logConfiguration を設定してください: awslogs なら awslogs-group、awslogs-region、awslogs-stream-prefix。または awsfirelens。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: log03TaskDef},
	},
}

// needed are the options a driver cannot do without; the stream prefix only on
// Fargate.
var needed = map[types.LogDriver][]string{
	types.LogDriverAwslogs: {"awslogs-group", "awslogs-region"},
	types.LogDriverSplunk:  {"splunk-token", "splunk-url"},
	types.LogDriverGelf:    {"gelf-address"},
}

func log03TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		at := td.At("containerDefinitions", i, "logConfiguration")
		if c.LogConfiguration == nil || c.LogConfiguration.LogDriver == "" {
			out = append(out, review.Failed(at, "container %s has no log driver", "コンテナ %s にログドライバーがない", str(c.Name)))
			continue
		}
		want := needed[c.LogConfiguration.LogDriver]
		if c.LogConfiguration.LogDriver == types.LogDriverAwslogs && td.Fargate() {
			want = append(slices.Clone(want), "awslogs-stream-prefix")
		}
		var missing []string
		for _, option := range want {
			if c.LogConfiguration.Options[option] == "" && !secretOption(c.LogConfiguration.SecretOptions, option) {
				missing = append(missing, option)
			}
		}
		if len(missing) > 0 {
			out = append(out, review.Failed(at, "container %s: %s wants %s", "コンテナ %s: %s には %s が必要", str(c.Name), c.LogConfiguration.LogDriver, strings.Join(missing, ", ")))
			continue
		}
		out = append(out, review.Passed(at, "container %s: %s %s", "コンテナ %s: %s %s", str(c.Name), c.LogConfiguration.LogDriver, c.LogConfiguration.Options["awslogs-group"]))
	}
	return out
}

func secretOption(options []types.Secret, name string) bool {
	return slices.ContainsFunc(options, func(o types.Secret) bool { return str(o.Name) == name })
}
