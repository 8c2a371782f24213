package alarm

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
)

// The ways to treat missing data.
const (
	Missing      = "missing"
	Ignore       = "ignore"
	Breaching    = "breaching"
	NotBreaching = "notBreaching"
)

// Verdict is what an evaluation came to.
type Verdict struct {
	// State the alarm is to be in; "" when it is to stay as it is.
	State types.StateValue

	alarm   types.MetricAlarm
	window  Window
	at      time.Time
	treat   string
	points  []metrics.Point // that decided, newest first
	missing int             // datapoints that were made up for
}

// Treatment is how an alarm treats missing data.
func Treatment(a types.MetricAlarm) string {
	if aws.ToString(a.Namespace) == "AWS/DynamoDB" {
		return Ignore
	}
	if t := aws.ToString(a.TreatMissingData); t != "" {
		return t
	}
	return Missing
}

// toAlarm is the M of M out of N.
func toAlarm(a types.MetricAlarm) int {
	if a.DatapointsToAlarm != nil {
		return int(*a.DatapointsToAlarm)
	}
	return int(aws.ToInt32(a.EvaluationPeriods))
}

// Evaluate judges a metric alarm at a time by the points of its window; points
// outside of it count for nothing, and their order does not matter.
//
// Where as many periods of the window have data as the alarm looks at, the
// newest of them decide. Where fewer have, all of them do, and the rest is
// treated as the alarm says; then an alarm without a treatment also goes off
// when nothing but breaching data came since it could have.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func Evaluate(a types.MetricAlarm, w Window, points []metrics.Point, now time.Time) Verdict {
	v := Verdict{alarm: a, window: w, at: now, treat: Treatment(a)}
	for _, p := range points {
		if !p.Time.Before(w.From) && p.Time.Before(w.To) {
			v.points = append(v.points, p)
		}
	}
	slices.SortFunc(v.points, func(a, b metrics.Point) int { return b.Time.Compare(a.Time) })
	v.points = v.points[:min(len(v.points), w.Needed)]
	v.missing = w.Needed - len(v.points)
	if slices.ContainsFunc(v.points, func(p metrics.Point) bool { return tooFew(a, p) }) {
		return v
	}
	v.State = v.judge(toAlarm(a))
	return v
}

func (v Verdict) judge(m int) types.StateValue {
	breaching := len(v.breaching())
	if v.missing > 0 && v.treat == Breaching {
		breaching += v.missing
	}
	switch {
	case breaching >= m:
		return types.StateValueAlarm
	case v.missing == 0, v.treat == Breaching, v.treat == NotBreaching, breaching < len(v.points):
		return types.StateValueOk
	case v.treat == Ignore:
		return ""
	case len(v.points) == 0:
		return types.StateValueInsufficientData
	}
	// Only breaching data, and less than is needed. An alarm does not go off
	// while the next datapoints could still keep it from that.
	if oldest := v.points[len(v.points)-1]; v.age(oldest) >= m {
		return types.StateValueAlarm
	}
	return ""
}

// age is how many periods old a point is: the newest period's is 1.
func (v Verdict) age(p metrics.Point) int {
	return int((v.window.To.Sub(p.Time) + v.window.Period - 1) / v.window.Period)
}

func (v Verdict) breaching() (out []metrics.Point) {
	for _, p := range v.points {
		if crosses(p.Value, v.alarm.ComparisonOperator, aws.ToFloat64(v.alarm.Threshold)) {
			out = append(out, p)
		}
	}
	return out
}

// tooFew tells whether a percentile is made of too few values to mean
// something, where the alarm asks for that.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
func tooFew(a types.MetricAlarm, p metrics.Point) bool {
	if aws.ToString(a.EvaluateLowSampleCountPercentile) != Ignore {
		return false
	}
	digits, found := strings.CutPrefix(aws.ToString(a.ExtendedStatistic), "p")
	percent, err := strconv.ParseFloat(digits, 64)
	if !found || err != nil {
		return false
	}
	tail := min(percent, 100-percent) / 100
	// Count × tail < 10, without a division: a tail of nothing is never enough.
	return p.Count*tail < 10-1e-9
}
