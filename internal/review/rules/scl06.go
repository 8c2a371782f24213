package rules

import (
	"github.com/hatoba/hatoba/internal/review"
)

var scl06 = review.Rule{
	ID:       "SCL-06",
	Pillar:   review.Reliability,
	Severity: review.Low,
	Sources:  []string{"S0:38"},
	Title: review.Text{
		EN: "Containers that share a task have limits of their own",
		JA: "タスクを共有するコンテナは、それぞれ上限を持つ",
	},
	Why: review.Text{
		EN: "A sidecar without a limit takes the memory of the app when it leaks, and the kernel chooses who is killed.",
		JA: "上限のないサイドカーがメモリを漏らすとアプリの分まで使い、どちらが止められるかはカーネル次第になります。",
	},
	Todo: review.Text{
		EN: "Give each container memory (a hard limit) from what was measured, and memoryReservation below it.",
		JA: "各コンテナに、実測に基づく memory(上限)と、それより小さい memoryReservation を設定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: scl06TaskDef},
	},
}

func scl06TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	if len(td.ContainerDefinitions) == 1 && str(td.Memory) != "" {
		return []review.Outcome{review.Passed(td.At("memory"), "one container, limited by the task's memory %s", "コンテナは 1 つで、タスクの memory %s が上限", str(td.Memory))}
	}
	for i, c := range td.ContainerDefinitions {
		at := td.At("containerDefinitions", i, "memory")
		if c.Memory == nil {
			out = append(out, review.Failed(at, "container %s has no memory limit", "コンテナ %s にメモリの上限がない", str(c.Name)))
		} else {
			out = append(out, review.Passed(at, "container %s: %d MiB", "コンテナ %s: %d MiB", str(c.Name), *c.Memory))
		}
	}
	return out
}
