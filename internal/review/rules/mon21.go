package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var mon21 = review.Rule{
	ID:       "MON-21",
	Pillar:   review.Security,
	Severity: review.Medium,
	Sources:  []string{"S4-Trace"},
	Title: review.Text{
		EN: "The task role may write traces",
		JA: "タスクロールにトレースの書き込み権限がある",
	},
	Why: review.Text{
		EN: "The collector runs with the task role. With the right on the execution role only, every trace is refused and nobody is told.",
		JA: "コレクターはタスクロールで動きます。権限が実行ロールにしかないと、トレースはすべて拒否され、誰も気づきません。",
	},
	Todo: review.Text{
		EN: "Attach AWSXRayDaemonWriteAccess to the role of taskRoleArn.",
		JA: "taskRoleArn のロールに AWSXRayDaemonWriteAccess を付けてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: mon21TaskDef},
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: mon21Live},
	},
}

var xrayImage = regexp.MustCompile(`(?i)xray-daemon|aws-otel-collector`)

// xrayWriter is the container that writes to X-Ray. A collector with a
// configuration of its own writes wherever that says.
func xrayWriter(td *review.TaskDef) string {
	for _, c := range td.ContainerDefinitions {
		if !xrayImage.MatchString(str(c.Image)) {
			continue
		}
		own := slices.ContainsFunc(c.Environment, func(e types.KeyValuePair) bool { return str(e.Name) == "AOT_CONFIG_CONTENT" }) ||
			slices.ContainsFunc(c.Secrets, func(e types.Secret) bool { return str(e.Name) == "AOT_CONFIG_CONTENT" }) ||
			slices.ContainsFunc(c.Command, func(arg string) bool { return strings.HasSuffix(arg, ".yaml") && !strings.Contains(arg, "/etc/ecs/") })
		if !own {
			return str(c.Name)
		}
	}
	return ""
}

func mon21TaskDef(s *review.Subject) []review.Outcome {
	td := s.TaskDef.Value
	switch writer := xrayWriter(td); {
	case writer == "":
		return []review.Outcome{review.Passed(td.At("containerDefinitions"), "no container writes to X-Ray", "X-Ray に書き込むコンテナはない")}
	case str(td.TaskRoleArn) == "":
		return []review.Outcome{review.Failed(td.At("taskRoleArn"), "container %s writes to X-Ray, and there is no taskRoleArn", "コンテナ %s は X-Ray に書き込むが、taskRoleArn がない", writer)}
	default:
		return []review.Outcome{review.Passed(td.At("taskRoleArn"), "container %s writes to X-Ray as %s", "コンテナ %s は %s として X-Ray に書き込む", writer, str(td.TaskRoleArn))}
	}
}

func mon21Live(s *review.Subject) []review.Outcome {
	td, l := s.TaskDef.Value, s.Live.Value
	role := str(td.TaskRoleArn)
	if xrayWriter(td) == "" || role == "" {
		return []review.Outcome{review.Passed(td.At("taskRoleArn"), "nothing to look up in IAM", "IAM で調べるものはない")}
	}
	const action = "xray:PutTraceSegments"
	at, g := td.At("taskRoleArn"), l.Roles[role]
	switch {
	case !g.OK:
		return []review.Outcome{unread(g, at, role)}
	case allows(g.Value, action, ""):
		return []review.Outcome{review.Passed(at, "%s allows %s", "%s は %s を許可している", role, action)}
	case allows(l.Roles[str(td.ExecutionRoleArn)].Value, action, ""):
		return []review.Outcome{review.Failed(at, "%s is allowed to the execution role, not to the task role %s", "%s は実行ロールに許可され、タスクロール %s にはない", action, role)}
	}
	return []review.Outcome{review.Failed(at, "no policy of %s allows %s", "%s のポリシーに %s を許可するものがない", role, action)}
}
