package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/secret"
)

var cfg07 = review.Rule{
	ID:       "CFG-07",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.High,
	Sources:  []string{"S0:9", "S0:10"},
	Title: review.Text{
		EN: "Log drivers get their credentials by secretOptions",
		JA: "ログドライバーの認証情報は secretOptions で渡す",
	},
	Why: review.Text{
		EN: "A token in logConfiguration.options is shown to everyone who may describe the task definition, in every old revision too.",
		JA: "logConfiguration.options に書いたトークンは、タスク定義を参照できる全員に、古いリビジョンも含めて見えてしまいます。",
	},
	Todo: review.Text{
		EN: "Put the value into Secrets Manager or Parameter Store, name it in logConfiguration.secretOptions[].valueFrom, and change the value: it has been seen.",
		JA: "値を Secrets Manager か Parameter Store に入れて logConfiguration.secretOptions[].valueFrom で参照し、すでに見えている値は変更してください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: cfg07Options}},
}

// driverSecrets are options that hold credentials under names of their own,
// without regard to case, dashes and underscores.
var driverSecrets = []string{"splunktoken", "sharedkey", "licensekey", "apikey", "httppasswd", "awssecretaccesskey"}

func cfg07Options(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		l := c.LogConfiguration
		if l == nil {
			continue
		}
		for _, name := range sortedKeys(l.Options) {
			value := l.Options[name]
			if kind := driverSecret(name, value); kind != secret.None {
				out = append(out, review.Failed(td.At("containerDefinitions", i, "logConfiguration", "options", name),
					"container %s: the log option %s looks like %s (fingerprint %s)",
					"コンテナ %s: ログオプション %s は秘密情報に見える(%s、フィンガープリント %s)",
					str(c.Name), name, kind, s.Print(value)))
			}
		}
		for j, o := range l.SecretOptions {
			out = append(out, review.Passed(td.At("containerDefinitions", i, "logConfiguration", "secretOptions", j),
				"container %s: the log option %s comes from a store", "コンテナ %s: ログオプション %s はストアから来る", str(c.Name), str(o.Name)))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"),
			"no log option looks like a secret", "秘密情報に見えるログオプションはない"))
	}
	return out
}

func driverSecret(name, value string) secret.Kind {
	if kind := secret.Looks(name, value); kind != secret.None {
		return kind
	}
	plain := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
	for _, known := range driverSecrets {
		if plain == known && value != "" && !strings.HasPrefix(value, "${") {
			return secret.Password
		}
	}
	return secret.None
}
