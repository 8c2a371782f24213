package cloudwatch

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// putMetricAlarm makes or changes a metric alarm.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
func (s *Service) putMetricAlarm(ctx context.Context, caller wire.Caller, in *cloudwatch.PutMetricAlarmInput) (*cloudwatch.PutMetricAlarmOutput, error) {
	if err := checkMetricAlarm(caller.Scope, in); err != nil {
		return nil, err
	}
	tags, err := alarmTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	now := s.alarmTime()
	return &cloudwatch.PutMetricAlarmOutput{}, s.cfg.Store.Update(ctx, func(w store.Writer) error {
		return s.putAlarm(w, caller.Scope, state.Alarm{Metric: metricAlarm(caller.Scope, in, now)}, tags, now)
	})
}

func metricAlarm(scope state.Scope, in *cloudwatch.PutMetricAlarmInput, now time.Time) *types.MetricAlarm {
	return &types.MetricAlarm{
		AlarmName: in.AlarmName, AlarmArn: aws.String(scope.AlarmARN(*in.AlarmName)), AlarmDescription: in.AlarmDescription, AlarmConfigurationUpdatedTimestamp: &now,
		ActionsEnabled: orTrue(in.ActionsEnabled), OKActions: actionList(in.OKActions), AlarmActions: actionList(in.AlarmActions), InsufficientDataActions: actionList(in.InsufficientDataActions),
		MetricName: in.MetricName, Namespace: in.Namespace, Statistic: in.Statistic, ExtendedStatistic: in.ExtendedStatistic,
		Dimensions: append([]types.Dimension{}, in.Dimensions...), Period: in.Period, Unit: in.Unit, Metrics: in.Metrics,
		EvaluationPeriods: in.EvaluationPeriods, DatapointsToAlarm: in.DatapointsToAlarm, Threshold: in.Threshold, ComparisonOperator: in.ComparisonOperator,
		TreatMissingData: in.TreatMissingData, EvaluateLowSampleCountPercentile: in.EvaluateLowSampleCountPercentile,
	}
}

func checkMetricAlarm(scope state.Scope, in *cloudwatch.PutMetricAlarmInput) error {
	if err := alarmName(in.AlarmName); err != nil {
		return err
	}
	if err := refusedOfMetricAlarm(in); err != nil {
		return err
	}
	if err := alarmDescription(in.AlarmDescription); err != nil {
		return err
	}
	if err := alarmActions(scope, false, in.OKActions, in.AlarmActions, in.InsufficientDataActions); err != nil {
		return err
	}
	if err := checkWatched(scope, in); err != nil {
		return err
	}
	return checkEvaluation(in)
}

// refusedOfMetricAlarm refuses by name what AWS has and we have not.
func refusedOfMetricAlarm(in *cloudwatch.PutMetricAlarmInput) error {
	switch {
	case in.EvaluationCriteria != nil || in.EvaluationInterval != nil:
		return unsupported("alarms on PromQL queries (EvaluationCriteria, EvaluationInterval)")
	case in.ThresholdMetricId != nil:
		return unsupported("alarms on anomaly detection (ThresholdMetricId)")
	case in.EvaluationWindow != nil:
		return unsupported("EvaluationWindow of alarms")
	case in.WarmUpConfiguration != nil:
		return unsupported("WarmUpConfiguration of alarms")
	case in.ComparisonOperator != "" && !slices.Contains(in.ComparisonOperator.Values(), in.ComparisonOperator):
		return enum(string(in.ComparisonOperator), "comparisonOperator", in.ComparisonOperator.Values())
	case in.ComparisonOperator != "" && !alarm.Compares(in.ComparisonOperator):
		return unsupported("alarms on anomaly detection (" + string(in.ComparisonOperator) + ")")
	}
	return actionConfiguration(in.ActionConfiguration)
}

