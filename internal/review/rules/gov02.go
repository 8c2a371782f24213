package rules

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var gov02 = review.Rule{
	ID:       "GOV-02",
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S2-Tags"},
	Title: review.Text{
		EN: "What runs carries tags",
		JA: "動いているリソースにタグが付いている",
	},
	Why: review.Text{
		EN: "Tags answer whose it is and what it costs. A task without them shows up in the bill as nobody's.",
		JA: "タグは誰のもので、いくらかかるかを示します。タグのないタスクは請求書で持ち主不明になります。",
	},
	Todo: review.Text{
		EN: "Tag the service and the cluster, and set propagateTags to SERVICE or TASK_DEFINITION so that tasks get the tags.",
		JA: "サービスとクラスターにタグを付け、propagateTags を SERVICE か TASK_DEFINITION にしてタスクに引き継いでください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: gov02Live},
	},
}

func gov02Live(s *review.Subject) (out []review.Outcome) {
	l := s.Live.Value
	look := func(what, arn string, tags []types.Tag) {
		var names []string
		for _, t := range tags {
			if !strings.HasPrefix(str(t.Key), "aws:") { // AWS's own
				names = append(names, str(t.Key))
			}
		}
		if len(names) == 0 {
			out = append(out, review.Failed(review.Place{File: arn}, "the %s has no tags", "%s にタグがない", what))
			return
		}
		out = append(out, review.Passed(review.Place{File: arn}, "the %s has tags: %s", "%s のタグ: %s", what, strings.Join(names, ", ")))
	}
	if l.Cluster.OK {
		look("cluster", str(l.Cluster.Value.ClusterArn), l.Cluster.Value.Tags)
	} else {
		out = append(out, unread(l.Cluster, liveAt(s), ""))
	}
	if l.Service.OK {
		look("service", str(l.Service.Value.ServiceArn), l.Service.Value.Tags)
	}
	if !l.Tasks.OK {
		return append(out, unread(l.Tasks, liveAt(s), ""))
	}
	for _, t := range runningTasks(l) {
		look("task", str(t.TaskArn), t.Tags)
	}
	return out
}
