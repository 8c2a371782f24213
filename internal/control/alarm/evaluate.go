package alarm

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/alarmstate"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// metric evaluates a metric alarm. Its data are read outside of the
// transaction, which is begun only where the state is to change.
func (l *Loop) metric(ctx context.Context, key state.Key) (time.Time, error) {
	var a state.Alarm
	err := l.Store.View(ctx, func(r store.Reader) error {
		a, _ = store.Alarms.Get(r, key)
		return nil
	})
	if err != nil || a.Metric == nil {
		return time.Time{}, err
	}
	now := time.Now().UTC()
	w := alarm.WindowAt(*a.Metric, now)
	points, err := l.points(ctx, key.Scope(), *a.Metric, w)
	if err != nil {
		if ctx.Err() == nil {
			l.Log.Warn("an alarm's metric can not be evaluated", "alarm", key.ID, "error", err)
			err = l.fail(ctx, key, trouble(err))
		}
		return time.Time{}, err
	}
	v := alarm.Evaluate(*a.Metric, w, points, now)
	switch {
	case v.State == "" && a.Metric.EvaluationState != "":
		return time.Time{}, l.fail(ctx, key, "") // it could be, and stays as it is
	case v.State == "", v.State == a.Metric.StateValue && a.Metric.EvaluationState == "":
		return time.Time{}, nil
	}
	return time.Time{}, l.Store.Update(ctx, func(w store.Writer) error {
		newest, ok := store.Alarms.Get(w, key)
		if !ok || newest.Metric == nil || !same(newest.Metric.AlarmConfigurationUpdatedTimestamp, a.Metric.AlarmConfigurationUpdatedTimestamp) {
			return nil // it is another alarm by now, and due as such
		}
		if newest.Metric.StateValue == v.State && newest.Metric.EvaluationState == "" {
			return nil
		}
		return alarmstate.Change(w, key, newest, alarmstate.State{Value: v.State, Reason: v.Reason(), Data: v.Data()}, l.cause())
	})
}

func same(a, b *time.Time) bool { return aws.ToTime(a).Equal(aws.ToTime(b)) }

// fail notes that an alarm could not be evaluated, "" that it could; its state
// stays.
func (l *Loop) fail(ctx context.Context, key state.Key, how types.EvaluationState) error {
	return l.Store.Update(ctx, func(w store.Writer) error {
		a, ok := store.Alarms.Get(w, key)
		if !ok || a.Metric == nil || a.Metric.EvaluationState == how {
			return nil
		}
		m := *a.Metric
		m.EvaluationState, m.StateUpdatedTimestamp = how, aws.Time(time.Now().UTC().Truncate(time.Millisecond))
		a.Metric = &m
		return store.Alarms.Put(w, key, a)
	})
}

// points reads what a metric alarm looks at.
func (l *Loop) points(ctx context.Context, scope state.Scope, a types.MetricAlarm, w alarm.Window) ([]metrics.Point, error) {
	statistic := string(a.Statistic)
	if a.ExtendedStatistic != nil {
		statistic = *a.ExtendedStatistic
	}
	return l.Metrics.Read(ctx, scope, metrics.Query{
		Series: series(a.Namespace, a.MetricName, a.Dimensions), Unit: string(a.Unit), Statistic: statistic, Period: w.Period, From: w.From, To: w.To,
	})
}
