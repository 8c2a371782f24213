package rules

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var scl12 = review.Rule{
	ID:       "SCL-12",
	Pillar:   review.Reliability,
	Severity: review.Medium,
	Sources:  []string{"S2-Sched"},
	Title: review.Text{
		EN: "Tasks are spread over availability zones",
		JA: "タスクをアベイラビリティーゾーンに分散する",
	},
	Why: review.Text{
		EN: "When all tasks stand in one zone, the zone takes the service with it.",
		JA: "すべてのタスクが 1 つのゾーンにあると、そのゾーンの障害でサービスごと止まります。",
	},
	Todo: review.Text{
		EN: "On Fargate, name subnets of two or more zones; on EC2, add a spread strategy over attribute:ecs.availability-zone.",
		JA: "Fargate では 2 つ以上のゾーンのサブネットを、EC2 では attribute:ecs.availability-zone への spread 戦略を指定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartService}, Run: scl12Service},
	},
}

func scl12Service(s *review.Subject) []review.Outcome {
	service := s.Service.Value
	if service.SchedulingStrategy == types.SchedulingStrategyDaemon {
		return []review.Outcome{review.Passed(service.At("schedulingStrategy"), "a DAEMON service is where the instances are", "DAEMON サービスはインスタンスのある所で動く")}
	}
	for i, p := range service.PlacementStrategy {
		if p.Type == types.PlacementStrategyTypeSpread && strings.EqualFold(str(p.Field), "attribute:ecs.availability-zone") {
			return []review.Outcome{review.Passed(service.At("placementStrategy", i), "tasks are spread over zones", "タスクはゾーンに分散される")}
		}
	}
	if service.LaunchType == types.LaunchTypeEc2 {
		return []review.Outcome{review.Failed(service.At("placementStrategy"), "no strategy spreads tasks over zones", "ゾーンに分散する戦略がない")}
	}
	at := service.At("networkConfiguration", "awsvpcConfiguration", "subnets")
	n := 0
	if c := service.NetworkConfiguration; c != nil && c.AwsvpcConfiguration != nil {
		n = len(c.AwsvpcConfiguration.Subnets)
	}
	switch n {
	case 0:
		return []review.Outcome{review.Unexamined(at, review.Say("give --service NAME to read what runs", "--service NAME で稼働中の値を読ませてください"), "the definition names no subnets", "定義にサブネットの指定がない")}
	case 1:
		return []review.Outcome{review.Failed(at, "one subnet is one zone", "サブネットが 1 つなので、ゾーンも 1 つ")}
	}
	return []review.Outcome{review.Passed(at, "%d subnets", "サブネット %d 個", n)}
}
