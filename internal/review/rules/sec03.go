package rules

import (
	"cmp"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var sec03 = review.Rule{
	ID:       "SEC-03",
	Pillar:   review.Security,
	Severity: review.Medium,
	Sources:  []string{"S2-Sec"},
	Title: review.Text{
		EN: "The service's tasks have a security group of their own",
		JA: "サービスのタスクに専用のセキュリティグループがある",
	},
	Why: review.Text{
		EN: "Without one, tasks share the VPC's default group or the host's, and everything in it may reach everything.",
		JA: "指定しないと、タスクは VPC の既定やホストのセキュリティグループを共有し、その中では互いに通信できてしまいます。",
	},
	Todo: review.Text{
		EN: "Use network mode awsvpc and name a security group for this service in awsvpcConfiguration.securityGroups.",
		JA: "ネットワークモードを awsvpc にし、awsvpcConfiguration.securityGroups にこのサービス用のグループを指定してください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartService}, Run: sec03Groups}},
}

func sec03Groups(s *review.Subject) []review.Outcome {
	service := s.Service.Value
	at := service.At("networkConfiguration")
	if n := service.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		if groups := n.AwsvpcConfiguration.SecurityGroups; len(groups) > 0 {
			return []review.Outcome{review.Passed(service.At("networkConfiguration", "awsvpcConfiguration", "securityGroups"), "security groups: %d", "セキュリティグループは %d 個", len(groups))}
		}
		return []review.Outcome{review.Failed(service.At("networkConfiguration", "awsvpcConfiguration"), "no security group: the VPC's default one is taken", "セキュリティグループの指定がなく、VPC の既定が使われる")}
	}
	switch {
	case !s.TaskDef.OK:
		return []review.Outcome{s.TaskDef.Gap(at)}
	case s.TaskDef.Value.NetworkMode == types.NetworkModeAwsvpc:
		return []review.Outcome{review.Failed(at, "network mode awsvpc, and the service has no awsvpcConfiguration", "ネットワークモードは awsvpc だが、サービスに awsvpcConfiguration がない")}
	case s.TaskDef.Value.NetworkMode == types.NetworkModeNone:
		return []review.Outcome{review.Passed(at, "network mode none", "ネットワークモードは none")}
	}
	return []review.Outcome{review.Failed(at, "network mode %s: tasks share the host's security groups", "ネットワークモード %s: タスクはホストのセキュリティグループを共有する", cmp.Or(string(s.TaskDef.Value.NetworkMode), "bridge"))}
}
