package alarm

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/alarmstate"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/metrics/math"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// metric evaluates a metric alarm. Its data are read outside of the
// transaction, which is begun only where the state is to change.
func (l *Loop) metric(ctx context.Context, key state.Key) error {
	var a state.Alarm
	err := l.Store.View(ctx, func(r store.Reader) error {
		a, _ = store.Alarms.Get(r, key)
		return nil
	})
	if err != nil || a.Metric == nil {
		return err
	}
	now := time.Now().UTC()
	w := alarm.WindowAt(*a.Metric, now)
	points, err := l.points(ctx, key.Scope(), *a.Metric, w)
	if err != nil {
		if ctx.Err() == nil {
			l.Log.Warn("an alarm's metric can not be evaluated", "alarm", key.ID, "error", err)
			err = l.fail(ctx, key, trouble(err))
		}
		return err
	}
	v := alarm.Evaluate(*a.Metric, w, points, now)
	switch {
	case v.State == "" && a.Metric.EvaluationState != "":
		return l.fail(ctx, key, "") // it could be, and stays as it is
	case v.State == "", v.State == a.Metric.StateValue && a.Metric.EvaluationState == "":
		return nil
	}
	return l.Store.Update(ctx, func(w store.Writer) error {
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

// points reads what a metric alarm looks at, or calculates it.
func (l *Loop) points(ctx context.Context, scope state.Scope, a types.MetricAlarm, w alarm.Window) ([]metrics.Point, error) {
	queries := alarm.Queries(a)
	if queries == nil {
		return l.Metrics.Read(ctx, scope, alarm.Query(a, w))
	}
	plan, err := math.NewPlan(queries)
	if err != nil {
		return nil, err
	}
	results, err := plan.Evaluate(ctx, source{l.Metrics, scope}, math.Window{From: w.From, To: w.To, Now: time.Now()})
	if err != nil || len(results) == 0 {
		return nil, err
	}
	var out []metrics.Point
	for _, p := range results[0].Series.Points {
		out = append(out, metrics.Point{Time: time.Unix(p.Time, 0).UTC(), Value: p.Value})
	}
	return out, nil
}

// source reads the metrics of a scope.
type source struct {
	metrics.Reader
	scope state.Scope
}

// Read implements math.Source.
func (s source) Read(ctx context.Context, q metrics.Query) ([]metrics.Point, error) {
	return s.Reader.Read(ctx, s.scope, q)
}

// Search implements math.Source: alarms do not search.
func (s source) Search(context.Context, *math.Search) ([]metrics.Series, error) { return nil, nil }

// trouble is what an error of an evaluation says of the alarm: its expression
// is wrong, or its data could not be had.
func trouble(err error) types.EvaluationState {
	if wrong := new(math.Error); errors.As(err, &wrong) {
		return types.EvaluationStateEvaluationError
	}
	return types.EvaluationStateEvaluationFailure
}