func enum[T ~string](value, member string, values []T) error {
	return validation("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, wire.OneOf(values))
}

// checkWatched checks which metric the alarm watches, or which metric math.
func checkWatched(scope state.Scope, in *cloudwatch.PutMetricAlarmInput) error {
	if len(in.Metrics) > 0 {
		if in.MetricName != nil || in.Namespace != nil || len(in.Dimensions) > 0 || in.Period != nil || in.Unit != "" || in.Statistic != "" || in.ExtendedStatistic != nil {
			return combination("The parameters MetricName, Namespace, Dimensions, Period, Unit, Statistic and ExtendedStatistic must not be specified with Metrics.")
		}
		return checkAlarmMath(scope, in.Metrics)
	}
	if in.MetricName == nil {
		return validation("Either MetricName or Metrics must be specified")
	}
	if _, err := seriesOf("", in.Namespace, in.MetricName, in.Dimensions); err != nil {
		return err
	}
	if _, err := unitOf("Unit", in.Unit); err != nil {
		return err
	}
	switch {
	case (in.Statistic == "") == (in.ExtendedStatistic == nil):
		return validation("Exactly one of Statistic and ExtendedStatistic must be specified")
	case in.Statistic != "" && !slices.Contains(in.Statistic.Values(), in.Statistic):
		return enum(string(in.Statistic), "statistic", in.Statistic.Values())
	case in.Period == nil:
		return missing("Period")
	case !alarmPeriod(*in.Period):
		return validation("Period must be 10, 20, 30 or a multiple of 60")
	}
	if in.ExtendedStatistic != nil {
		if statistic, err := metrics.ParseStatistic(*in.ExtendedStatistic); err != nil || statistic.Basic() {
			return validation("The value %s for parameter ExtendedStatistic is not supported.", *in.ExtendedStatistic)
		}
	}
	return nil
}

func alarmPeriod(p int32) bool { return p == 10 || p == 20 || p == 30 || p > 0 && p%60 == 0 }

// checkEvaluation checks how the alarm evaluates what it watches.
func checkEvaluation(in *cloudwatch.PutMetricAlarmInput) error {
	const day, week = 24 * time.Hour, 7 * 24 * time.Hour
	switch {
	case in.EvaluationPeriods == nil:
		return missing("EvaluationPeriods")
	case *in.EvaluationPeriods < 1:
		return validation("1 validation error detected: Value '%d' at 'evaluationPeriods' failed to satisfy constraint: Member must have value greater than or equal to 1", *in.EvaluationPeriods)
	case in.DatapointsToAlarm != nil && (*in.DatapointsToAlarm < 1 || *in.DatapointsToAlarm > *in.EvaluationPeriods):
		return validation("DatapointsToAlarm must be at least 1 and at most EvaluationPeriods")
	case in.ComparisonOperator == "":
		return missing("ComparisonOperator")
	case in.Threshold == nil:
		return missing("Threshold")
	case in.TreatMissingData != nil && !slices.Contains([]string{alarm.Missing, alarm.Ignore, alarm.Breaching, alarm.NotBreaching}, *in.TreatMissingData):
		return validation("Option %s is not supported for TreatMissingData. Valid options are breaching, notBreaching, ignore and missing.", *in.TreatMissingData)
	case in.EvaluateLowSampleCountPercentile != nil && in.ExtendedStatistic == nil:
		return validation("EvaluateLowSampleCountPercentile can be specified only for alarms based on percentiles")
	case in.EvaluateLowSampleCountPercentile != nil && !slices.Contains([]string{"evaluate", alarm.Ignore}, *in.EvaluateLowSampleCountPercentile):
		return validation("Option %s is not supported for EvaluateLowSampleCountPercentile. Valid options are evaluate and ignore.", *in.EvaluateLowSampleCountPercentile)
	}
	period := alarm.Period(types.MetricAlarm{Period: in.Period, Metrics: in.Metrics})
	longest, text := day, "a day (EvaluationPeriods * Period must be <= 86400)"
	if period >= time.Hour {
		longest, text = week, "seven days (EvaluationPeriods * Period must be <= 604800)"
	}
	if time.Duration(*in.EvaluationPeriods)*period > longest {
		return validation("Metrics cannot be checked across more than %s", text)
	}
	return nil
}
