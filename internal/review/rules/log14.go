package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var log14 = review.Rule{
	ID:       "LOG-14",
	Pillar:   review.Performance,
	Severity: review.Low,
	Sources:  []string{"S0:33"},
	Title: review.Text{
		EN: "The log router is Fluent Bit, and is given a size",
		JA: "ログルーターには Fluent Bit を使い、サイズを決める",
	},
	Why: review.Text{
		EN: "Fluentd needs several times the CPU and memory of Fluent Bit for the same lines (measure for yourself); a router without a size takes them from the app.",
		JA: "同じ量のログに、Fluentd は Fluent Bit の数倍の CPU とメモリを使います(自分でも測ってください)。サイズのないルーターはアプリの分を使います。",
	},
	Todo: review.Text{
		EN: "Use firelensConfiguration type fluentbit where no plugin needs Fluentd, and set memory or memoryReservation of the router.",
		JA: "Fluentd のプラグインが不要なら type を fluentbit にし、ルーターに memory か memoryReservation を設定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: log14TaskDef},
	},
}

func log14TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	for i, c := range td.ContainerDefinitions {
		if c.FirelensConfiguration == nil {
			continue
		}
		at := td.At("containerDefinitions", i, "firelensConfiguration")
		switch {
		case c.FirelensConfiguration.Type == types.FirelensConfigurationTypeFluentd:
			out = append(out, review.Failed(at, "container %s is Fluentd", "コンテナ %s は Fluentd", str(c.Name)))
		case c.Memory == nil && c.MemoryReservation == nil:
			out = append(out, review.Failed(td.At("containerDefinitions", i), "the router %s has no size", "ルーター %s にサイズの指定がない", str(c.Name)))
		default:
			out = append(out, review.Passed(at, "container %s: %s, sized", "コンテナ %s: %s、サイズ指定あり", str(c.Name), c.FirelensConfiguration.Type))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container is a FireLens router", "FireLens のルーターはない"))
	}
	return out
}
