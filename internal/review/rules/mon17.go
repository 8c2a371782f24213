package rules

import (
	"github.com/hatoba/hatoba/internal/review"
)

var mon17 = review.Rule{
	ID:       "MON-17",
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S2-Log"},
	Title: review.Text{
		EN: "Alarms watch the service, not single tasks or instances",
		JA: "アラームは個々のタスクやインスタンスではなくサービスを見る",
	},
	Why: review.Text{
		EN: "Tasks come and go. An alarm on one of them watches something that is soon no more.",
		JA: "タスクは入れ替わります。一つのタスクを見るアラームは、すぐに存在しないものを見ることになります。",
	},
	Todo: review.Text{
		EN: "Take the dimensions ClusterName and ServiceName, or the target group.",
		JA: "ディメンションには ClusterName と ServiceName、またはターゲットグループを使ってください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: mon17Live},
	},
}

func mon17Live(s *review.Subject) (out []review.Outcome) {
	l := s.Live.Value
	if !l.Alarms.OK {
		return []review.Outcome{unread(l.Alarms, liveAt(s), "")}
	}
	for _, a := range l.Alarms.Value {
		for _, name := range []string{"InstanceId", "ContainerInstanceId", "EC2InstanceId", "TaskId"} {
			if v := a.Dimensions[name]; v != "" {
				out = append(out, review.Failed(liveAt(s), "alarm %s watches %s %s", "アラーム %s は %s %s を見ている", a.Name, name, v))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(liveAt(s), "none of the %d alarms watches a single task or instance", "%d 個のアラームに、個々のタスクやインスタンスを見るものはない", len(l.Alarms.Value)))
	}
	return out
}
