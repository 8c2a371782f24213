package rules

import (
	"regexp"
	"slices"

	"github.com/hatoba/hatoba/internal/review"
)

var log19 = review.Rule{
	ID:       "LOG-19",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Low,
	Sources:  []string{"S1:87"},
	Title: review.Text{
		EN: "What marks an error is fixed, and a filter looks for it",
		JA: "エラーの印が決まっていて、フィルターがそれを探している",
	},
	Why: review.Text{
		EN: "An error in a log that nothing looks for is found by the first user who complains.",
		JA: "誰も探していないログのエラーは、利用者の苦情で初めて見つかります。",
	},
	Todo: review.Text{
		EN: `Make a subscription or metric filter on the field that marks an error, such as { $.level = "error" }.`,
		JA: `エラーを示すフィールドに対して、{ $.level = "error" } のようなサブスクリプションフィルターかメトリクスフィルターを作ってください。`,
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef, review.PartLive}, Run: log19Live},
	},
}

func log19Live(s *review.Subject) []review.Outcome {
	return eachLogGroup(s, func(at review.Place, name string, g review.LogGroup) review.Outcome {
		for _, f := range append(slices.Clone(g.Filters.Value), g.MetricFilters.Value...) {
			if errorPattern.MatchString(f.Pattern) {
				return review.Passed(at, "log group %s: filter %s looks for %s", "ロググループ %s: フィルター %s が %s を探している", name, f.Name, f.Pattern)
			}
			if f.Pattern == "" { // all lines go somewhere else, which looks at them or not
				return review.Unexamined(at, review.Say("look whether the receiver alarms on errors", "転送先がエラーを検知しているか確認してください"),
					"log group %s: filter %s hands every line to %s", "ロググループ %s: フィルター %s がすべての行を %s に渡している", name, f.Name, f.Destination)
			}
		}
		if !g.Filters.OK {
			return unread(g.Filters, at, "log group "+name)
		}
		if !g.MetricFilters.OK {
			return unread(g.MetricFilters, at, "log group "+name)
		}
		return review.Failed(at, "log group %s: none of its %d filters looks for errors", "ロググループ %s: %d 個のフィルターのうち、エラーを探すものがない", name, len(g.Filters.Value)+len(g.MetricFilters.Value))
	})
}

var errorPattern = regexp.MustCompile(`(?i)error|err\b|fatal|panic|exception|critical|crit\b|severe|\b5\*?xx|status\w*\s*(>=|=)\s*5|level\w*\s*>=?\s*\d|失敗|エラー|障害`)
