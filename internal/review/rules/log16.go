package rules

import (
	"path"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var log16 = review.Rule{
	ID:       "LOG-16",
	Pillar:   review.Cost,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Info,
	Sources:  []string{"S1:69", "S4-Log"},
	Title: review.Text{
		EN: "A log router feeds the hot store and the archive at once",
		JA: "ログルーターが検索用ストアとアーカイブに同時に送る",
	},
	Why: review.Text{
		EN: "One destination is either dear to keep for years or slow to search in an incident.",
		JA: "送り先が一つだけでは、長期保管の費用が高くなるか、障害時の検索が遅くなります。",
	},
	Todo: review.Text{
		EN: "Give the router a configuration file with two outputs, such as cloudwatch_logs with a short retention and s3.",
		JA: "保持期間を短くした cloudwatch_logs と s3 のように、出力が二つある設定ファイルをルーターに渡してください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartTaskDef}, Run: log16Both}},
}

func log16Both(s *review.Subject) (out []review.Outcome) {
	td, found := s.TaskDef.Value, routers(s.TaskDef.Value)
	if len(found) == 0 {
		return []review.Outcome{review.Passed(td.At("containerDefinitions"), "no log router; what is archived is a matter of the log groups", "ログルーターなし(アーカイブはロググループ側の設定による)")}
	}
	router := td.ContainerDefinitions[found[0]]
	for i, c := range td.ContainerDefinitions {
		if !logsTo(c, types.LogDriverAwsfirelens) || logRouter(c) {
			continue
		}
		at, output := td.At("containerDefinitions", i, "logConfiguration"), firelensOutput(c.LogConfiguration)
		if !ownConfig(router) {
			out = append(out, review.Failed(at, "container %s: goes to %s alone", "コンテナ %s: 送り先は %s だけ", str(c.Name), orElse(output, "nothing")))
			continue
		}
		file := routerFile(s, router)
		if file == nil {
			out = append(out, review.Unexamined(at, review.Say("give --source with the router's configuration file in it", "ルーターの設定ファイルを含むフォルダーを --source で指定してください"),
				"container %s: the outputs are in the router's configuration file, which was not given", "コンテナ %s: 出力はルーターの設定ファイルにあるが、与えられていない", str(c.Name)))
			continue
		}
		outputs := map[string]bool{}
		if output != "" {
			outputs[output] = true
		}
		for _, m := range routerOutput.FindAllStringSubmatch(file.Text, -1) {
			outputs[strings.ToLower(m[1])] = true
		}
		answer := review.Passed
		if len(outputs) < 2 {
			answer = review.Failed
		}
		out = append(out, answer(at, "container %s: goes to %s (%s)", "コンテナ %s: 送り先は %s(%s)", str(c.Name), orElse(strings.Join(sortedKeys(outputs), ", "), "nothing"), file.Path))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions", found[0]), "no container sends to the router", "ルーターに送るコンテナはない"))
	}
	return out
}

// routerOutput finds the outputs of a Fluent Bit file in classic form.
var routerOutput = regexp.MustCompile(`(?im)^\s*\[OUTPUT\]\s*(?:\n\s*(?:#.*)?)*(?:\n[ \t]+\S.*)*?\n[ \t]+name[ \t]+(\S+)`)

// routerFile is the router's configuration in the source, by its base name.
func routerFile(s *review.Subject, router types.ContainerDefinition) *review.SourceFile {
	if !s.Source.OK || router.FirelensConfiguration == nil {
		return nil
	}
	base := path.Base(router.FirelensConfiguration.Options["config-file-value"])
	for i, f := range s.Source.Value.Files {
		if path.Base(f.Path) == base {
			return &s.Source.Value.Files[i]
		}
	}
	return nil
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
