package rules

import (
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var sec04 = review.Rule{
	ID:       "SEC-04",
	Pillar:   review.Security,
	Severity: review.High,
	Sources:  []string{"S2-Sec"},
	Title: review.Text{
		EN: "The execution role can pull the image and write the log",
		JA: "実行ロールでイメージを取得し、ログを書ける",
	},
	Why: review.Text{
		EN: "Without these rights no task starts, and the next deployment is the moment it shows.",
		JA: "この権限がないとタスクは起動せず、それが分かるのは次のデプロイのときです。",
	},
	Todo: review.Text{
		EN: "Attach AmazonECSTaskExecutionRolePolicy to the role of executionRoleArn.",
		JA: "executionRoleArn のロールに AmazonECSTaskExecutionRolePolicy を付けてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: sec04Live},
	},
}

func sec04Live(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	at, wanted := td.At("executionRoleArn"), []string{}
	for _, c := range td.ContainerDefinitions {
		if strings.Contains(str(c.Image), ".dkr.ecr.") || strings.Contains(str(c.Image), ".dkr-ecr.") {
			wanted = append(wanted, "ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
		}
		if awslogs(c, "awslogs-group") != "" {
			wanted = append(wanted, "logs:CreateLogStream", "logs:PutLogEvents")
			if awslogs(c, "awslogs-create-group") == "true" {
				wanted = append(wanted, "logs:CreateLogGroup")
			}
		}
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	role := str(td.ExecutionRoleArn)
	switch {
	case len(wanted) == 0:
		return append(out, review.Passed(at, "the task neither pulls from ECR nor writes to CloudWatch Logs", "このタスクは ECR から取得せず、CloudWatch Logs にも書かない"))
	case role == "" && td.Fargate():
		return append(out, review.Failed(at, "there is no executionRoleArn for %s", "%s に必要な executionRoleArn がない", strings.Join(wanted, ", ")))
	case role == "":
		return append(out, review.Passed(at, "there is no executionRoleArn: the role of the instance is used", "executionRoleArn がなく、インスタンスのロールが使われる"))
	}
	g := s.Live.Value.Roles[role]
	if !g.OK {
		return append(out, unread(g, at, role))
	}
	if !g.Value.Exists {
		return append(out, review.Failed(at, "%s does not exist", "%s は存在しない", role))
	}
	for _, action := range wanted {
		if allows(g.Value, action, "") {
			out = append(out, review.Passed(at, "%s allows %s", "%s は %s を許可している", role, action))
		} else {
			out = append(out, review.Failed(at, "no policy of %s allows %s", "%s のポリシーに %s を許可するものがない", role, action))
		}
	}
	return out
}
