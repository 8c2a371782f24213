package rules

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var log18 = review.Rule{
	ID:       "LOG-18",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Low,
	Sources:  []string{"S1:87"},
	Title: review.Text{
		EN: "Log lines are structured JSON",
		JA: "ログは構造化された JSON で出力する",
	},
	Why: review.Text{
		EN: "Lines of JSON can be searched and counted by field; free text must be taken apart anew by every query.",
		JA: "JSON の行はフィールドで検索・集計できますが、自由形式のテキストはクエリごとに解析し直すことになります。",
	},
	Todo: review.Text{
		EN: "Let the logger write one JSON object per line, stack traces included.",
		JA: "ロガーを一行に一つの JSON オブジェクトで出力する設定にし、スタックトレースも一行に収めてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: log18Live},
	},
}

func log18Live(s *review.Subject) []review.Outcome {
	return eachLog(s, func(container string, lines []string) review.Outcome {
		structured := 0
		for _, line := range lines {
			var object map[string]any
			if json.Unmarshal([]byte(line), &object) == nil && object != nil {
				structured++
			}
		}
		// A runtime that starts up or crashes writes a line of its own now and then.
		if structured*10 >= len(lines)*9 {
			return review.Passed(liveAt(s), "container %s: %d of its latest %d lines are JSON", "コンテナ %s: 最新 %[3]d 行のうち %[2]d 行が JSON", container, structured, len(lines))
		}
		return review.Failed(liveAt(s), "container %s: only %d of its latest %d lines are JSON", "コンテナ %s: 最新 %[3]d 行のうち JSON は %[2]d 行だけ", container, structured, len(lines))
	})
}

// eachLog looks at the latest lines of every container that has some; blank
// lines do not count.
func eachLog(s *review.Subject, look func(container string, lines []string) review.Outcome) (out []review.Outcome) {
	all := s.Live.Value.LogLines
	for _, container := range slices.Sorted(maps.Keys(all)) {
		g := all[container]
		if !g.OK {
			out = append(out, unread(g, liveAt(s), "container "+container))
			continue
		}
		var lines []string
		for _, line := range g.Value {
			if strings.TrimSpace(line) != "" {
				lines = append(lines, line)
			}
		}
		if len(lines) == 0 {
			out = append(out, review.Unexamined(liveAt(s), review.Say("send the service a request, then review", "サービスにリクエストを送ってからレビューしてください"),
				"container %s has logged nothing yet", "コンテナ %s はまだ何も出力していない", container))
			continue
		}
		out = append(out, look(container, lines))
	}
	if len(out) == 0 {
		out = append(out, review.Unexamined(liveAt(s), review.Say("run the service with the awslogs driver, then review", "awslogs ドライバーでサービスを動かしてからレビューしてください"),
			"no log line of a running task could be read", "実行中のタスクのログを読めなかった"))
	}
	return out
}
