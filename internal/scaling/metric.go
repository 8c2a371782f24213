package scaling

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/state"
)

// The alarms of target tracking: above the target for three minutes, below nine
// tenths of it for fifteen.
const (
	highPeriods = 3
	lowPeriods  = 15
	lowShare    = 0.9
	period      = 60
)

// Alarms are the alarms that AWS makes for a policy of target tracking, but for
// ARN, times and state. high and low are unique.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
func Alarms(p state.ScalingPolicy, high, low string) []cw.MetricAlarm {
	a := cw.MetricAlarm{
		AlarmDescription: aws.String("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy " + p.Action() + "."),
		ActionsEnabled:   aws.Bool(true), AlarmActions: []string{p.Action()}, OKActions: []string{}, InsufficientDataActions: []string{},
	}
	watch(&a, p)
	up, down := a, a
	up.AlarmName, up.ComparisonOperator = aws.String("TargetTracking-"+p.ResourceID+"-AlarmHigh-"+high), cw.ComparisonOperatorGreaterThanThreshold
	up.Threshold, up.EvaluationPeriods = p.Tracking.TargetValue, aws.Int32(highPeriods)
	down.AlarmName, down.ComparisonOperator = aws.String("TargetTracking-"+p.ResourceID+"-AlarmLow-"+low), cw.ComparisonOperatorLessThanThreshold
	down.Threshold, down.EvaluationPeriods = aws.Float64(*p.Tracking.TargetValue*lowShare), aws.Int32(lowPeriods)
	if aws.ToBool(p.Tracking.DisableScaleIn) {
		return []cw.MetricAlarm{up}
	}
	return []cw.MetricAlarm{up, down}
}

// watch gives an alarm the metric of a policy.
func watch(a *cw.MetricAlarm, p state.ScalingPolicy) {
	cluster, name, _ := strings.Cut(state.ScaledService(p.ResourceID), "/")
	service := []cw.Dimension{{Name: aws.String("ClusterName"), Value: &cluster}, {Name: aws.String("ServiceName"), Value: &name}}
	single := func(namespace, metric string, statistic cw.Statistic, unit cw.StandardUnit, dimensions []cw.Dimension) {
		a.Namespace, a.MetricName, a.Statistic, a.Unit = &namespace, &metric, statistic, unit
		a.Dimensions, a.Period = dimensions, aws.Int32(period)
	}
	if m := p.Tracking.PredefinedMetricSpecification; m != nil {
		switch m.PredefinedMetricType {
		case types.MetricTypeECSServiceAverageCPUUtilization:
			single("AWS/ECS", "CPUUtilization", cw.StatisticAverage, cw.StandardUnitPercent, service)
		case types.MetricTypeECSServiceAverageMemoryUtilization:
			single("AWS/ECS", "MemoryUtilization", cw.StatisticAverage, cw.StandardUnitPercent, service)
		case types.MetricTypeALBRequestCountPerTarget:
			balancer, group, _ := strings.Cut(*m.ResourceLabel, "/targetgroup/")
			single("AWS/ApplicationELB", "RequestCountPerTarget", cw.StatisticSum, "", []cw.Dimension{
				{Name: aws.String("LoadBalancer"), Value: &balancer}, {Name: aws.String("TargetGroup"), Value: aws.String("targetgroup/" + group)},
			})
		}
		return
	}
	m := p.Tracking.CustomizedMetricSpecification
	if len(m.Metrics) == 0 {
		var dimensions []cw.Dimension
		for _, d := range m.Dimensions {
			dimensions = append(dimensions, cw.Dimension{Name: d.Name, Value: d.Value})
		}
		single(*m.Namespace, *m.MetricName, cw.Statistic(m.Statistic), cw.StandardUnit(aws.ToString(m.Unit)), dimensions)
		return
	}
	for _, q := range m.Metrics {
		a.Metrics = append(a.Metrics, query(q))
	}
}

// query is a metric of metric math as CloudWatch takes it.
func query(q types.TargetTrackingMetricDataQuery) cw.MetricDataQuery {
	out := cw.MetricDataQuery{Id: q.Id, Expression: q.Expression, Label: q.Label, ReturnData: aws.Bool(q.ReturnData == nil || *q.ReturnData)}
	if q.Expression != nil {
		out.Period = aws.Int32(period)
		return out
	}
	m := cw.Metric{Namespace: q.MetricStat.Metric.Namespace, MetricName: q.MetricStat.Metric.MetricName}
	for _, d := range q.MetricStat.Metric.Dimensions {
		m.Dimensions = append(m.Dimensions, cw.Dimension{Name: d.Name, Value: d.Value})
	}
	out.MetricStat = &cw.MetricStat{Metric: &m, Period: aws.Int32(period), Stat: q.MetricStat.Stat, Unit: cw.StandardUnit(aws.ToString(q.MetricStat.Unit))}
	return out
}
