package cloudwatch

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/metrics/math"
	"github.com/hatoba/hatoba/internal/state"
)

// planOf reads the queries of a request or an alarm; at is the parameter they
// are in. What AWS has and we have not is refused by name.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
func planOf(at, account string, in []types.MetricDataQuery) (*math.Plan, error) {
	queries := make([]math.Query, len(in))
	for i := range in {
		var err error
		if queries[i], err = queryOf(at+"."+memberName(i)+".", account, &in[i]); err != nil {
			return nil, err
		}
	}
	plan, err := math.NewPlan(queries)
	return plan, mathError(err)
}

// mathError is an error of metric math as AWS tells it.
func mathError(err error) error {
	var wrong *math.Error
	switch {
	case !errors.As(err, &wrong):
		return err
	case wrong.Unsupported:
		return unsupportedText(wrong.Text)
	}
	return validation("%s", wrong.Text)
}

func queryOf(at, account string, in *types.MetricDataQuery) (q math.Query, err error) {
	q = math.Query{ID: aws.ToString(in.Id), Label: aws.ToString(in.Label), Return: in.ReturnData == nil || *in.ReturnData}
	if q.ID == "" {
		return q, missing(at + "Id")
	}
	if in.AccountId != nil && *in.AccountId != account {
		return q, unsupported("metrics of other accounts (" + at + "AccountId)")
	}
	if in.Period != nil {
		if q.Period = time.Duration(*in.Period) * time.Second; !goodPeriod(q.Period) {
			return q, badPeriod(at + "Period")
		}
	}
	switch {
	case in.MetricStat == nil && aws.ToString(in.Expression) == "":
		return q, validation("Either %[1]sMetricStat or %[1]sExpression must be specified.", at)
	case in.MetricStat != nil && in.Expression != nil:
		return q, validation("The parameters %[1]sMetricStat and %[1]sExpression are mutually exclusive and you have specified both.", at)
	case in.MetricStat != nil && in.Period != nil:
		return q, validation("The parameter %[1]sPeriod is that of an expression: that of a metric is %[1]sMetricStat.Period.", at)
	case in.MetricStat != nil:
		q.Metric, err = statOf(at+"MetricStat.", in.MetricStat)
		return q, err
	}
	q.Expression = *in.Expression
	if word, _, _ := strings.Cut(strings.TrimSpace(q.Expression), " "); strings.EqualFold(word, "SELECT") {
		return q, unsupported("Metrics Insights queries (SELECT)")
	}
	return q, nil
}

func badPeriod(parameter string) error {
	return validation("The parameter %s must be 1, 5, 10, 20, 30 or a multiple of 60.", parameter)
}

func statOf(at string, in *types.MetricStat) (*metrics.Query, error) {
	if in.Metric == nil {
		return nil, missing(at + "Metric")
	}
	series, err := seriesOf(at+"Metric.", in.Metric.Namespace, in.Metric.MetricName, in.Metric.Dimensions)
	if err != nil {
		return nil, err
	}
	q := &metrics.Query{Series: series, Statistic: aws.ToString(in.Stat), Period: time.Duration(aws.ToInt32(in.Period)) * time.Second}
	switch {
	case in.Period == nil:
		return nil, missing(at + "Period")
	case !goodPeriod(q.Period):
		return nil, badPeriod(at + "Period")
	case q.Statistic == "":
		return nil, missing(at + "Stat")
	}
	if _, err := metrics.ParseStatistic(q.Statistic); err != nil {
		return nil, validation("The value %s for parameter %sStat is not supported.", q.Statistic, at)
	}
	if q.Unit, err = unitOf(at+"Unit", in.Unit); err != nil {
		return nil, err
	}
	if in.Unit == types.StandardUnitNone {
		q.Unit = string(types.StandardUnitNone)
	}
	return q, nil
}

// source reads the metrics of a scope.
type source struct {
	engine Engine
	scope  state.Scope
}

// Read implements math.Source.
func (s source) Read(ctx context.Context, q metrics.Query) ([]metrics.Point, error) {
	return s.engine.Read(ctx, s.scope, q)
}

// Search implements math.Source.
func (s source) Search(_ context.Context, search *math.Search) (out []metrics.Series, _ error) {
	for _, l := range s.engine.List(s.scope, func(l metrics.Listed) bool { return search.Matches(&l.Series) }) {
		out = append(out, l.Series)
	}
	return out, nil
}
