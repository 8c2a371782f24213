package scaling

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
)

// value is what an alarm's metric has in its window.
type value struct {
	configured time.Time // of the alarm it was read for
	of         []float64
	at         time.Time
}

// values reads the metrics of alarms. What cannot be read is left out: then
// nothing is done, as without data.
func (l *Loop) values(ctx context.Context, scope state.Scope, v view, names []string, now time.Time) map[string]value {
	out := map[string]value{}
	for _, name := range names {
		a, ok := v.alarms[name]
		if !ok {
			continue
		}
		points, err := l.points(ctx, scope, a, now)
		if err != nil {
			if ctx.Err() == nil {
				l.Log.Warn("the metric of a scaling policy cannot be read", "alarm", name, "error", err)
			}
			continue
		}
		x := value{configured: aws.ToTime(a.AlarmConfigurationUpdatedTimestamp)}
		slices.SortFunc(points, func(a, b metrics.Point) int { return a.Time.Compare(b.Time) })
		for _, p := range points[max(0, len(points)-int(aws.ToInt32(a.EvaluationPeriods))):] {
			x.of, x.at = append(x.of, p.Value), p.Time
		}
		out[name] = x
	}
	return out
}

// points reads what an alarm looks at.
func (l *Loop) points(ctx context.Context, scope state.Scope, a cw.MetricAlarm, now time.Time) ([]metrics.Point, error) {
	w := alarm.WindowAt(a, now)
	statistic := string(a.Statistic)
	if a.ExtendedStatistic != nil {
		statistic = *a.ExtendedStatistic
	}
	s := metrics.Series{Namespace: aws.ToString(a.Namespace), Name: aws.ToString(a.MetricName)}
	for _, d := range a.Dimensions {
		s.Dimensions = append(s.Dimensions, metrics.Dimension{Name: aws.ToString(d.Name), Value: aws.ToString(d.Value)})
	}
	slices.SortFunc(s.Dimensions, func(a, b metrics.Dimension) int { return strings.Compare(a.Name, b.Name) })
	return l.Metrics.Read(ctx, scope, metrics.Query{Series: s, Unit: string(a.Unit), Statistic: statistic, Period: w.Period, From: w.From, To: w.To})
}

// fill gives the alarms of a view their values, where they are still what these
// were read for.
func (v *view) fill(values map[string]value) {
	for i := range v.Policies {
		for j := range v.Policies[i].Alarms {
			a := &v.Policies[i].Alarms[j]
			if x, ok := values[a.Name]; ok && x.configured.Equal(aws.ToTime(v.alarms[a.Name].AlarmConfigurationUpdatedTimestamp)) {
				a.Values, a.At = x.of, x.at
			}
		}
	}
}
