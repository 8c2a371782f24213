package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg09 = review.Rule{
	ID:       "CFG-09",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Concurrency},
	Severity: review.Medium,
	Sources:  []string{"S0:9", "S0:10"},
	Title: review.Text{
		EN: "Tasks that start at once fetch their secrets within the store's rate",
		JA: "同時に起動するタスクのシークレット取得がストアのレート上限に収まる",
	},
	Why: review.Text{
		EN: "Each task fetches its secrets before it starts. Beyond the store's rate the fetches are throttled and tasks fail to start, just when many are needed.",
		JA: "各タスクは起動前にシークレットを取得します。上限を超えるとスロットリングされ、多くのタスクが必要なときに限って起動に失敗します。",
	},
	Todo: review.Text{
		EN: "Turn on higher throughput of Parameter Store, keep several values in one secret, or lower maximumPercent so that fewer tasks start at once.",
		JA: "Parameter Store の高スループット設定を有効にする、複数の値を一つのシークレットにまとめる、maximumPercent を下げて同時起動数を減らす、のいずれかを行ってください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef, review.PartService}, Run: cfg09Burst}},
}

// Rates per second of an account in a region, as AWS sets them by default; both
// are shared with everything else in the account. The source is of 2020 and says
// 3,000 for Secrets Manager.
const (
	parameterRate = 40     // GetParameters
	secretRate    = 10_000 // GetSecretValue
	fargateBurst  = 100    // tasks Fargate launches in one second, at most
)

func cfg09Burst(s *review.Subject) []review.Outcome {
	td, service := s.TaskDef.Value, s.Service.Value
	at := service.At("desiredCount")
	secrets, parameters := fetched(td)
	if secrets+parameters == 0 {
		return []review.Outcome{review.Passed(td.At("containerDefinitions"), "no task fetches a secret", "シークレットを取得するタスクはない")}
	}
	count, said := desired(service)
	if service.SchedulingStrategy == types.SchedulingStrategyDaemon || !said {
		return []review.Outcome{review.Unexamined(at, review.Say("set desiredCount, or review the running service", "desiredCount を設定するか、稼働中のサービスをレビューしてください"),
			"the service does not say how many tasks it wants", "サービスがタスク数を示していない")}
	}
	healthy, most := percents(service)
	// A first start, or all that a deployment may start beside what it keeps.
	tasks := max(count, count*most/100-(count*healthy+99)/100)
	if onFargate(s) {
		tasks = min(tasks, fargateBurst)
	}
	var out []review.Outcome
	for _, store := range []struct {
		name        string
		calls, rate int
	}{
		{"Parameter Store (GetParameters)", (parameters + 9) / 10, parameterRate},
		{"Secrets Manager (GetSecretValue)", secrets, secretRate},
	} {
		if store.calls == 0 {
			continue
		}
		answer := review.Passed
		if store.calls*tasks > store.rate {
			answer = review.Failed
		}
		out = append(out, answer(at, "%[1]s: up to %[2]d tasks start at once, calls each: %[3]d, together: %[4]d; assumed: all in one second, against AWS's default of %[5]d a second",
			"%[1]s: 最大 %[2]d タスクが同時に起動し、各 %[3]d 回で計 %[4]d 回(全て 1 秒以内と仮定、AWS の既定は毎秒 %[5]d 回)",
			store.name, tasks, store.calls, store.calls*tasks, store.rate))
	}
	return out
}

// fetched counts the references a task resolves: each of a secret is a call,
// parameters go by tens.
func fetched(td *review.TaskDef) (secrets, parameters int) {
	seen := map[string]bool{}
	add := func(refs []types.Secret) {
		for _, r := range refs {
			ref := review.ParseSecretRef(str(r.ValueFrom))
			switch {
			case str(r.ValueFrom) == "" || ref.Broken != "" || seen[str(r.ValueFrom)]:
			case ref.Store == "ssm":
				parameters++
			default:
				secrets++
			}
			seen[str(r.ValueFrom)] = true
		}
	}
	for _, c := range td.ContainerDefinitions {
		add(c.Secrets)
		if c.LogConfiguration != nil {
			add(c.LogConfiguration.SecretOptions)
		}
	}
	return secrets, parameters
}
