package cloudwatch

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/wire"
)

// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
const (
	maxDatapoints = 1440
	maxStatistics = 5
	maxExtended   = 10
)

// getMetricStatistics gives statistics of one metric, by unit, oldest first.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
func (s *Service) getMetricStatistics(ctx context.Context, caller wire.Caller, in *cloudwatch.GetMetricStatisticsInput) (*cloudwatch.GetMetricStatisticsOutput, error) {
	series, err := seriesOf("", in.Namespace, in.MetricName, in.Dimensions)
	if err != nil {
		return nil, err
	}
	q := metrics.Query{Series: series, Period: time.Duration(aws.ToInt32(in.Period)) * time.Second}
	if err := s.rangeOf(&q, in); err != nil {
		return nil, err
	}
	if q.Unit, err = unitOf("Unit", in.Unit); err != nil {
		return nil, err
	}
	if in.Unit == types.StandardUnitNone {
		q.Unit = string(types.StandardUnitNone)
	}
	extended, err := statisticNames(in)
	if err != nil {
		return nil, err
	}
	buckets, err := s.cfg.Engine.Buckets(ctx, caller.Scope, q)
	if err != nil {
		return nil, err
	}
	out := &cloudwatch.GetMetricStatisticsOutput{Label: aws.String(series.Name)}
	for i := range buckets {
		if d, ok := datapoint(&buckets[i], in.Statistics, extended); ok {
			out.Datapoints = append(out.Datapoints, d)
		}
	}
	return out, nil
}

func (s *Service) rangeOf(q *metrics.Query, in *cloudwatch.GetMetricStatisticsInput) error {
	switch {
	case in.StartTime == nil:
		return missing("StartTime")
	case in.EndTime == nil:
		return missing("EndTime")
	case in.Period == nil:
		return missing("Period")
	case !goodPeriod(q.Period):
		return invalid("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
	case !in.StartTime.Before(*in.EndTime):
		return combination("The parameter StartTime must be less than the parameter EndTime.")
	}
	q.From, q.To = *in.StartTime, *in.EndTime
	begin := metrics.Begin(q.From, q.Period, s.cfg.Now())
	if asked := (q.To.Sub(begin) + q.Period - 1) / q.Period; asked > maxDatapoints {
		return combination("You have requested up to %d datapoints, which exceeds the limit of %d. You may reduce the datapoints requested by increasing Period, or decreasing the time range.", asked, maxDatapoints)
	}
	return nil
}

// goodPeriod tells whether there is such a period.
func goodPeriod(p time.Duration) bool {
	return p > 0 && p%time.Minute == 0 || slices.Contains([]time.Duration{1, 5, 10, 20, 30}, p/time.Second)
}

// statisticNames checks what statistics are asked for and parses the extended.
func statisticNames(in *cloudwatch.GetMetricStatisticsInput) (map[string]metrics.Statistic, error) {
	switch {
	case len(in.Statistics) == 0 && len(in.ExtendedStatistics) == 0:
		return nil, combination("Must specify either Statistics or ExtendedStatistics")
	case len(in.Statistics) > 0 && len(in.ExtendedStatistics) > 0:
		return nil, combination("You must specify either Statistics or ExtendedStatistics, but not both.")
	case len(in.Statistics) > maxStatistics:
		return nil, invalid("The collection Statistics must not have a size greater than %d.", maxStatistics)
	case len(in.ExtendedStatistics) > maxExtended:
		return nil, invalid("The collection ExtendedStatistics must not have a size greater than %d.", maxExtended)
	}
	for i, name := range in.Statistics {
		if !slices.Contains(name.Values(), name) {
			return nil, badValue(name, "Statistics."+memberName(i))
		}
	}
	out := map[string]metrics.Statistic{}
	for i, name := range in.ExtendedStatistics {
		parsed, err := metrics.ParseStatistic(name)
		if err != nil || parsed.Basic() {
			return nil, badValue(name, "ExtendedStatistics."+memberName(i))
		}
		out[name] = parsed
	}
	return out, nil
}

// datapoint gives the statistics of a bucket; false where none is known.
func datapoint(b *metrics.Bucket, names []types.Statistic, extended map[string]metrics.Statistic) (types.Datapoint, bool) {
	d := types.Datapoint{Timestamp: aws.Time(b.Time.UTC()), Unit: toUnit(b.Unit)}
	for _, name := range names {
		switch name {
		case types.StatisticAverage:
			d.Average = aws.Float64(b.Sum / b.Count)
		case types.StatisticMaximum:
			d.Maximum = aws.Float64(b.Max)
		case types.StatisticMinimum:
			d.Minimum = aws.Float64(b.Min)
		case types.StatisticSampleCount:
			d.SampleCount = aws.Float64(b.Count)
		case types.StatisticSum:
			d.Sum = aws.Float64(b.Sum)
		}
	}
	for name, statistic := range extended {
		if v, ok := b.Statistic(statistic); ok {
			if d.ExtendedStatistics == nil {
				d.ExtendedStatistics = map[string]float64{}
			}
			d.ExtendedStatistics[name] = v
		}
	}
	return d, len(names) > 0 || len(d.ExtendedStatistics) > 0
}
