package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var rls17 = review.Rule{
	ID:       "RLS-17",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.High,
	Sources:  []string{"S1:81", "S4-OE"},
	Title: review.Text{
		EN: "A failed deployment stops by itself and goes back",
		JA: "失敗したデプロイは自動で止まり、元に戻る",
	},
	Why: review.Text{
		EN: "Without a circuit breaker ECS starts tasks of a broken revision for ever; with too low a minimum the old ones are gone by then.",
		JA: "サーキットブレーカーがないと、ECS は壊れたリビジョンのタスクを起動し続けます。最小値が低すぎると、その間に古いタスクはなくなっています。",
	},
	Todo: review.Text{
		EN: "Enable deploymentCircuitBreaker with rollback, and let minimumHealthyPercent and maximumPercent leave room to start new tasks before old ones stop (100 and 200 do).",
		JA: "deploymentCircuitBreaker を rollback 付きで有効にし、古いタスクを止める前に新しいタスクを起動できるよう minimumHealthyPercent と maximumPercent を設定してください(100 と 200 など)。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartService}, Run: rls17Service},
	},
}

func rls17Service(s *review.Subject) (out []review.Outcome) {
	service := s.Service.Value
	if c := service.DeploymentController; c != nil && c.Type != "" && c.Type != types.DeploymentControllerTypeEcs {
		return []review.Outcome{review.Passed(service.At("deploymentController"), "deployments are made by %s, which rolls back itself", "デプロイは %s が行い、ロールバックもそちらで行う", c.Type)}
	}
	d := service.DeploymentConfiguration
	at := service.At("deploymentConfiguration", "deploymentCircuitBreaker")
	var breaker *types.DeploymentCircuitBreaker
	if d != nil {
		breaker = d.DeploymentCircuitBreaker
	}
	switch {
	case breaker != nil && breaker.Enable && breaker.Rollback:
		out = append(out, review.Passed(at, "the circuit breaker is on and rolls back", "サーキットブレーカーが有効で、ロールバックする"))
	case d != nil && d.Alarms != nil && d.Alarms.Enable && d.Alarms.Rollback:
		out = append(out, review.Passed(service.At("deploymentConfiguration", "alarms"), "alarms stop a deployment and roll it back", "アラームでデプロイを止め、ロールバックする"))
	case breaker != nil && breaker.Enable:
		out = append(out, review.Failed(at, "the circuit breaker stops a deployment and does not roll back", "サーキットブレーカーは止めるだけで、ロールバックしない"))
	default:
		out = append(out, review.Failed(at, "the circuit breaker is off", "サーキットブレーカーが無効"))
	}
	if service.SchedulingStrategy == types.SchedulingStrategyDaemon {
		return out
	}
	least, most := int32(100), int32(200)
	if d != nil && d.MinimumHealthyPercent != nil {
		least = *d.MinimumHealthyPercent
	}
	if d != nil && d.MaximumPercent != nil {
		most = *d.MaximumPercent
	}
	at = service.At("deploymentConfiguration", "minimumHealthyPercent")
	switch {
	case least == 0:
		out = append(out, review.Failed(at, "minimumHealthyPercent is 0: a deployment may stop every task first", "minimumHealthyPercent が 0: 先に全タスクが止まりうる"))
	case least >= 100 && most <= 100:
		out = append(out, review.Failed(at, "between %d and %d percent no task may stop and none may start: a deployment never moves", "%d%% と %d%% の間では、止めることも起動することもできずデプロイが進まない", least, most))
	default:
		out = append(out, review.Passed(at, "between %d and %d percent of the tasks run during a deployment", "デプロイ中は %d%% から %d%% のタスクが動く", least, most))
	}
	return out
}
