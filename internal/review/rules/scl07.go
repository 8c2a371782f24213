package rules

import (
	"cmp"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var scl07 = review.Rule{
	ID:       "SCL-07",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Concurrency},
	Severity: review.Medium,
	Sources:  []string{"S0:38", "S0:40"},
	Title: review.Text{
		EN: "The service scales by itself",
		JA: "サービスが自動でスケールする",
	},
	Why: review.Text{
		EN: "A fixed number of tasks is too many at night and too few on the day it matters.",
		JA: "固定のタスク数は、夜には多すぎ、肝心な日には足りません。",
	},
	Todo: review.Text{
		EN: "Register the service with Application Auto Scaling, with room between minimum and maximum, and a target tracking policy on CPU, memory or requests.",
		JA: "Application Auto Scaling に登録し、最小と最大に幅を持たせ、CPU、メモリ、リクエスト数のターゲット追跡ポリシーを付けてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: scl07Live},
	},
}

func scl07Live(s *review.Subject) []review.Outcome {
	l := s.Live.Value
	at, g := liveAt(s), l.Scaling
	if l.Service.Value.SchedulingStrategy == types.SchedulingStrategyDaemon {
		return []review.Outcome{review.Passed(at, "a DAEMON service has one task per instance", "DAEMON サービスのタスク数はインスタンス数で決まる")}
	}
	v := g.Value
	switch {
	case !g.OK:
		return []review.Outcome{unread(g, at, "")}
	case !v.Registered:
		return []review.Outcome{review.Failed(at, "the service is not registered for scaling: its number of tasks is fixed", "スケーリングに登録されておらず、タスク数は固定")}
	case v.Suspended:
		return []review.Outcome{review.Failed(at, "scaling out is suspended", "スケールアウトが停止されている")}
	case v.Max <= v.Min:
		return []review.Outcome{review.Failed(at, "minimum and maximum are both %d: there is no room to scale", "最小と最大がどちらも %d で、スケールする余地がない", v.Min)}
	}
	for _, p := range v.Policies {
		switch p.Type {
		case "TargetTrackingScaling":
			return []review.Outcome{review.Passed(at, "%d to %d tasks; policy %s keeps %s at %g", "%d から %d タスク。ポリシー %s が %s を %g に保つ", v.Min, v.Max, p.Name, cmp.Or(p.Metric, "its metric"), p.Target)}
		case "StepScaling", "PredictiveScaling":
			return []review.Outcome{review.Passed(at, "%d to %d tasks; policy %s (%s)", "%d から %d タスク。ポリシー %s(%s)", v.Min, v.Max, p.Name, p.Type)}
		}
	}
	return []review.Outcome{review.Failed(at, "registered for %d to %d tasks, and no policy moves the number by load (%d scheduled actions)",
		"%d から %d タスクで登録されているが、負荷で増減するポリシーがない(スケジュール %d 件)", v.Min, v.Max, len(v.Scheduled))}
}
