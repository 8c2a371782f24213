package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var gov01 = review.Rule{
	ID:       "GOV-01",
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S2-Tags"},
	Title: review.Text{
		EN: "Definitions carry tags, and tasks get them",
		JA: "定義にタグがあり、タスクにも引き継がれる",
	},
	Why: review.Text{
		EN: "Without tags nobody can tell whose a task is, nor what it costs by team.",
		JA: "タグがないと、タスクの持ち主もチームごとの費用も分かりません。",
	},
	Todo: review.Text{
		EN: "Tag the task definition and the service (owner, environment, service), and set propagateTags.",
		JA: "タスク定義とサービスにタグ(所有者、環境、サービス名)を付け、propagateTags を設定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: gov01TaskDef},
		{Needs: []review.Part{review.PartService}, Run: gov01Service},
	},
}

func gov01TaskDef(s *review.Subject) []review.Outcome {
	td := s.TaskDef.Value
	if len(td.Tags) == 0 {
		return []review.Outcome{review.Failed(td.At("tags"), "the task definition has no tags", "タスク定義にタグがない")}
	}
	return []review.Outcome{review.Passed(td.At("tags"), "tags: %s", "タグ: %s", some(keys(td.Tags)))}
}

func gov01Service(s *review.Subject) (out []review.Outcome) {
	service := s.Service.Value
	if len(service.Tags) == 0 {
		out = append(out, review.Failed(service.At("tags"), "the service has no tags", "サービスにタグがない"))
	}
	if p := service.PropagateTags; p == "" || p == types.PropagateTagsNone {
		out = append(out, review.Failed(service.At("propagateTags"), "propagateTags is not set: tasks get no tags", "propagateTags がない: タスクにタグが付かない"))
	}
	if len(out) == 0 {
		out = append(out, review.Passed(service.At("tags"), "tags: %s; tasks get those of the %s", "タグ: %s。タスクは %s のものを引き継ぐ", some(keys(service.Tags)), service.PropagateTags))
	}
	return out
}

// keys are the keys of tags.
func keys(tags []types.Tag) (out []string) {
	for _, t := range tags {
		out = append(out, str(t.Key))
	}
	return out
}
