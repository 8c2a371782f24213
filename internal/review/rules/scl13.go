package rules

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var scl13 = review.Rule{
	ID:       "SCL-13",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.PortBinding},
	Severity: review.High,
	Sources:  []string{"S1:83"},
	Title: review.Text{
		EN: "The load balancer's container and port are the task's",
		JA: "ロードバランサーのコンテナとポートがタスク定義と一致する",
	},
	Why: review.Text{
		EN: "ECS refuses a service whose balancer names what the task does not have, so the deployment that renamed it fails.",
		JA: "タスクにないコンテナやポートを指すサービスは ECS に拒否され、名前を変えたデプロイが失敗します。",
	},
	Todo: review.Text{
		EN: "Make loadBalancers[].containerName and containerPort name a container and one of its portMappings; with awsvpc the target group's type is ip.",
		JA: "loadBalancers[].containerName と containerPort を、コンテナとその portMappings に合わせてください。awsvpc ではターゲットタイプを ip にします。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef, review.PartService}, Run: scl13Ports}},
}

func scl13Ports(s *review.Subject) (out []review.Outcome) {
	td, service := s.TaskDef.Value, s.Service.Value
	for i, b := range service.LoadBalancers {
		at, name, p := service.At("loadBalancers", i), str(b.ContainerName), aws.ToInt32(b.ContainerPort)
		switch c := td.Container(name); {
		case c < 0:
			out = append(out, review.Failed(service.At("loadBalancers", i, "containerName"), "the task has no container %s", "タスクにコンテナ %s がない", cmp.Or(name, "(no name)")))
		case !mapsPort(td.ContainerDefinitions[c], p):
			out = append(out, review.Failed(service.At("loadBalancers", i, "containerPort"), "container %s has no portMapping of %d", "コンテナ %s に %d の portMapping がない", name, p))
		default:
			out = append(out, review.Passed(at, "container %s, port %d", "コンテナ %s、ポート %d", name, p))
		}
	}
	if td.NetworkMode == types.NetworkModeAwsvpc && s.Live.OK && s.Live.Value.TargetGroups.OK {
		for _, g := range s.Live.Value.TargetGroups.Value {
			if g.TargetType != "" && g.TargetType != "ip" {
				out = append(out, review.Failed(review.Place{File: g.ARN}, "target group %s: type %s; tasks with awsvpc are registered by ip", "ターゲットグループ %s: タイプが %s(awsvpc のタスクは ip で登録する)", g.Name, g.TargetType))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(service.At("loadBalancers"), "the service has no load balancer", "サービスにロードバランサーはない"))
	}
	return out
}

// mapsPort reports whether a container maps a port, alone or in a range.
func mapsPort(c types.ContainerDefinition, p int32) bool {
	for _, m := range c.PortMappings {
		if m.ContainerPort != nil && *m.ContainerPort == p {
			return true
		}
		low, high, ok := strings.Cut(str(m.ContainerPortRange), "-")
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if ok && err1 == nil && err2 == nil && int(p) >= from && int(p) <= to {
			return true
		}
	}
	return false
}
