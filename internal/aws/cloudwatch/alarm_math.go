package cloudwatch

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/metrics/math"
	"github.com/hatoba/hatoba/internal/state"
)

// The bounds of an alarm on metric math.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
const (
	maxMathQueries = 20
	maxMathMetrics = 10
)

// checkAlarmMath checks the queries of an alarm, of which one is watched: a
// time series.
func checkAlarmMath(scope state.Scope, queries []types.MetricDataQuery) error {
	returned, metric := 0, 0
	for _, q := range queries {
		if q.ReturnData == nil || *q.ReturnData {
			returned++
		}
		if q.MetricStat != nil {
			if metric++; !alarmPeriod(aws.ToInt32(q.MetricStat.Period)) {
				return validation("Period must be 10, 20, 30 or a multiple of 60")
			}
		}
	}
	switch {
	case len(queries) > maxMathQueries:
		return validation("The collection Metrics must not have a size greater than %d.", maxMathQueries)
	case returned != 1:
		return validation("Exactly one element of the metrics list should return data.")
	case metric > maxMathMetrics:
		return validation("An alarm can be based on at most %d metrics", maxMathMetrics)
	case metric == 0:
		return validation("At least one element of the metrics list must have a MetricStat.")
	}
	plan, err := planOf("Metrics", scope.Account, queries)
	if err != nil {
		return err
	}
	if plan.Searches() {
		return validation("SEARCH is not supported in alarms: an alarm watches one time series")
	}
	results, err := plan.Evaluate(context.Background(), dry{}, math.Window{})
	if err != nil {
		return mathError(err)
	}
	if len(results) != 1 {
		return validation("The element of the metrics list that returns data must give one time series")
	}
	return nil
}

// dry has no data.
type dry struct{}

func (dry) Read(context.Context, metrics.Query) ([]metrics.Point, error) { return nil, nil }

func (dry) Search(context.Context, *math.Search) ([]metrics.Series, error) { return nil, nil }
