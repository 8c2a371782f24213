package rules

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/review"
)

var rls20 = review.Rule{
	ID:       "RLS-20",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.High,
	Sources:  []string{"S0:15"},
	Title: review.Text{
		EN: "A health check exists and can tell the truth",
		JA: "ヘルスチェックがあり、本当の状態を答えられる",
	},
	Why: review.Text{
		EN: "Without one, ECS takes a started process for a working one: it sends requests to tasks that cannot answer and calls the deployment done.",
		JA: "ヘルスチェックがないと、ECS は起動しただけのプロセスを正常とみなし、応答できないタスクにリクエストを送ってデプロイを完了とします。",
	},
	Todo: review.Text{
		EN: "Give the container a healthCheck that asks the application itself and fails when it fails, or put it behind a target group with one. ECS ignores HEALTHCHECK of the image.",
		JA: "アプリケーション自身に問い合わせ、異常なら失敗する healthCheck をコンテナに書くか、ヘルスチェックのあるターゲットグループの背後に置いてください。イメージの HEALTHCHECK を ECS は使いません。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: rls20Checks}},
}

func rls20Checks(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		if c.HealthCheck != nil {
			out = append(out, healthCommand(s, i)...)
		}
	}
	balanced := rls20Balanced(s)
	out = append(out, balanced...)
	if len(out) > 0 {
		return out
	}
	at, ported := td.At("containerDefinitions"), false
	for i, c := range td.ContainerDefinitions {
		ported = ported || len(c.PortMappings) > 0
		if len(td.ContainerDefinitions) == 1 || essential(c) && !logRouter(c) {
			at = td.At("containerDefinitions", i)
			break
		}
	}
	switch unused := imageHealthcheck(s); {
	case s.Service.OK && unused != "":
		return []review.Outcome{review.Failed(at, "no healthCheck and no load balancer; the HEALTHCHECK of the %s is ignored by ECS", "healthCheck もロードバランサーもない(%s の HEALTHCHECK を ECS は使わない)", unused)}
	case s.Service.OK:
		return []review.Outcome{review.Failed(at, "no container has a healthCheck, and the service has no load balancer", "healthCheck を持つコンテナがなく、サービスにロードバランサーもない")}
	case unused != "" && !ported:
		return []review.Outcome{review.Failed(at, "no container has a healthCheck; the HEALTHCHECK of the %s is ignored by ECS", "healthCheck を持つコンテナがない(%s の HEALTHCHECK を ECS は使わない)", unused)}
	}
	return []review.Outcome{review.Unexamined(at, review.Say("set healthCheck, or give --service-def: a target group may have one", "healthCheck を設定するか、--service-def を指定してください(ターゲットグループ側にある可能性があります)"),
		"no container has a healthCheck; the service, which may have a load balancer's, was not given", "healthCheck を持つコンテナがなく、ロードバランサーを持ちうるサービスは与えられていない")}
}

// rls20Balanced are the containers that a load balancer asks.
func rls20Balanced(s *review.Subject) (out []review.Outcome) {
	if !s.Service.OK {
		return nil
	}
	for i, b := range s.Service.Value.LoadBalancers {
		at := s.Service.Value.At("loadBalancers", i)
		out = append(out, review.Passed(at, "container %s: its target group asks port %d", "コンテナ %s: ターゲットグループがポート %d を確認する", str(b.ContainerName), aws.ToInt32(b.ContainerPort)))
	}
	return out
}

// imageHealthcheck says where a HEALTHCHECK stands that ECS does not use.
func imageHealthcheck(s *review.Subject) string {
	if s.Dockerfile.OK && s.Dockerfile.Value.Final() != nil {
		for _, command := range s.Dockerfile.Value.Final().Commands {
			if h, ok := command.(*instructions.HealthCheckCommand); ok && h.Health != nil && len(h.Health.Test) > 0 && h.Health.Test[0] != "NONE" {
				return "Dockerfile"
			}
		}
	}
	if s.Image.OK {
		if h := s.Image.Value.Config.Config.Healthcheck; h != nil && len(h.Test) > 0 && !strings.EqualFold(h.Test[0], "NONE") {
			return "image"
		}
	}
	return ""
}
