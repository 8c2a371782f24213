package rules

import (
	"cmp"
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
		JA: "定義にタグがあり、タスクに引き継がれる",
	},
	Why: review.Text{
		EN: "Untagged tasks can be charged to nobody and found by nobody. ECS copies no tags to tasks unless it is told to.",
		JA: "タグのないタスクは費用も担当も追えません。ECS は指定しない限りタグをタスクに引き継ぎません。",
	},
	Todo: review.Text{
		EN: "Write the tags your organisation asks for into the definitions, and set propagateTags to SERVICE or TASK_DEFINITION.",
		JA: "組織で決めたタグを定義に書き、propagateTags を SERVICE か TASK_DEFINITION にしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: func(s *review.Subject) []review.Outcome {
			td := s.TaskDef.Value
			if len(td.Tags) == 0 {
				return []review.Outcome{review.Failed(td.At("tags"), "the task definition has no tags", "タスク定義にタグがない")}
			}
			return []review.Outcome{review.Passed(td.At("tags"), "tags of the task definition: %d", "タスク定義のタグは %d 個", len(td.Tags))}
		}},
		{Needs: []review.Part{review.PartService}, Run: gov01Service},
	},
}

func gov01Service(s *review.Subject) []review.Outcome {
	service := s.Service.Value
	at := service.At("propagateTags")
	switch service.PropagateTags {
	case types.PropagateTagsService:
		if len(service.Tags) == 0 {
			return []review.Outcome{review.Failed(at, "tasks get the service's tags, and it has none", "タスクはサービスのタグを引き継ぐが、サービスにタグがない")}
		}
	case types.PropagateTagsTaskDefinition:
	default:
		return []review.Outcome{review.Failed(at, "propagateTags is %s: tasks get no tags", "propagateTags が %s で、タスクにタグが付かない", cmp.Or(string(service.PropagateTags), "NONE"))}
	}
	return []review.Outcome{review.Passed(at, "tasks get the tags of %s", "タスクは %s のタグを引き継ぐ", string(service.PropagateTags))}
}
