package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg10 = review.Rule{
	ID:       "CFG-10",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Config},
	Severity: review.Medium,
	Sources:  []string{"S0:10", "S1:74"},
	Title: review.Text{
		EN: "A secret that holds several values is asked for one of them, by its JSON key",
		JA: "複数の値を持つシークレットは、JSON キーで一つを指定する",
	},
	Why: review.Text{
		EN: "Without the key the variable holds the whole JSON document: an app that takes it for a password fails, and one that prints it shows all values.",
		JA: "キーがないと変数には JSON 全体が入ります。パスワードとして使うと失敗し、表示すれば全部の値が漏れます。",
	},
	Todo: review.Text{
		EN: "Write arn:…:secret:NAME:json-key:: in valueFrom.",
		JA: "valueFrom に arn:…:secret:名前:json-key:: と書いてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: cfg10TaskDef},
	},
}

// cfg10TaskDef finds ARNs that AWS refuses when the task starts: behind the
// secret's name stand three fields, or none.
func cfg10TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	eachSecret(td, func(at review.Place, container, name, from string) {
		if !strings.Contains(from, ":secretsmanager:") {
			return
		}
		fields := strings.Split(from, ":")
		if len(fields) != 7 && len(fields) != 10 {
			out = append(out, review.Failed(at, "container %s: %s: behind the secret's name stand json-key:version-stage:version-id, or nothing", "コンテナ %s: %s: 名前の後は json-key:version-stage:version-id か、何もないかのどちらか", container, name))
		}
	})
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "the ARNs of all secrets are well-formed", "シークレットの ARN の形式は正しい"))
	}
	return out
}

// eachSecret visits the references to secrets of a task definition.
func eachSecret(td *review.TaskDef, visit func(at review.Place, container, name, from string)) {
	for i, c := range td.ContainerDefinitions {
		for j, ref := range c.Secrets {
			visit(td.At("containerDefinitions", i, "secrets", j, "valueFrom"), str(c.Name), str(ref.Name), str(ref.ValueFrom))
		}
	}
}
