package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var sec06 = review.Rule{
	ID:       "SEC-06",
	Pillar:   review.Security,
	Severity: review.Medium,
	Sources:  []string{"S1:30", "S1:33"},
	Title: review.Text{
		EN: "Tasks have no public address; what faces the internet stands before them",
		JA: "タスクに公開アドレスを与えず、インターネットには前段を置く",
	},
	Why: review.Text{
		EN: "A task with a public address is one wrong security-group rule away from everyone, and no WAF or balancer sees what reaches it.",
		JA: "公開アドレスを持つタスクは、セキュリティグループの設定を一つ誤るだけで誰からでも届き、WAF もロードバランサーも通りません。",
	},
	Todo: review.Text{
		EN: "Put the tasks into private subnets, set assignPublicIp to DISABLED, and let a balancer or API Gateway face the internet.",
		JA: "タスクはプライベートサブネットに置き、assignPublicIp を DISABLED にして、ロードバランサーや API Gateway を前段にしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartService}, Run: sec06Service},
	},
}

func sec06Service(s *review.Subject) []review.Outcome {
	service := s.Service.Value
	at := service.At("networkConfiguration", "awsvpcConfiguration", "assignPublicIp")
	if n := service.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil && n.AwsvpcConfiguration.AssignPublicIp == types.AssignPublicIpEnabled {
		return []review.Outcome{review.Failed(at, "assignPublicIp is ENABLED", "assignPublicIp が ENABLED")}
	}
	return []review.Outcome{review.Passed(at, "tasks get no public address", "タスクに公開アドレスは付かない")}
}
