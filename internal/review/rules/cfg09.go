package rules

import (
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg09 = review.Rule{
	ID:       "CFG-09",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Concurrency},
	Severity: review.Medium,
	Sources:  []string{"S0:9", "S0:10"},
	Title: review.Text{
		EN: "Starting all tasks at once stays within the secret store's rate",
		JA: "一斉に起動しても、シークレットストアのレート上限に収まる",
	},
	Why: review.Text{
		EN: "Every task reads its secrets when it starts. A deployment or a scale-out that is throttled does not start.",
		JA: "タスクは起動時に秘密情報を読みます。デプロイやスケールアウトで制限にかかると、タスクは起動しません。",
	},
	Todo: review.Text{
		EN: "Group values into one secret with JSON keys, or raise the parameter store to its higher throughput.",
		JA: "値を JSON キー付きの 1 つのシークレットにまとめるか、Parameter Store の高スループット設定を有効にしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartService}, Run: cfg09Both},
	},
}

// What the stores take each second without being asked for more.
// https://docs.aws.amazon.com/general/latest/gr/ssm.html,
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const (
	parameterRate = 40
	secretRate    = 10000
	// perCall is how many parameters one GetParameters reads.
	perCall = 10
)

func cfg09Both(s *review.Subject) []review.Outcome {
	td, service := s.TaskDef.Value, s.Service.Value
	secrets, parameters := 0, 0
	for _, c := range td.ContainerDefinitions {
		refs := c.Secrets
		if c.LogConfiguration != nil {
			refs = append(slices.Clone(refs), c.LogConfiguration.SecretOptions...)
		}
		for _, ref := range refs {
			if strings.Contains(str(ref.ValueFrom), ":secretsmanager:") {
				secrets++
			} else {
				parameters++
			}
		}
	}
	most := int32(200)
	if d := service.DeploymentConfiguration; d != nil && d.MaximumPercent != nil {
		most = *d.MaximumPercent
	}
	// A deployment starts what the maximum leaves room for; a recovery starts all.
	atOnce := int(max(service.DesiredCount, service.DesiredCount*(most-100)/100))
	calls, reads := (parameters+perCall-1)/perCall*atOnce, secrets*atOnce
	at := service.At("desiredCount")
	var out []review.Outcome
	if calls > parameterRate {
		out = append(out, review.Failed(at, "%d tasks at once read parameters %d times; the store takes %d a second", "%d タスクの一斉起動でパラメーターを %d 回読む。上限は毎秒 %d 回", atOnce, calls, parameterRate))
	}
	if reads > secretRate {
		out = append(out, review.Failed(at, "%d tasks at once read secrets %d times; the store takes %d a second", "%d タスクの一斉起動でシークレットを %d 回読む。上限は毎秒 %d 回", atOnce, reads, secretRate))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(at, "%d task(s) at once read secrets %d and parameters %d times", "%d タスクの一斉起動で、シークレットを %d 回、パラメーターを %d 回読む", atOnce, reads, calls))
	}
	return out
}
