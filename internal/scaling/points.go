package scaling

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/metrics/math"
	"github.com/hatoba/hatoba/internal/state"
)

// Points reads what an alarm looks at in a window, oldest first.
func Points(ctx context.Context, from metrics.Reader, scope state.Scope, a cw.MetricAlarm, w alarm.Window) ([]metrics.Point, error) {
	if len(a.Metrics) > 0 {
		return calculated(ctx, reader{from, scope}, a.Metrics, w)
	}
	statistic := string(a.Statistic)
	if a.ExtendedStatistic != nil {
		statistic = *a.ExtendedStatistic
	}
	points, err := from.Read(ctx, scope, metrics.Query{Series: series(a.Namespace, a.MetricName, a.Dimensions), Unit: string(a.Unit), Statistic: statistic, Period: w.Period, From: w.From, To: w.To})
	slices.SortFunc(points, func(a, b metrics.Point) int { return a.Time.Compare(b.Time) })
	return points, err
}

// Newest gives the values of as many points as an alarm needs, and when the
// newest began.
func Newest(a cw.MetricAlarm, points []metrics.Point) (values []float64, at time.Time) {
	for _, p := range points[max(0, len(points)-int(aws.ToInt32(a.EvaluationPeriods))):] {
		values, at = append(values, p.Value), p.Time
	}
	return values, at
}

// series is a metric as the engine knows it.
func series(namespace, name *string, dimensions []cw.Dimension) metrics.Series {
	s := metrics.Series{Namespace: aws.ToString(namespace), Name: aws.ToString(name)}
	for _, d := range dimensions {
		s.Dimensions = append(s.Dimensions, metrics.Dimension{Name: aws.ToString(d.Name), Value: aws.ToString(d.Value)})
	}
	slices.SortFunc(s.Dimensions, func(a, b metrics.Dimension) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// plan makes metric math of an alarm's queries.
func plan(list []cw.MetricDataQuery) (*math.Plan, error) {
	var queries []math.Query
	for _, q := range list {
		out := math.Query{ID: aws.ToString(q.Id), Expression: aws.ToString(q.Expression), Label: aws.ToString(q.Label), Return: aws.ToBool(q.ReturnData),
			Period: time.Duration(aws.ToInt32(q.Period)) * time.Second}
		if m := q.MetricStat; m != nil {
			out.Metric = &metrics.Query{Series: series(m.Metric.Namespace, m.Metric.MetricName, m.Metric.Dimensions), Unit: string(m.Unit), Statistic: aws.ToString(m.Stat),
				Period: time.Duration(aws.ToInt32(m.Period)) * time.Second}
		}
		queries = append(queries, out)
	}
	p, err := math.NewPlan(queries)
	if err == nil && p.Searches() {
		return nil, errNoSearch
	}
	return p, err
}

var errNoSearch = errors.New("SEARCH cannot be used in the metric of a scaling policy")

func calculated(ctx context.Context, from reader, list []cw.MetricDataQuery, w alarm.Window) (out []metrics.Point, err error) {
	p, err := plan(list)
	if err != nil {
		return nil, err
	}
	results, err := p.Evaluate(ctx, from, math.Window{From: w.From, To: w.To, Now: w.To})
	if err != nil || len(results) == 0 {
		return nil, err
	}
	for _, p := range results[0].Series.Points {
		out = append(out, metrics.Point{Time: time.Unix(p.Time, 0).UTC(), Value: p.Value, Count: 1})
	}
	return out, nil
}

// reader reads for metric math.
type reader struct {
	metrics.Reader
	scope state.Scope
}

func (r reader) Read(ctx context.Context, q metrics.Query) ([]metrics.Point, error) {
	return r.Reader.Read(ctx, r.scope, q)
}

func (reader) Search(context.Context, *math.Search) ([]metrics.Series, error) {
	return nil, errNoSearch
}
