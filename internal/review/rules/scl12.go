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
		EN: "Tasks are spread over Availability Zones",
		JA: "タスクをアベイラビリティーゾーンに分散する",
	},
	Why: review.Text{
		EN: "Tasks in one zone are lost together with it.",
		JA: "一つのゾーンに集まったタスクは、ゾーン障害で同時に失われます。",
	},
	Todo: review.Text{
		EN: "Give subnets of two zones or more; on EC2 spread over attribute:ecs.availability-zone before any binpack.",
		JA: "二つ以上のゾーンのサブネットを指定し、EC2 では binpack より前に attribute:ecs.availability-zone で spread してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartService}, Run: scl12Placement},
		{Needs: []review.Part{review.PartLive}, Run: scl12Zones},
	},
}

func scl12Placement(s *review.Subject) (out []review.Outcome) {
	service := s.Service.Value
	if n := service.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		at := service.At("networkConfiguration", "awsvpcConfiguration", "subnets")
		if subnets := n.AwsvpcConfiguration.Subnets; len(subnets) == 1 {
			out = append(out, review.Failed(at, "one subnet, which lies in one zone", "サブネットが一つで、ゾーンも一つ"))
		} else if len(subnets) > 1 {
			out = append(out, review.Passed(at, "%d subnets", "サブネットは %d 個", len(subnets)))
		}
	}
	if service.SchedulingStrategy == types.SchedulingStrategyDaemon {
		return append(out, review.Passed(service.At("schedulingStrategy"), "a daemon runs on every host", "デーモンは全ホストで動く"))
	}
	at := service.At("placementStrategy")
	if len(service.PlacementStrategy) == 0 {
		return append(out, review.Passed(at, "no strategy: ECS spreads over zones", "戦略の指定なし: ECS がゾーンに分散する"))
	}
	for i, p := range service.PlacementStrategy {
		if p.Type == types.PlacementStrategyTypeSpread && strings.EqualFold(str(p.Field), "attribute:ecs.availability-zone") {
			if i > 0 {
				return append(out, review.Failed(service.At("placementStrategy", i), "the spread over zones comes after %s", "ゾーンへの分散が %s の後にある", string(service.PlacementStrategy[0].Type)))
			}
			return append(out, review.Passed(service.At("placementStrategy", i), "spread over zones first", "最初にゾーンへ分散する"))
		}
	}
	return append(out, review.Failed(at, "the placement strategy does not spread over zones", "配置戦略にゾーンへの分散がない"))
}

func scl12Zones(s *review.Subject) []review.Outcome {
	tasks, at := s.Live.Value.Tasks, review.Place{}
	switch {
	case s.Service.OK:
		at = s.Service.Value.At("desiredCount")
	case s.TaskDef.OK:
		at = s.TaskDef.Value.At("family")
	}
	if !tasks.OK {
		return []review.Outcome{tasks.Gap(at)}
	}
	zones, running := map[string]int{}, 0
	for _, t := range tasks.Value {
		if str(t.LastStatus) == "RUNNING" && str(t.AvailabilityZone) != "" {
			zones[str(t.AvailabilityZone)]++
			running++
		}
	}
	names := strings.Join(sortedKeys(zones), ", ")
	switch {
	case running < 2:
		return []review.Outcome{review.Passed(at, "%d tasks run: nothing to spread", "稼働中のタスクは %d: 分散の対象がない", running)}
	case len(zones) == 1:
		return []review.Outcome{review.Failed(at, "all %d tasks run in %s", "%d タスクが全て %s で動いている", running, names)}
	}
	return []review.Outcome{review.Passed(at, "%d tasks run in %s", "%d タスクが %s で動いている", running, names)}
}
