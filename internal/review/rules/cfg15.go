package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg15 = review.Rule{
	ID:       "CFG-15",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Config},
	Severity: review.Low,
	Sources:  []string{"S1:74"},
	Title: review.Text{
		EN: "Many secrets are grouped, not managed one by one",
		JA: "多数のシークレットはまとめて管理する",
	},
	Why: review.Text{
		EN: "Twenty secrets are twenty rotations, twenty permissions and twenty reads for each start.",
		JA: "20 個のシークレットには、20 回のローテーションと 20 の権限、起動ごとに 20 回の読み取りが必要です。",
	},
	Todo: review.Text{
		EN: "Keep values that change together in one secret, and take them by JSON key.",
		JA: "一緒に変わる値は 1 つのシークレットにまとめ、JSON キーで取り出してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: cfg15TaskDef},
	},
}

// manySecrets is where one by one stops being manageable: a judgement, not a
// limit of AWS.
const manySecrets = 10

func cfg15TaskDef(s *review.Subject) []review.Outcome {
	td := s.TaskDef.Value
	seen := map[string]bool{}
	eachSecret(td, func(_ review.Place, _, _, from string) {
		if fields := strings.Split(from, ":"); strings.Contains(from, ":secretsmanager:") && len(fields) >= 7 {
			seen[strings.Join(fields[:7], ":")] = true
		}
	})
	if len(seen) > manySecrets {
		return []review.Outcome{review.Failed(td.At("containerDefinitions"), "the task reads %d separate secrets", "タスクが %d 個のシークレットを個別に読む", len(seen))}
	}
	return []review.Outcome{review.Passed(td.At("containerDefinitions"), "the task reads %d separate secret(s)", "タスクが読むシークレットは %d 個", len(seen))}
}
