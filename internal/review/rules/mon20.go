package rules

import (
	"regexp"

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
	case receiver == "" && sign != "" && !s.Source.OK && !s.Dockerfile.OK: // only a setting, which may name a service elsewhere
		return []review.Outcome{review.Passed(from, "tracing is set up by %s", "トレースは %s で設定されている", sign)}
	case receiver == "" && sign != "":
		return []review.Outcome{review.Failed(from, "%s is in the program, and the task has no collector and names none", "%s が組み込まれているが、タスクにコレクターがなく、受け手の指定もない", sign)}
	case receiver != "" && !s.Source.OK:
		return []review.Outcome{review.Unexamined(at, review.Say("give --source", "--source を指定してください"), "%s waits for traces; whether the program sends any is in its source", "%s がトレースを待っている。プログラムが送るかはソースを見ないと分からない", receiver)}
	case receiver != "":
		return []review.Outcome{review.Failed(at, "%s waits for traces, and no tracing library was found in the source", "%s がトレースを待っているが、ソースにトレースのライブラリがない", receiver)}
	}
	return []review.Outcome{review.Passed(td.At("containerDefinitions"), "the task does not trace (MON-19 asks whether it should)", "このタスクはトレースを使わない(使うべきかは MON-19)")}
}

var receiverImage = regexp.MustCompile(`(?i)xray-daemon|otel-collector|opentelemetry-collector|datadog/agent|cloudwatch-agent|jaegertracing|newrelic/infrastructure|grafana/(alloy|agent)`)

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
			switch str(e.Name) {
			case "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "AWS_XRAY_DAEMON_ADDRESS", "DD_AGENT_HOST", "DD_TRACE_AGENT_URL":
				return str(e.Name), td.At("containerDefinitions", i, "environment", j)
			}
		}
	}
	return "", review.Place{}
}
