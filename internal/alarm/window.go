package alarm

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// beyond is how many periods are looked at besides those that decide, so that
// a late or missing datapoint leaves as many real ones as possible.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
const beyond = 2

// Window is the time an evaluation looks at: Slots periods up to To.
type Window struct {
	From, To time.Time // From included, To not
	Period   time.Duration
	Needed   int // EvaluationPeriods
}

// Slots is how many periods the window has.
func (w Window) Slots() int { return w.Needed + beyond }

// WindowAt is what an evaluation at a time looks at. It slides: by the minute,
// by the period where that is shorter, and by the hour for alarms that look back
// further than a day.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
func WindowAt(a types.MetricAlarm, now time.Time) Window {
	w := Window{Period: Period(a), Needed: int(aws.ToInt32(a.EvaluationPeriods))}
	step := time.Minute
	switch {
	case w.Period < time.Minute:
		step = w.Period
	case w.Period*time.Duration(w.Needed) > 24*time.Hour:
		step = time.Hour
	}
	w.To = now.UTC().Truncate(step)
	w.From = w.To.Add(-w.Period * time.Duration(w.Slots()))
	return w
}

// Every is how often an alarm is evaluated.
func Every(a types.MetricAlarm) time.Duration {
	if Period(a) < time.Minute {
		return 10 * time.Second
	}
	return time.Minute
}

// Period is the length of an alarm's periods: that of its metric, and for
// metric math the longest of those that the expression is made of.
func Period(a types.MetricAlarm) time.Duration {
	longest := aws.ToInt32(a.Period)
	for _, q := range a.Metrics {
		longest = max(longest, aws.ToInt32(q.Period))
		if q.MetricStat != nil {
			longest = max(longest, aws.ToInt32(q.MetricStat.Period))
		}
	}
	return time.Duration(longest) * time.Second
}
