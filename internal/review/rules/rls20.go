package rules

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var rls20 = review.Rule{
	ID:       "RLS-20",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.High,
	Sources:  []string{"S0:15"},
	Title: review.Text{
		EN: "Deployed means able to serve: a health check exists and can tell the truth",
		JA: "「デプロイ済み」は「応答できる」こと: 正直なヘルスチェックがある",
	},
	Why: review.Text{
		EN: "Without a health check a task that hangs is RUNNING, a deployment of it COMPLETED, and nobody replaces it.",
		JA: "ヘルスチェックがないと、固まったタスクも RUNNING、そのデプロイも COMPLETED になり、誰も置き換えません。",
	},
	Todo: review.Text{
		EN: "Give each essential container a healthCheck that asks the app itself, or a target group with a health check. ECS ignores HEALTHCHECK in the image.",
		JA: "必須のコンテナそれぞれに、アプリ自身に問い合わせる healthCheck か、ヘルスチェック付きのターゲットグループを設定してください。ECS はイメージの HEALTHCHECK を見ません。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: rls20TaskDef},
	},
}

func rls20TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		if c.Essential != nil && !*c.Essential {
			continue
		}
		at, name := td.At("containerDefinitions", i, "healthCheck"), str(c.Name)
		switch {
		case c.HealthCheck != nil && len(c.HealthCheck.Command) > 0:
			if lie := alwaysHealthy(c.HealthCheck.Command); lie != "" {
				out = append(out, review.Failed(at, "container %s: the health check %q is always healthy", "コンテナ %s: ヘルスチェック %q は必ず成功する", name, lie))
				continue
			}
			out = append(out, review.Passed(at, "container %s: %s", "コンテナ %s: %s", name, strings.Join(c.HealthCheck.Command, " ")))
		case balanced(s, name):
			out = append(out, review.Passed(at, "container %s: its target group checks it", "コンテナ %s: ターゲットグループがチェックする", name))
		case imageChecks(s) && i == ownContainer(s):
			out = append(out, review.Failed(at, "container %s: the image has a HEALTHCHECK, which ECS ignores, and the definition has none", "コンテナ %s: イメージの HEALTHCHECK を ECS は見ない。定義にはヘルスチェックがない", name))
		default:
			out = append(out, review.Failed(at, "container %s is essential and has no health check", "コンテナ %s は必須だが、ヘルスチェックがない", name))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container is essential", "必須のコンテナはない"))
	}
	return out
}

// alwaysHealthy is a command that succeeds whatever the app does.
func alwaysHealthy(command []string) string {
	text := strings.TrimSpace(strings.Join(command[1:], " "))
	for _, end := range []string{"|| true", "|| exit 0", "; true", "; exit 0", "|| :"} {
		if strings.HasSuffix(text, end) {
			return text
		}
	}
	switch text {
	case "true", "/bin/true", "exit 0", ":", "echo ok", "echo healthy":
		return text
	}
	return ""
}

// balanced reports whether a target group checks a container.
func balanced(s *review.Subject, container string) bool {
	if !s.Service.OK {
		return false
	}
	for _, lb := range s.Service.Value.LoadBalancers {
		if str(lb.ContainerName) == container && str(lb.TargetGroupArn) != "" {
			return true
		}
	}
	return false
}

// imageChecks reports whether the image brings a HEALTHCHECK.
func imageChecks(s *review.Subject) bool {
	if s.Image.OK && s.Image.Value.Config.Config.Healthcheck != nil {
		return true
	}
	if s.Dockerfile.OK {
		for _, c := range s.Dockerfile.Value.Final().Commands {
			if _, ok := c.(*instructions.HealthCheckCommand); ok {
				return true
			}
		}
	}
	return false
}
