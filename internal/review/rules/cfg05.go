package rules

import (
	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/secret"
)

var cfg05 = review.Rule{
	ID:       "CFG-05",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.High,
	Sources:  []string{"S0:9", "S0:10", "S1:72"},
	Title: review.Text{
		EN: "Secrets come from a secret store, by secrets[].valueFrom",
		JA: "秘密情報は secrets[].valueFrom でシークレットストアから受け取る",
	},
	Why: review.Text{
		EN: "What stands in environment is shown to everyone who may describe the task definition, and stays in every old revision.",
		JA: "environment に書いた値は、タスク定義を参照できる全員に見え、古いリビジョンにも残り続けます。",
	},
	Todo: review.Text{
		EN: "Put the value into Secrets Manager or Parameter Store, name its ARN in secrets[].valueFrom, and change the value: it has been seen.",
		JA: "値を Secrets Manager か Parameter Store に入れ、その ARN を secrets[].valueFrom に書いてください。値はすでに見えているので変更してください。",
	},
	Checks: []review.Check{{
		Needs: []review.Part{review.PartTaskDef},
		Run: func(s *review.Subject) (out []review.Outcome) {
			td := s.TaskDef.Value
			for i, c := range td.ContainerDefinitions {
				for j, e := range c.Environment {
					if kind := secret.Looks(str(e.Name), str(e.Value)); kind != secret.None {
						out = append(out, review.Failed(td.At("containerDefinitions", i, "environment", j, "value"),
							"container %s: %s in environment looks like %s (fingerprint %s)",
							"コンテナ %s: environment の %s は秘密情報に見える(%s、フィンガープリント %s)",
							str(c.Name), str(e.Name), kind, s.Print(str(e.Value))))
					}
				}
			}
			if len(out) == 0 {
				out = append(out, review.Passed(td.At("containerDefinitions"),
					"none of the environment values looks like a secret", "environment に秘密情報に見える値はない"))
			}
			return out
		},
	}, proven("CFG-05")},
}
