package rules

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var log15 = review.Rule{
	ID:       "LOG-15",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Low,
	Sources:  []string{"S0:34"},
	Title: review.Text{
		EN: "Different logs go to destinations of their own",
		JA: "種類の異なるログは送り先を分ける",
	},
	Why: review.Text{
		EN: "Logs of several containers in one fixed stream can neither be kept, searched nor charged apart.",
		JA: "複数のコンテナのログが一つの固定ストリームに混ざると、保管も検索も費用の把握も分けられません。",
	},
	Todo: review.Text{
		EN: "Name streams by log_stream_prefix instead of log_stream_name, or give each container a destination; split kinds within one container in the router's configuration file.",
		JA: "log_stream_name の代わりに log_stream_prefix を使うか、コンテナごとに送り先を分けてください。一つのコンテナ内の種類分けはルーターの設定ファイルで行います。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: log15Mixed}},
}

func log15Mixed(s *review.Subject) (out []review.Outcome) {
	td, first := s.TaskDef.Value, map[string]string{}
	unlabelled := false
	for _, i := range routers(td) {
		unlabelled = unlabelled || td.ContainerDefinitions[i].FirelensConfiguration.Options["enable-ecs-log-metadata"] == "false"
	}
	for i, c := range td.ContainerDefinitions {
		if !logsTo(c, types.LogDriverAwsfirelens) {
			continue
		}
		at, output, o := td.At("containerDefinitions", i, "logConfiguration"), firelensOutput(c.LogConfiguration), c.LogConfiguration.Options
		if output == "" {
			out = append(out, review.Passed(at, "container %s: the router's configuration file splits", "コンテナ %s: 振り分けはルーターの設定ファイルで行う", str(c.Name)))
			continue
		}
		destination := ""
		switch stream := o["log_stream_name"]; {
		case strings.HasPrefix(output, "cloudwatch"):
			if stream != "" && !strings.Contains(stream, "$(") {
				destination = "the log stream " + o["log_group_name"] + "/" + stream
			}
		case unlabelled && o["delivery_stream"] != "":
			destination = "the delivery stream " + o["delivery_stream"]
		}
		if other := first[destination]; destination != "" && other != "" {
			out = append(out, review.Failed(at, "containers %s and %s are mixed in %s", "コンテナ %s と %s が混ざる: %s", other, str(c.Name), destination))
			continue
		}
		first[destination] = str(c.Name)
		out = append(out, review.Passed(at, "container %s: %s, and its records can be told apart", "コンテナ %s: %s(記録は区別できる)", str(c.Name), output))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container logs through a router: each has a stream of its own", "ルーターを通すコンテナはなく、ストリームはコンテナごとに分かれる"))
	}
	return out
}
