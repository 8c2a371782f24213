package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var log10 = review.Rule{
	ID:       "LOG-10",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Low,
	Sources:  []string{"S0:29"},
	Title: review.Text{
		EN: "What the log tells of errors and response times becomes metrics",
		JA: "ログのエラーや応答時間をカスタムメトリクスにする",
	},
	Why: review.Text{
		EN: "Nobody reads logs all day. A metric made from them can be drawn, compared between versions and alarmed on.",
		JA: "ログを一日中読む人はいません。メトリクスにすれば、グラフにし、バージョン間で比べ、アラームにできます。",
	},
	Todo: review.Text{
		EN: "Make a metric filter on the log group, or write the embedded metric format.",
		JA: "ロググループにメトリクスフィルターを作るか、埋め込みメトリクス形式(EMF)で出力してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: log10Live},
	},
}

func log10Live(s *review.Subject) []review.Outcome {
	l := s.Live.Value
	return eachLogGroup(s, func(at review.Place, name string, g review.LogGroup) review.Outcome {
		if n := log10Embedded(s.TaskDef.Value, l, name); n > 0 {
			return review.Passed(at, "log group %s: %d lines embed metrics", "ロググループ %s: %d 行がメトリクスを埋め込んでいる", name, n)
		}
		switch f := g.MetricFilters; {
		case !f.OK:
			return unread(f, at, "log group "+name)
		case len(f.Value) > 0:
			return review.Passed(at, "log group %s: metric filter %s writes %s", "ロググループ %s: メトリクスフィルター %s が %s に書く", name, f.Value[0].Name, f.Value[0].Destination)
		}
		return review.Failed(at, "log group %s has no metric filter, and no line read embeds a metric", "ロググループ %s にメトリクスフィルターがなく、メトリクスを埋め込んだ行も見つからない", name)
	})
}

// log10Embedded counts the lines in the embedded metric format.
func log10Embedded(td *review.TaskDef, l *review.Live, group string) (n int) {
	for _, c := range td.ContainerDefinitions {
		if awslogs(c, "awslogs-group") != group {
			continue
		}
		for _, line := range l.LogLines[str(c.Name)].Value {
			if strings.Contains(line, `"_aws"`) && strings.Contains(line, `"CloudWatchMetrics"`) {
				n++
			}
		}
	}
	return n
}
