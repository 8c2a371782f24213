package rules

import (
	"strconv"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

var img03 = review.Rule{
	ID:       "IMG-03",
	Pillar:   review.Performance,
	Factors:  []review.Factor{review.Disposability},
	Severity: review.Medium,
	Sources:  []string{"S0:15"},
	Title: review.Text{
		EN: "The time from order to running is known and short",
		JA: "起動の指示から稼働までの時間が分かっていて、短い",
	},
	Why: review.Text{
		EN: "A deployment, a scale-out and a recovery each take at least as long as one task needs to pull its image and start.",
		JA: "デプロイもスケールアウトも復旧も、1 タスクがイメージを取得して起動する時間より速くはなりません。",
	},
	Todo: review.Text{
		EN: "Make the image smaller, keep the registry near, and look at what the task waits for before it starts.",
		JA: "イメージを小さくし、近いレジストリに置き、起動前に何を待っているかを確認してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: img03Live},
	},
}

// slowStart is where waiting becomes an incident's length: a judgement, not a
// limit of AWS.
const slowStart = 2 * time.Minute

func img03Live(s *review.Subject) (out []review.Outcome) {
	tasks := s.Live.Value.Tasks
	if !tasks.OK {
		return []review.Outcome{tasks.Gap(review.Place{})}
	}
	for _, t := range tasks.Value {
		if t.CreatedAt == nil || t.StartedAt == nil {
			continue
		}
		at, took, pull := review.Place{File: str(t.TaskArn)}, t.StartedAt.Sub(*t.CreatedAt), "-"
		if t.PullStartedAt != nil && t.PullStoppedAt != nil {
			pull = seconds(t.PullStoppedAt.Sub(*t.PullStartedAt))
		}
		if took > slowStart {
			out = append(out, review.Failed(at, "it ran after %s, %s of them for the image", "稼働まで %s、うちイメージの取得に %s", seconds(took), pull))
		} else {
			out = append(out, review.Passed(at, "it ran after %s, %s of them for the image", "稼働まで %s、うちイメージの取得に %s", seconds(took), pull))
		}
	}
	if len(out) == 0 {
		return []review.Outcome{review.Unexamined(review.Place{}, review.Say("run a task, then review within the hour in which ECS keeps it", "タスクを実行し、ECS が保持する 1 時間以内にレビューしてください"),
			"no task has started lately", "最近起動したタスクがない")}
	}
	return out
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s" }
