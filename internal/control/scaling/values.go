package scaling

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/scaling"
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
		points, err := scaling.Points(ctx, l.Metrics, scope, a, alarm.WindowAt(a, now))
		if err != nil {
			if ctx.Err() == nil {
				l.Log.Warn("the metric of a scaling policy cannot be read", "alarm", name, "error", err)
			}
			continue
		}
		x := value{configured: aws.ToTime(a.AlarmConfigurationUpdatedTimestamp)}
		x.of, x.at = scaling.Newest(a, points)
		out[name] = x
	}
	return out
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
