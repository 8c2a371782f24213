package rules

import (
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

var scl14 = review.Rule{
	ID:       "SCL-14",
	Pillar:   review.Reliability,
	Severity: review.High,
	Sources:  []string{"S2-Sched"},
	Title: review.Text{
		EN: "Tasks of the service find a place",
		JA: "サービスのタスクが配置できている",
	},
	Why: review.Text{
		EN: "A task that cannot be placed serves nobody, and a service that waits for room cannot be deployed or scaled.",
		JA: "配置できないタスクは何も処理せず、空きを待つサービスはデプロイもスケールもできません。",
	},
	Todo: review.Text{
		EN: "Read the event: give the cluster the CPU, memory, port or capacity it lacks, or ask for less.",
		JA: "イベントを読み、足りない CPU、メモリ、ポート、キャパシティを補うか、要求を減らしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: scl14Live},
	},
}

func scl14Live(s *review.Subject) (out []review.Outcome) {
	g := s.Live.Value.Service
	if !g.OK {
		return []review.Outcome{unread(g, liveAt(s), "")}
	}
	seen, placed := 0, false
	for _, e := range g.Value.Events { // the newest first
		if e.CreatedAt == nil || s.Now.Sub(*e.CreatedAt) > 24*time.Hour {
			continue
		}
		seen++
		text := str(e.Message)
		if strings.Contains(text, "reached a steady state") {
			placed = true // what was before has been mended
		}
		if !placed && strings.Contains(text, "unable to") && (strings.Contains(text, "place a task") || strings.Contains(text, "start tasks")) {
			return append(out, review.Failed(liveAt(s), "%s: %s", "%s: %s", e.CreatedAt.UTC().Format("2006-01-02 15:04 MST"), text))
		}
	}
	return append(out, review.Passed(liveAt(s), "none of the %d events of the last day says that a task found no place (%d of %d tasks run)", "直近 1 日のイベント %d 件に、配置できなかったものはない(%[3]d タスク中 %[2]d が実行中)",
		seen, g.Value.RunningCount, g.Value.DesiredCount))
}
