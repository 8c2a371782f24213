package rules

import (
	"slices"

	"github.com/hatoba/hatoba/internal/review"
)

var mon01 = review.Rule{
	ID:       "MON-01",
	Pillar:   review.Operations,
	Severity: review.Medium,
	Sources:  []string{"S0:36"},
	Title: review.Text{
		EN: "CPU and memory of the service are measured",
		JA: "サービスの CPU とメモリが計測されている",
	},
	Why: review.Text{
		EN: "Without these two nobody can tell a slow service from a small one, and no scaling can follow them.",
		JA: "この二つがないと、遅いのか小さすぎるのか判断できず、スケーリングの基準にもできません。",
	},
	Todo: review.Text{
		EN: "Look why CloudWatch gets no CPUUtilization and MemoryUtilization of the service; tasks must be running.",
		JA: "CloudWatch に CPUUtilization と MemoryUtilization が届かない理由を調べてください。タスクが動いている必要があります。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: mon01Live},
	},
}

func mon01Live(s *review.Subject) []review.Outcome {
	return ofRunning(s, "AWS/ECS/CPUUtilization", "AWS/ECS/MemoryUtilization")
}

// ofRunning wants metrics of a service that has running tasks: of one without,
// nothing is measured.
func ofRunning(s *review.Subject, names ...string) []review.Outcome {
	l := s.Live.Value
	if !l.Metrics.OK {
		return []review.Outcome{unread(l.Metrics, liveAt(s), "")}
	}
	if !l.Tasks.OK {
		return []review.Outcome{unread(l.Tasks, liveAt(s), "")}
	}
	if len(runningTasks(l)) == 0 {
		return []review.Outcome{review.Unexamined(liveAt(s), review.Say("start the service, then review", "サービスを起動してからレビューしてください"), "no task runs, so nothing is measured", "実行中のタスクがなく、計測もない")}
	}
	return wantMetrics(s, names...)
}

// wantMetrics asks for metrics that have had data lately.
func wantMetrics(s *review.Subject, names ...string) (out []review.Outcome) {
	for _, name := range names {
		if slices.Contains(s.Live.Value.Metrics.Value, name) {
			out = append(out, review.Passed(liveAt(s), "%s has data", "%s のデータがある", name))
		} else {
			out = append(out, review.Failed(liveAt(s), "%s has had no data for three hours", "%s のデータが 3 時間ない", name))
		}
	}
	return out
}
