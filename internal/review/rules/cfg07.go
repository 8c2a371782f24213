package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review/secret"
	"github.com/hatoba/hatoba/internal/review"
)

var cfg07 = review.Rule{
	ID:       "CFG-07",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.High,
	Sources:  []string{"S0:9", "S0:10"},
	Title: review.Text{
		EN: "A log driver's credentials come by secretOptions",
		JA: "ログドライバーの認証情報は secretOptions で渡す",
	},
	Why: review.Text{
		EN: "A token in options is shown to everyone who may describe the task definition.",
		JA: "options に書いたトークンは、タスク定義を参照できる全員に見えます。",
	},
	Todo: review.Text{
		EN: "Move the value into a secret store and name it in logConfiguration.secretOptions; change the value, for it has been seen.",
		JA: "値をシークレットストアに移して logConfiguration.secretOptions で参照し、値も変更してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: cfg07TaskDef},
	},
}

func cfg07TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		if c.LogConfiguration == nil {
			continue
		}
		for _, name := range sortedKeys(c.LogConfiguration.Options) {
			value := c.LogConfiguration.Options[name]
			if kind := secret.Looks(strings.ReplaceAll(name, "-", "_"), value); kind != secret.None {
				out = append(out, review.Failed(td.At("containerDefinitions", i, "logConfiguration", "options", name),
					"container %s: the log option %s looks like %s (fingerprint %s)", "コンテナ %s: ログオプション %s は秘密情報に見える(%s、フィンガープリント %s)",
					str(c.Name), name, kind, s.Print(value)))
			}
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no log option looks like a secret", "秘密情報に見えるログオプションはない"))
	}
	return out
}
