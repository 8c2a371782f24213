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
		EN: "Tasks have no public address",
		JA: "タスクにパブリック IP を付けない",
	},
	Why: review.Text{
		EN: "A task with a public address can be reached past the load balancer, the API gateway and the WAF in front of it.",
		JA: "パブリック IP を持つタスクには、前段のロードバランサー、API Gateway、WAF を通らずに到達できてしまいます。",
	},
	Todo: review.Text{
		EN: "Place tasks in private subnets with assignPublicIp DISABLED, and let them out by NAT or VPC endpoints.",
		JA: "プライベートサブネットに置いて assignPublicIp を DISABLED にし、外向きの通信には NAT か VPC エンドポイントを使ってください。",
	},
	Checks: []review.Check{{
		Needs: []review.Part{review.PartService},
		Run: func(s *review.Subject) []review.Outcome {
			service := s.Service.Value
			at := service.At("networkConfiguration", "awsvpcConfiguration", "assignPublicIp")
			switch n := service.NetworkConfiguration; {
			case n == nil || n.AwsvpcConfiguration == nil:
				return []review.Outcome{review.Passed(at, "tasks have no network interface of their own", "タスク固有のネットワークインターフェイスはない")}
			case n.AwsvpcConfiguration.AssignPublicIp == types.AssignPublicIpEnabled:
				return []review.Outcome{review.Failed(at, "assignPublicIp is ENABLED", "assignPublicIp が ENABLED")}
			}
			return []review.Outcome{review.Passed(at, "assignPublicIp is DISABLED, its default or as said", "assignPublicIp は DISABLED(既定または指定)")}
		},
	}},
}
