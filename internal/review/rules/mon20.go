package rules

import (
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var mon20 = review.Rule{
	ID:       "MON-20",
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S4-Trace"},
	Title: review.Text{
		EN: "Who traces has both halves: a library in the program and a receiver",
		JA: "トレースには、プログラムのライブラリと受け手の両方がある",
	},
	Why: review.Text{
		EN: "A library without a receiver drops what it measures, and a receiver without a library waits for nothing.",
		JA: "受け手のないライブラリは計測を捨て、ライブラリのない受け手は何も受け取りません。",
	},
	Todo: review.Text{
		EN: "Add the collector (aws-otel-collector) as a container of the task, or name another by OTEL_EXPORTER_OTLP_ENDPOINT; or take the lone half out.",
		JA: "コレクター(aws-otel-collector)をタスクに加えるか、OTEL_EXPORTER_OTLP_ENDPOINT で別の受け手を指定してください。不要なら残った側を外してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: mon20TaskDef},
	},
}

func mon20TaskDef(s *review.Subject) []review.Outcome {
	td := s.TaskDef.Value
	receiver, at := traceReceiver(td)
	sign, from := tracing(s)
	switch {
	case receiver != "" && sign != "":
		return []review.Outcome{review.Passed(at, "%s receives what %s sends", "%[2]s が送り、%[1]s が受ける", receiver, sign)}
	case sign != "" && (from.File == td.File || !wantsReceiver.MatchString(sign)): // settings may name a service elsewhere, and some agents send there by themselves
		return []review.Outcome{review.Passed(from, "tracing is set up by %s", "トレースは %s で設定されている", sign)}
	case sign != "" && hasEnvironmentFiles(td):
		return []review.Outcome{review.Unexamined(from, review.Say("look whether the environment file names the collector", "環境ファイルがコレクターを指定しているか確認してください"),
			"%s is in the program; the task has no collector, and an environment file may name one", "%s が組み込まれ、タスクにコレクターはない。環境ファイルで指定されている可能性がある", sign)}
	case sign != "":
		return []review.Outcome{review.Failed(from, "%s is in the program, and the task has no collector and names none", "%s が組み込まれているが、タスクにコレクターがなく、受け手の指定もない", sign)}
	case receiver != "" && !s.Source.OK:
		return []review.Outcome{review.Unexamined(at, review.Say("give --source", "--source を指定してください"), "%s waits for traces; whether the program sends any is in its source", "%s がトレースを待っている。プログラムが送るかはソースを見ないと分からない", receiver)}
	case receiver != "":
		return []review.Outcome{review.Failed(at, "%s waits for traces, and no tracing library was found in the source", "%s がトレースを待っているが、ソースにトレースのライブラリがない", receiver)}
	}
	return []review.Outcome{review.Passed(td.At("containerDefinitions"), "the task does not trace (MON-19 asks whether it should)", "このタスクはトレースを使わない(使うべきかは MON-19)")}
}

var receiverImage = regexp.MustCompile(`(?i)xray-daemon|otel-collector|opentelemetry-collector|datadog/agent|cloudwatch-agent|jaegertracing|newrelic/infrastructure|grafana/(alloy|agent)`)

var (
	receiverName  = regexp.MustCompile(`^(OTEL_EXPORTER_OTLP_(TRACES_)?ENDPOINT|AWS_XRAY_DAEMON_ADDRESS|DD_AGENT_HOST|DD_TRACE_AGENT_URL)$`)
	wantsReceiver = regexp.MustCompile(`(?i)opentelemetry|xray|dd-?trace`)
)

func hasEnvironmentFiles(td *review.TaskDef) bool {
	return slices.ContainsFunc(td.ContainerDefinitions, func(c types.ContainerDefinition) bool { return len(c.EnvironmentFiles) > 0 })
}

// traceReceiver is what takes the traces: a container, or an endpoint that an
// environment names.
func traceReceiver(td *review.TaskDef) (string, review.Place) {
	for i, c := range td.ContainerDefinitions {
		if receiverImage.MatchString(str(c.Image)) {
			return "container " + str(c.Name), td.At("containerDefinitions", i)
		}
	}
	for i, c := range td.ContainerDefinitions {
		for j, e := range c.Environment {
			if receiverName.MatchString(str(e.Name)) {
				return str(e.Name), td.At("containerDefinitions", i, "environment", j)
			}
		}
		for j, e := range c.Secrets {
			if receiverName.MatchString(str(e.Name)) {
				return str(e.Name), td.At("containerDefinitions", i, "secrets", j)
			}
		}
	}
	return "", review.Place{}
}
