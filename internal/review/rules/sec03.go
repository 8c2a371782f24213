package rules

import (
	"github.com/hatoba/hatoba/internal/review"
)

var sec03 = review.Rule{
	ID:       "SEC-03",
	Pillar:   review.Security,
	Severity: review.Medium,
	Sources:  []string{"S2-Sec"},
	Title: review.Text{
		EN: "The tasks of a service have a security group of their own",
		JA: "サービスのタスクは専用のセキュリティグループを持つ",
	},
	Why: review.Text{
		EN: "Without one, tasks get the VPC's default group, whose members all reach each other on every port.",
		JA: "指定しないと VPC のデフォルトグループになり、同じグループの全員がすべてのポートで互いに通信できます。",
	},
	Todo: review.Text{
		EN: "Name a group in networkConfiguration.awsvpcConfiguration.securityGroups that lets in only the balancer or the callers.",
		JA: "ロードバランサーや呼び出し元だけを許可したグループを networkConfiguration.awsvpcConfiguration.securityGroups に指定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartService}, Run: sec03Service},
	},
}

func sec03Service(s *review.Subject) []review.Outcome {
	service := s.Service.Value
	if service.NetworkConfiguration == nil || service.NetworkConfiguration.AwsvpcConfiguration == nil {
		return []review.Outcome{review.Passed(service.At("networkConfiguration"),
			"the service has no awsvpc network: its tasks use the instance's groups", "awsvpc ネットワークではない: タスクはインスタンスのグループを使う")}
	}
	groups := service.NetworkConfiguration.AwsvpcConfiguration.SecurityGroups
	at := service.At("networkConfiguration", "awsvpcConfiguration", "securityGroups")
	if len(groups) == 0 {
		return []review.Outcome{review.Failed(at, "no group is named: tasks join the VPC's default group", "グループの指定がない: タスクは VPC のデフォルトグループに入る")}
	}
	return []review.Outcome{review.Passed(at, "%d group(s): %s", "%d グループ: %s", len(groups), some(groups))}
}
