package rules

import (
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var mon10 = review.Rule{
	ID:       "MON-10",
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S0:37"},
	Title: review.Text{
		EN: "Every alarm tells a person what to do",
		JA: "すべてのアラームが、誰かに何をすべきかを伝える",
	},
	Why: review.Text{
		EN: "An alarm without a receiver is not heard, and one without a word on what to do is soon ignored.",
		JA: "通知先のないアラームは届かず、対応の書かれていないアラームはすぐに無視されます。",
	},
	Todo: review.Text{
		EN: "Give the alarm an action that reaches a person and a description with the owner and the first step, or delete it.",
		JA: "人に届くアクションと、担当者と最初の手順を書いた説明をアラームに付けてください。できなければ削除してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: mon10Live},
	},
}

func mon10Live(s *review.Subject) (out []review.Outcome) {
	l := s.Live.Value
	if !l.Alarms.OK {
		return []review.Outcome{unread(l.Alarms, liveAt(s), "")}
	}
	for _, a := range l.Alarms.Value {
		inside := slices.ContainsFunc(l.Alarms.Value, func(c review.Alarm) bool { return c.Composite && strings.Contains(c.Rule, a.Name) })
		switch {
		case a.Scaling:
			continue // it asks nobody anything
		case inside && len(a.Actions) == 0:
			out = append(out, review.Passed(liveAt(s), "alarm %s: a composite alarm speaks for it", "アラーム %s: 複合アラームの一部", a.Name))
		case len(a.Actions) == 0 || !a.ActionsEnabled:
			out = append(out, review.Failed(liveAt(s), "alarm %s reaches nobody: it has %d actions, enabled: %v", "アラーム %s は誰にも届かない: アクション %d 個、有効: %v", a.Name, len(a.Actions), a.ActionsEnabled))
		case strings.TrimSpace(a.Description) == "":
			out = append(out, review.Failed(liveAt(s), "alarm %s does not say what to do: its description is empty", "アラーム %s の説明が空で、何をすべきか分からない", a.Name))
		default:
			out = append(out, review.Passed(liveAt(s), "alarm %s has a receiver and a description", "アラーム %s には通知先と説明がある", a.Name))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(liveAt(s), "no alarm speaks of the service", "サービスに関するアラームはない"))
	}
	return out
}
