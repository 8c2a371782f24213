package rules

import "github.com/hatoba/hatoba/internal/review"

var dsp02 = review.Rule{
	ID:       "DSP-02",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.Medium,
	Sources:  []string{"S1:81", "S1:82"},
	Title: review.Text{
		EN: "A stop leaves time to finish: stopTimeout and the deregistration delay allow it",
		JA: "停止時に処理を終える時間がある(stopTimeout と登録解除の遅延)",
	},
	Why: review.Text{
		EN: "A target group that does not drain cuts the requests in flight; a process that is not done within stopTimeout is killed in the middle of its work.",
		JA: "ドレインしないターゲットグループは処理中のリクエストを切断し、stopTimeout 内に終わらないプロセスは作業の途中で強制終了されます。",
	},
	Todo: review.Text{
		EN: "Set stopTimeout to the longest request or job (2 to 120 seconds on Fargate) and deregistration_delay.timeout_seconds to the longest request.",
		JA: "stopTimeout は最長の処理時間に(Fargate では 2〜120 秒)、deregistration_delay.timeout_seconds は最長のリクエスト時間に合わせてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: dsp02Timeout},
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: dsp02Drain},
		proven("DSP-02"),
	},
}

// stopSeconds is how long ECS waits between SIGTERM and SIGKILL.
const stopSeconds = 30

func dsp02Timeout(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		at := td.At("containerDefinitions", i, "stopTimeout")
		switch {
		case c.StopTimeout == nil:
			out = append(out, review.Passed(at, "container %s: stopTimeout is left at ECS's default, %d s", "コンテナ %s: stopTimeout は ECS の既定の %d 秒", str(c.Name), stopSeconds))
		case onFargate(s) && (*c.StopTimeout > 120 || *c.StopTimeout < 2):
			out = append(out, review.Failed(at, "container %s: stopTimeout is %d; Fargate takes 2 to 120 seconds", "コンテナ %s: stopTimeout が %d(Fargate は 2〜120 秒)", str(c.Name), *c.StopTimeout))
		case *c.StopTimeout < 2:
			out = append(out, review.Failed(at, "container %s: stopTimeout is %d s: no time to finish anything", "コンテナ %s: stopTimeout が %d 秒で、処理を終える時間がない", str(c.Name), *c.StopTimeout))
		default:
			out = append(out, review.Passed(at, "container %s: stopTimeout is %d s", "コンテナ %s: stopTimeout は %d 秒", str(c.Name), *c.StopTimeout))
		}
	}
	return out
}

// ECS takes a task out of its target groups before it sends SIGTERM, so the two
// times follow one another: neither has to contain the other.
func dsp02Drain(s *review.Subject) (out []review.Outcome) {
	td, groups := s.TaskDef.Value, s.Live.Value.TargetGroups
	if !groups.OK {
		return []review.Outcome{groups.Gap(td.At("containerDefinitions"))}
	}
	for _, g := range groups.Value {
		at, seconds := review.Place{File: g.ARN}, stopSeconds
		if i := td.Container(g.Container); i >= 0 {
			at = td.At("containerDefinitions", i, "stopTimeout")
			if t := td.ContainerDefinitions[i].StopTimeout; t != nil {
				seconds = int(*t)
			}
		}
		if g.DeregistrationDelay == 0 {
			out = append(out, review.Failed(at, "target group %s: deregistration delay 0, requests in flight are cut before stopTimeout (%d s) begins", "ターゲットグループ %s: 登録解除の遅延が 0 で、stopTimeout(%d 秒)の前に処理中のリクエストが切れる", g.Name, seconds))
			continue
		}
		out = append(out, review.Passed(at, "target group %s: drains for %d s, then stopTimeout of %d s", "ターゲットグループ %s: %d 秒のドレインの後、stopTimeout %d 秒", g.Name, g.DeregistrationDelay, seconds))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no target group", "ターゲットグループはない"))
	}
	return out
}
