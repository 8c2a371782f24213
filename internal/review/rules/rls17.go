package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var rls17 = review.Rule{
	ID:       "RLS-17",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.Medium,
	Sources:  []string{"S1:81", "S4-OE"},
	Title: review.Text{
		EN: "A deployment keeps serving, and a bad one stops and rolls back by itself",
		JA: "デプロイ中もサービスを保ち、失敗したデプロイは自動で止まり元に戻る",
	},
	Why: review.Text{
		EN: "By default ECS retries a broken revision for ever; percents that leave no room either stop every task or can never deploy.",
		JA: "既定では ECS は壊れたリビジョンを延々と再試行します。余裕のない割合の設定は、全タスクの停止か、進まないデプロイを招きます。",
	},
	Todo: review.Text{
		EN: "Set deploymentCircuitBreaker {enable: true, rollback: true}, or alarms with rollback, and minimumHealthyPercent 100 with maximumPercent 200.",
		JA: "deploymentCircuitBreaker を {enable: true, rollback: true} にするか rollback つきの alarms を設定し、minimumHealthyPercent は 100、maximumPercent は 200 にしてください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartService}, Run: rls17Deployment}},
}

func rls17Deployment(s *review.Subject) []review.Outcome {
	service := s.Service.Value
	if c := service.DeploymentController; c != nil && (c.Type == types.DeploymentControllerTypeCodeDeploy || c.Type == types.DeploymentControllerTypeExternal) {
		return []review.Outcome{review.Passed(service.At("deploymentController"), "%s deploys, and rolls back as it is told there", "%s がデプロイし、ロールバックもそちらの設定による", string(c.Type))}
	}
	return append([]review.Outcome{rls17Rollback(service)}, rls17Percents(service)...)
}

func rls17Rollback(service *review.ServiceDef) review.Outcome {
	at, c := service.At("deploymentConfiguration"), service.DeploymentConfiguration
	switch {
	case c == nil:
	case c.DeploymentCircuitBreaker != nil && c.DeploymentCircuitBreaker.Enable && c.DeploymentCircuitBreaker.Rollback:
		return review.Passed(service.At("deploymentConfiguration", "deploymentCircuitBreaker"), "the circuit breaker rolls back", "サーキットブレーカーがロールバックする")
	case c.Alarms != nil && c.Alarms.Enable && c.Alarms.Rollback && len(c.Alarms.AlarmNames) > 0:
		return review.Passed(service.At("deploymentConfiguration", "alarms"), "alarms that roll back: %d", "%d 個のアラームでロールバックする", len(c.Alarms.AlarmNames))
	case c.DeploymentCircuitBreaker != nil && c.DeploymentCircuitBreaker.Enable:
		return review.Failed(service.At("deploymentConfiguration", "deploymentCircuitBreaker"), "the circuit breaker stops a failing deployment and does not roll it back", "サーキットブレーカーは失敗したデプロイを止めるが、元に戻さない")
	case c.Alarms != nil && c.Alarms.Enable && len(c.Alarms.AlarmNames) > 0:
		return review.Failed(service.At("deploymentConfiguration", "alarms"), "alarms stop a failing deployment and do not roll it back", "アラームは失敗したデプロイを止めるが、元に戻さない")
	}
	return review.Failed(at, "neither circuit breaker nor alarms: a failing deployment goes on for ever", "サーキットブレーカーもアラームもなく、失敗したデプロイが続く")
}

// rls17Percents does ECS's own arithmetic of a rolling update.
func rls17Percents(service *review.ServiceDef) []review.Outcome {
	at := service.At("deploymentConfiguration")
	if service.SchedulingStrategy == types.SchedulingStrategyDaemon {
		return []review.Outcome{review.Passed(at, "a daemon is replaced host by host", "デーモンはホストごとに置き換わる")}
	}
	if c := service.DeploymentConfiguration; c != nil && c.Strategy != "" && c.Strategy != types.DeploymentStrategyRolling {
		return []review.Outcome{review.Passed(service.At("deploymentConfiguration", "strategy"), "strategy %s runs both revisions side by side", "%s 戦略は新旧リビジョンを並行して動かす", string(c.Strategy))}
	}
	healthy, most := percents(service)
	balanced := len(service.LoadBalancers) > 0
	count, said := desired(service)
	if !said || count == 0 {
		if healthy == 0 && balanced {
			return []review.Outcome{review.Failed(at, "minimumHealthyPercent 0: a deployment may stop every task behind the load balancer", "minimumHealthyPercent が 0 で、ロードバランサー配下の全タスクが止まりうる")}
		}
		return []review.Outcome{review.Passed(at, "a deployment keeps %d%% and runs up to %d%%", "デプロイ中は %d%% を保ち、最大 %d%%", healthy, most)}
	}
	lower, upper := (count*healthy+99)/100, count*most/100
	switch {
	case lower >= count && upper <= count:
		return []review.Outcome{review.Failed(at, "of %d tasks %d have to stay and %d may run: a deployment cannot begin", "%d タスク中 %d を残す必要があり、上限は %d: デプロイが始まらない", count, lower, upper)}
	case lower == 0 && balanced:
		return []review.Outcome{review.Failed(at, "minimumHealthyPercent %d of %d tasks is none: a deployment may stop every task behind the load balancer", "minimumHealthyPercent %d、%d タスクでは 0 になり、ロードバランサー配下の全タスクが止まりうる", healthy, count)}
	}
	return []review.Outcome{review.Passed(at, "of %d tasks %d stay in a deployment, up to %d run", "%d タスク中、デプロイ中は %d を保ち、最大 %d が動く", count, lower, upper)}
}
