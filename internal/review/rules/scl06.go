package rules

import "github.com/hatoba/hatoba/internal/review"

var scl06 = review.Rule{
	ID:       "SCL-06",
	Pillar:   review.Reliability,
	Severity: review.Low,
	Sources:  []string{"S0:38"},
	Title: review.Text{
		EN: "Every container has a memory limit",
		JA: "全コンテナにメモリの上限がある",
	},
	Why: review.Text{
		EN: "A container without a limit that leaks takes its neighbours with it: on EC2 those of the whole host, elsewhere those of its task.",
		JA: "上限のないコンテナがメモリリークを起こすと、周りを巻き込みます。EC2 ではホスト全体、それ以外では同じタスクのコンテナです。",
	},
	Todo: review.Text{
		EN: "Set memory of the sidecars from measured use; one container may be left to take the rest of the task.",
		JA: "測定した使用量をもとにサイドカーの memory を設定してください。残り全部を使うコンテナは一つだけにします。",
	},
	Checks: []review.Check{{
		Needs: []review.Part{review.PartTaskDef},
		Run: func(s *review.Subject) (out []review.Outcome) {
			td := s.TaskDef.Value
			task := str(td.Memory) != "" || td.Doc.Get("memory") != nil
			var open []int
			for i, c := range td.ContainerDefinitions {
				if c.Memory != nil && *c.Memory > 0 {
					out = append(out, review.Passed(td.At("containerDefinitions", i, "memory"), "container %s: at most %d MiB", "コンテナ %s: 上限 %d MiB", str(c.Name), *c.Memory))
				} else {
					open = append(open, i)
				}
			}
			for _, i := range open {
				at, name := td.At("containerDefinitions", i), str(td.ContainerDefinitions[i].Name)
				switch {
				case task && len(open) == 1:
					out = append(out, review.Passed(at, "container %s: takes what the others leave of the task's memory", "コンテナ %s: タスクのメモリのうち残りを使う", name))
				case task:
					out = append(out, review.Failed(at, "container %s: no memory limit of its own; of the task's containers %d have none", "コンテナ %s: 固有のメモリ上限がない(タスク内で上限のないコンテナは %d 個)", name, len(open)))
				default:
					out = append(out, review.Failed(at, "container %s: no memory limit, and the task has none", "コンテナ %s: メモリの上限がなく、タスクにもない", name))
				}
			}
			return out
		},
	}},
}
