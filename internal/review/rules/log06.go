package rules

import (
	"github.com/hatoba/hatoba/internal/review"
)

var log06 = review.Rule{
	ID:       "LOG-06",
	Pillar:   review.Cost,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Low,
	Sources:  []string{"S0:26", "S0:27", "S1:69"},
	Title: review.Text{
		EN: "Log groups keep lines as long as they are needed, not for ever",
		JA: "ロググループの保持期間は必要な長さにする(無期限にしない)",
	},
	Why: review.Text{
		EN: "A log group keeps lines for ever unless it is told otherwise, and every month of it is paid for.",
		JA: "ロググループは指定しなければ無期限に保存され、その分の料金が毎月かかります。",
	},
	Todo: review.Text{
		EN: "Set the retention of the group: aws logs put-retention-policy --retention-in-days 30, or as long as the law asks.",
		JA: "保持期間を設定してください。例: aws logs put-retention-policy --retention-in-days 30(法令が求める期間に合わせる)。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: log06Live},
	},
}

func log06Live(s *review.Subject) []review.Outcome {
	return eachLogGroup(s, func(at review.Place, name string, g review.LogGroup) review.Outcome {
		if g.RetentionDays == 0 {
			return review.Failed(at, "log group %s keeps its lines for ever", "ロググループ %s は無期限に保存する", name)
		}
		return review.Passed(at, "log group %s keeps its lines %d days", "ロググループ %s の保持期間は %d 日", name, g.RetentionDays)
	})
}

// eachLogGroup looks at every log group of the task once.
func eachLogGroup(s *review.Subject, look func(review.Place, string, review.LogGroup) review.Outcome) (out []review.Outcome) {
	td, seen := s.TaskDef.Value, map[string]bool{}
	for i, c := range td.ContainerDefinitions {
		name := awslogs(c, "awslogs-group")
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		at := td.At("containerDefinitions", i, "logConfiguration", "options", "awslogs-group")
		switch g := s.Live.Value.LogGroups[name]; {
		case !g.OK:
			out = append(out, unread(g, at, "log group "+name))
		case !g.Value.Exists:
			out = append(out, review.Unexamined(at, review.Say("make the group, then review", "ロググループを作成してからレビューしてください"), "log group %s does not exist yet", "ロググループ %s はまだない", name))
		default:
			out = append(out, look(at, name, g.Value))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "no container logs with awslogs", "awslogs を使うコンテナはない"))
	}
	return out
}
