package rules

import (
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
		EN: "What spreads the traffic points to a container and a port of the task",
		JA: "トラフィックの振り分け先は、タスクにあるコンテナとポートを指す",
	},
	Why: review.Text{
		EN: "A balancer that names a container or port the task does not have keeps the deployment from ever becoming healthy; without any balancer or discovery nobody finds the tasks.",
		JA: "タスクにないコンテナやポートを指していると、デプロイは健全になりません。振り分けも検出もなければ、誰もタスクを見つけられません。",
	},
	Todo: review.Text{
		EN: "Make containerName and containerPort of loadBalancers those of a port mapping of the task.",
		JA: "loadBalancers の containerName と containerPort を、タスクの portMappings にあるものに合わせてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartService}, Run: scl13Both},
	},
}

func scl13Both(s *review.Subject) (out []review.Outcome) {
	td, service := s.TaskDef.Value, s.Service.Value
	for i, lb := range service.LoadBalancers {
		at, name, port := service.At("loadBalancers", i), str(lb.ContainerName), int32(0)
		if lb.ContainerPort != nil {
			port = *lb.ContainerPort
		}
		c := td.Container(name)
		switch {
		case c < 0:
			out = append(out, review.Failed(at, "the task has no container %q", "タスクにコンテナ %q がない", name))
		case !listens(td.ContainerDefinitions[c], port):
			out = append(out, review.Failed(at, "container %s has no port mapping for %d", "コンテナ %s に %d の portMappings がない", name, port))
		default:
			out = append(out, review.Passed(at, "container %s, port %d", "コンテナ %s、ポート %d", name, port))
		}
	}
	if len(out) > 0 {
		return out
	}
	found := len(service.ServiceRegistries) > 0 || service.Doc.Get("serviceConnectConfiguration") != nil
	for i, c := range td.ContainerDefinitions {
		if len(c.PortMappings) > 0 && !found {
			return []review.Outcome{review.Failed(td.At("containerDefinitions", i, "portMappings"),
				"container %s listens, and the service has no balancer, registry or Service Connect", "コンテナ %s は待ち受けるが、サービスにロードバランサーもサービス検出もない", str(c.Name))}
		}
	}
	return []review.Outcome{review.Passed(service.At("loadBalancers"), "no traffic comes through a balancer", "ロードバランサー経由のトラフィックはない")}
}

func listens(c types.ContainerDefinition, port int32) bool {
	for _, m := range c.PortMappings {
		if m.ContainerPort != nil && *m.ContainerPort == port {
			return true
		}
	}
	return false
}
