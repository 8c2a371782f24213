package rules

import (
	"github.com/hatoba/hatoba/internal/review"
)

var cfg15 = review.Rule{
	ID:       "CFG-15",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Config},
	Severity: review.Low,
	Sources:  []string{"S1:74"},
	Title: review.Text{
		EN: "Many secrets are kept in groups",
		JA: "多数のシークレットはまとめて管理する",
	},
	Why: review.Text{
		EN: "Dozens of single secrets are dozens of rights, rotations and bills to look after, and dozens of calls at every start. More than 10 is where one fetch of Parameter Store ends.",
		JA: "一つずつ管理すると、権限、ローテーション、課金、起動時の取得回数がその数だけ増えます。10 個は Parameter Store の一度の取得で足りる上限です。",
	},
	Todo: review.Text{
		EN: "Keep what belongs together as keys of one JSON secret in Secrets Manager, and refer to each key.",
		JA: "関連する値を Secrets Manager の一つの JSON シークレットにまとめ、キーごとに参照してください。",
	},
	Checks: []review.Check{{
		Needs: []review.Part{review.PartTaskDef},
		Run: func(s *review.Subject) []review.Outcome {
			td, entries := s.TaskDef.Value, map[string]bool{}
			at, values := td.At("containerDefinitions"), 0
			for i, c := range td.ContainerDefinitions {
				for _, r := range c.Secrets {
					if values == 0 {
						at = td.At("containerDefinitions", i, "secrets")
					}
					values++
					entries[review.ParseSecretRef(str(r.ValueFrom)).ID] = true
				}
			}
			if len(entries) > mostEntries {
				return []review.Outcome{review.Failed(at, "%d secrets lie in %d entries of the stores", "%d 個のシークレットがストアの %d 項目に分かれている", values, len(entries))}
			}
			return []review.Outcome{review.Passed(at, "secrets: %d, entries of the stores: %d", "シークレット %d 個、ストアの項目 %d 個", values, len(entries))}
		},
	}},
}

// mostEntries is what one GetParameters call fetches.
const mostEntries = 10
