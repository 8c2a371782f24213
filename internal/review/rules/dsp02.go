package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var dsp02 = review.Rule{
	ID:       "DSP-02",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.Medium,
	Sources:  []string{"S1:81", "S1:82"},
	Title: review.Text{
		EN: "The time to stop is enough, and allowed",
		JA: "停止の猶予は十分で、許される範囲にある",
	},
	Why: review.Text{
		EN: "What is not finished when stopTimeout ends is killed; Fargate refuses more than 120 seconds; a target group that does not drain cuts the requests in flight.",
		JA: "stopTimeout を過ぎた処理は強制終了されます。Fargate の上限は 120 秒です。ドレインしないターゲットグループは処理中のリクエストを切ります。",
	},
	Todo: review.Text{
		EN: "Set stopTimeout above the longest request and at most 120 on Fargate, and a deregistration delay that lets requests end.",
		JA: "stopTimeout を最長のリクエストより長く(Fargate では 120 以下に)し、登録解除の遅延はリクエストが終わる長さにしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: dsp02TaskDef},
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: dsp02Live},
	},
}

const (
	defaultStop = 30 // seconds, of ECS
	mostStop    = 120
)

func stopTimeout(c types.ContainerDefinition) int {
	if c.StopTimeout == nil {
		return defaultStop
	}
	return int(*c.StopTimeout)
}

func dsp02TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		at, t := td.At("containerDefinitions", i, "stopTimeout"), stopTimeout(c)
		switch {
		case td.Fargate() && t > mostStop:
			out = append(out, review.Failed(at, "container %s: stopTimeout %d is more than Fargate's 120", "コンテナ %s: stopTimeout %d が Fargate の上限 120 を超えている", str(c.Name), t))
		case t < 2:
			out = append(out, review.Failed(at, "container %s: stopTimeout %d leaves no time to finish", "コンテナ %s: stopTimeout %d では処理を終えられない", str(c.Name), t))
		default:
			out = append(out, review.Passed(at, "container %s has %d s to stop", "コンテナ %s の停止の猶予は %d 秒", str(c.Name), t))
		}
	}
	return out
}

// The balancer drains before the task is told to stop, so the two times add up;
// none of them may be nothing.
func dsp02Live(s *review.Subject) (out []review.Outcome) {
	groups := s.Live.Value.TargetGroups
	if !groups.OK {
		return []review.Outcome{groups.Gap(review.Place{File: s.TaskDef.Value.File})}
	}
	for _, g := range groups.Value {
		at := review.Place{File: g.ARN}
		if g.DeregistrationDelay == 0 {
			out = append(out, review.Failed(at, "target group %s: the deregistration delay is 0: requests in flight are cut", "ターゲットグループ %s: 登録解除の遅延が 0 で、処理中のリクエストが切れる", g.Name))
			continue
		}
		out = append(out, review.Passed(at, "target group %s drains for %d s before the task is told to stop", "ターゲットグループ %s は停止の前に %d 秒ドレインする", g.Name, g.DeregistrationDelay))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(s.TaskDef.Value.At("containerDefinitions"), "no target group is before the service", "前段のターゲットグループはない"))
	}
	return out
}
