package rules

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var log14 = review.Rule{
	ID:       "LOG-14",
	Pillar:   review.Performance,
	Severity: review.Low,
	Sources:  []string{"S0:33"},
	Title: review.Text{
		EN: "The log router is Fluent Bit, and has a size",
		JA: "ログルーターには Fluent Bit を使い、サイズを決める",
	},
	Why: review.Text{
		EN: "For the same lines Fluentd took three to four times the CPU and four to six times the memory in the source's measurement; the task pays for it in every copy.",
		JA: "出典の測定では、同じログに対して Fluentd は 3〜4 倍の CPU と 4〜6 倍のメモリを使いました。その分はタスクの数だけかかります。",
	},
	Todo: review.Text{
		EN: "Use type fluentbit with AWS's image aws-for-fluent-bit and give it memoryReservation; if a Fluentd plugin is needed, measure and waive.",
		JA: "type を fluentbit にして AWS の aws-for-fluent-bit イメージを使い、memoryReservation を指定してください。Fluentd のプラグインが必要なら、測定した上で waiver に書いてください。",
	},
	Checks: []review.Check{{
		Needs: []review.Part{review.PartTaskDef},
		Run: func(s *review.Subject) (out []review.Outcome) {
			td := s.TaskDef.Value
			for _, i := range routers(td) {
				c, at := td.ContainerDefinitions[i], td.At("containerDefinitions", i, "firelensConfiguration", "type")
				switch {
				case c.FirelensConfiguration.Type == types.FirelensConfigurationTypeFluentd:
					out = append(out, review.Failed(at, "container %s: the router is Fluentd", "コンテナ %s: ルーターが Fluentd", str(c.Name)))
				case strings.Contains(str(c.Image), "fluentd"):
					out = append(out, review.Failed(at, "container %s: type %s, and the image is %s", "コンテナ %s: type は %s だがイメージは %s", str(c.Name), string(c.FirelensConfiguration.Type), str(c.Image)))
				case c.Memory == nil && c.MemoryReservation == nil:
					out = append(out, review.Failed(td.At("containerDefinitions", i), "container %s: the router has neither memory nor memoryReservation: its buffer has no measure", "コンテナ %s: ルーターに memory も memoryReservation もなく、バッファの大きさが決まらない", str(c.Name)))
				default:
					out = append(out, review.Passed(at, "container %s: Fluent Bit with a size of its own", "コンテナ %s: Fluent Bit、サイズ指定あり", str(c.Name)))
				}
			}
			if len(out) == 0 {
				out = append(out, review.Passed(td.At("containerDefinitions"), "no container is a log router", "ログルーターのコンテナはない"))
			}
			return out
		},
	}},
}
