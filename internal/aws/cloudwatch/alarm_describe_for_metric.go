package cloudwatch

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// describeAlarmsForMetric lists the alarms that watch a metric: not those that
// have metric math made of it.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmsForMetric.html
func (s *Service) describeAlarmsForMetric(ctx context.Context, caller wire.Caller, in *cloudwatch.DescribeAlarmsForMetricInput) (*cloudwatch.DescribeAlarmsForMetricOutput, error) {
	want, err := seriesOf("", in.Namespace, in.MetricName, in.Dimensions)
	if err != nil {
		return nil, err
	}
	if _, err := unitOf("Unit", in.Unit); err != nil {
		return nil, err
	}
	switch {
	case in.Statistic != "" && in.ExtendedStatistic != nil:
		return nil, combination("Statistic and ExtendedStatistic cannot be specified together.")
	case in.Statistic != "" && !slices.Contains(in.Statistic.Values(), in.Statistic):
		return nil, enum(string(in.Statistic), "statistic", in.Statistic.Values())
	case in.Period != nil && *in.Period < 1:
		return nil, badValue(*in.Period, "Period")
	}
	out := &cloudwatch.DescribeAlarmsForMetricOutput{MetricAlarms: []types.MetricAlarm{}}
	return out, s.cfg.Store.View(ctx, func(r store.Reader) error {
		for _, a := range store.Alarms.List(r, caller.Scope, "") {
			m := a.Metric
			if m == nil || m.MetricName == nil || !watches(*m, want) ||
				in.Statistic != "" && m.Statistic != in.Statistic || in.ExtendedStatistic != nil && aws.ToString(m.ExtendedStatistic) != *in.ExtendedStatistic ||
				in.Period != nil && aws.ToInt32(m.Period) != *in.Period || in.Unit != "" && m.Unit != in.Unit {
				continue
			}
			out.MetricAlarms = append(out.MetricAlarms, *m)
		}
		return nil
	})
}

func watches(m types.MetricAlarm, want metrics.Series) bool {
	have, err := seriesOf("", m.Namespace, m.MetricName, m.Dimensions)
	return err == nil && have.Namespace == want.Namespace && have.Name == want.Name && slices.Equal(have.Dimensions, want.Dimensions)
}
