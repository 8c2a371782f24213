package scaling

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
)

// line is metrics by name, each with one value for ever.
type line map[string]float64

func (l line) Read(_ context.Context, _ state.Scope, q metrics.Query) (out []metrics.Point, err error) {
	v, ok := l[fmt.Sprint(q.Namespace, " ", q.Name, " ", q.Statistic, " ", len(q.Dimensions))]
	for at := q.From; ok && at.Before(q.To); at = at.Add(q.Period) {
		out = append(out, metrics.Point{Time: at, Value: v, Count: 1})
	}
	return out, nil
}

// Every kind of metric that a policy may track is read as its alarms watch it.
func TestWhatPoliciesTrack(t *testing.T) {
	from := line{
		"AWS/ECS CPUUtilization Average 2": 60, "AWS/ECS MemoryUtilization Average 2": 70, "AWS/ApplicationELB RequestCountPerTarget Sum 2": 800,
		"App Backlog Maximum 1": 12, "App Jobs Sum 0": 100, "App Workers Average 0": 4,
	}
	stat := func(name, stat string) *types.TargetTrackingMetricStat {
		return &types.TargetTrackingMetricStat{Stat: &stat, Metric: &types.TargetTrackingMetric{Namespace: aws.String("App"), MetricName: &name}}
	}
	for want, c := range map[float64]types.TargetTrackingScalingPolicyConfiguration{
		60:  {PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricTypeECSServiceAverageCPUUtilization}},
		70:  {PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricTypeECSServiceAverageMemoryUtilization}},
		800: {PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricTypeALBRequestCountPerTarget, ResourceLabel: aws.String("app/web/1/targetgroup/web/2")}},
		12: {CustomizedMetricSpecification: &types.CustomizedMetricSpecification{Namespace: aws.String("App"), MetricName: aws.String("Backlog"), Statistic: types.MetricStatisticMaximum,
			Dimensions: []types.MetricDimension{{Name: aws.String("Queue"), Value: aws.String("a")}}}},
		25: {CustomizedMetricSpecification: &types.CustomizedMetricSpecification{Metrics: []types.TargetTrackingMetricDataQuery{
			{Id: aws.String("jobs"), MetricStat: stat("Jobs", "Sum"), ReturnData: aws.Bool(false)},
			{Id: aws.String("workers"), MetricStat: stat("Workers", "Average"), ReturnData: aws.Bool(false)},
			{Id: aws.String("each"), Expression: aws.String("jobs / workers")},
		}}},
	} {
		c.TargetValue = aws.Float64(10)
		if err := CheckTracking(&c); err != nil {
			t.Error(err)
			continue
		}
		a := Alarms(state.ScalingPolicy{Name: "p", ResourceID: "service/default/web", Tracking: &c}, "h", "l")[0]
		points, err := Points(t.Context(), from, state.Scope{}, a, alarm.WindowAt(a, start.Add(30*time.Second)))
		if err != nil {
			t.Error(err)
			continue
		}
		values, at := Newest(a, points)
		if len(values) != 3 || values[2] != want || !at.Equal(start.Add(-time.Minute)) {
			t.Errorf("the values are %v up to %s, want %v three times up to a minute ago", values, at, want)
		}
	}
	bad := types.TargetTrackingScalingPolicyConfiguration{TargetValue: aws.Float64(1), CustomizedMetricSpecification: &types.CustomizedMetricSpecification{Metrics: []types.TargetTrackingMetricDataQuery{
		{Id: aws.String("e"), Expression: aws.String("none / 2")},
	}}}
	if err := CheckTracking(&bad); err == nil {
		t.Error("an expression of nothing is taken")
	}
}
