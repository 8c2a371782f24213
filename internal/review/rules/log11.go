package rules

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var log11 = review.Rule{
	ID:       "LOG-11",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.High,
	Sources:  []string{"S0:30", "S1:69", "S4-Log"},
	Title: review.Text{
		EN: "awsfirelens has a log router that sends somewhere",
		JA: "awsfirelens にはログルーターと送り先がある",
	},
	Why: review.Text{
		EN: "Without a router the definition is refused; with a router that has no output the logs are taken and thrown away.",
		JA: "ルーターがなければタスク定義は登録できず、出力のないルーターはログを受け取って捨てます。",
	},
	Todo: review.Text{
		EN: "Add one container with firelensConfiguration, log it with awslogs itself, and give each awsfirelens container a Name option or the router a configuration file.",
		JA: "firelensConfiguration を持つコンテナを一つ置き、それ自身は awslogs で出力し、各 awsfirelens コンテナに Name オプションを書くか、ルーターに設定ファイルを渡してください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: log11Wiring}},
}

func log11Wiring(s *review.Subject) (out []review.Outcome) {
	td, found := s.TaskDef.Value, routers(s.TaskDef.Value)
	for n, i := range found {
		c, at := td.ContainerDefinitions[i], td.At("containerDefinitions", i, "firelensConfiguration")
		switch {
		case n > 0:
			out = append(out, review.Failed(at, "container %s: a second log router; a task takes one", "コンテナ %s: ログルーターが二つある(一つまで)", str(c.Name)))
		case logsTo(c, types.LogDriverAwsfirelens):
			out = append(out, review.Failed(at, "container %s: the log router sends its own log to itself", "コンテナ %s: ログルーターが自身のログを自分に送っている", str(c.Name)))
		case c.FirelensConfiguration.Type != types.FirelensConfigurationTypeFluentbit && c.FirelensConfiguration.Type != types.FirelensConfigurationTypeFluentd:
			out = append(out, review.Failed(at, "container %s: the router's type is %q, neither fluentbit nor fluentd", "コンテナ %s: ルーターの type が %q(fluentbit か fluentd)", str(c.Name), string(c.FirelensConfiguration.Type)))
		}
	}
	users := 0
	for i, c := range td.ContainerDefinitions {
		if !logsTo(c, types.LogDriverAwsfirelens) || logRouter(c) {
			continue
		}
		users++
		at := td.At("containerDefinitions", i, "logConfiguration")
		if len(found) == 0 {
			out = append(out, review.Failed(at, "container %s: awsfirelens, and no container has firelensConfiguration", "コンテナ %s: awsfirelens だが firelensConfiguration を持つコンテナがない", str(c.Name)))
			continue
		}
		out = append(out, log11User(td, i, td.ContainerDefinitions[found[0]]))
	}
	switch {
	case len(out) == 0 && len(found) == 0:
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container uses awsfirelens", "awsfirelens を使うコンテナはない"))
	case len(out) == 0 && users == 0:
		out = append(out, review.Failed(td.At("containerDefinitions", found[0], "firelensConfiguration"), "a log router runs and no container uses it", "ログルーターがあるのに使うコンテナがない"))
	}
	return out
}

// log11User looks at one container that logs through the router.
func log11User(td *review.TaskDef, i int, router types.ContainerDefinition) review.Outcome {
	c, at := td.ContainerDefinitions[i], td.At("containerDefinitions", i, "logConfiguration")
	for j, d := range c.DependsOn {
		if str(d.ContainerName) == str(router.Name) && d.Condition != types.ContainerConditionStart && d.Condition != types.ContainerConditionHealthy {
			return review.Failed(td.At("containerDefinitions", i, "dependsOn", j), "container %s: waits for the log router to be %s; START or HEALTHY is allowed", "コンテナ %s: ログルーターへの依存が %s(START か HEALTHY のみ)", str(c.Name), string(d.Condition))
		}
	}
	output := firelensOutput(c.LogConfiguration)
	sends := len(c.LogConfiguration.SecretOptions) > 0
	for _, key := range sortedKeys(c.LogConfiguration.Options) {
		switch strings.ToLower(key) {
		case "include-pattern", "exclude-pattern", "log-driver-buffer-limit":
		default:
			sends = true
		}
	}
	switch {
	case output != "":
		return review.Passed(at, "container %s: to %s by the router %s", "コンテナ %s: %s へ、ルーターは %s", str(c.Name), output, str(router.Name))
	case sends:
		return review.Failed(at, "container %s: output options without Name (of fluentd: @type)", "コンテナ %s: 出力オプションに Name(fluentd では @type)がない", str(c.Name))
	case ownConfig(router):
		return review.Passed(at, "container %s: where to, the router's configuration file says", "コンテナ %s: 送り先はルーターの設定ファイルが決める", str(c.Name))
	}
	return review.Failed(at, "container %s: no output: neither an option Name nor a configuration file of the router", "コンテナ %s: 出力がない(Name オプションもルーターの設定ファイルもない)", str(c.Name))
}

// ownConfig reports whether a router gets a configuration of its own: by its
// options, or by the variables that AWS's init image reads.
func ownConfig(router types.ContainerDefinition) bool {
	if router.FirelensConfiguration != nil && router.FirelensConfiguration.Options["config-file-value"] != "" {
		return true
	}
	for _, e := range router.Environment {
		if strings.HasPrefix(strings.ToLower(str(e.Name)), "aws_fluent_bit_init_") {
			return true
		}
	}
	return false
}
