package autoscaling_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/aws/autoscaling"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var (
	scope = state.Scope{Account: "123456789012", Region: "us-east-1"}
	ecs   = types.ServiceNamespaceEcs
	count = types.ScalableDimensionECSServiceDesiredCount
	web   = aws.String("service/default/web")
)

type world struct {
	*testing.T
	*sdk.Client
	db  store.Store
	now time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, db: mem.New(), now: time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)}
	n := 0
	service := autoscaling.New(autoscaling.Config{Store: w.db, Now: func() time.Time { return w.now }, NewID: func() string {
		n++
		return fmt.Sprintf("00000000-0000-0000-0000-%012d", n)
	}})
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{service.Describe()}, DefaultScope: scope})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w.Client = sdk.New(sdk.Options{BaseEndpoint: &server.URL, Region: scope.Region,
		Credentials: credentials.NewStaticCredentialsProvider(scope.Account, "secret", "")})
	w.update(func(tx store.Writer) error {
		for name, strategy := range map[string]string{"web": "REPLICA", "api": "REPLICA", "agent": "DAEMON"} {
			if err := store.Services.Put(tx, scope.Key("default/"+name), state.Service{Name: name, ClusterName: "default", Status: state.ServiceActive, Strategy: strategy, DesiredCount: 1}); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *world) update(fn func(store.Writer) error) {
	w.Helper()
	if err := w.db.Update(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

func (w *world) register(low, high int32) string {
	w.Helper()
	out, err := w.RegisterScalableTarget(w.Context(), &sdk.RegisterScalableTargetInput{ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count, MinCapacity: &low, MaxCapacity: &high})
	if err != nil {
		w.Fatal(err)
	}
	return *out.ScalableTargetARN
}

func (w *world) alarms() (out []state.Alarm) {
	w.Helper()
	err := w.db.View(w.Context(), func(r store.Reader) error {
		for _, a := range store.Alarms.List(r, scope, "") {
			out = append(out, a)
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return out
}

func tracking(target float64) *sdk.PutScalingPolicyInput {
	return &sdk.PutScalingPolicyInput{
		PolicyName: aws.String("cpu"), PolicyType: types.PolicyTypeTargetTrackingScaling, ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count,
		TargetTrackingScalingPolicyConfiguration: &types.TargetTrackingScalingPolicyConfiguration{
			TargetValue: &target, PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricTypeECSServiceAverageCPUUtilization},
		},
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestTargets(t *testing.T) {
	w := newWorld(t)
	arn := w.register(2, 10)
	if !strings.HasPrefix(arn, "arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/0ec5") {
		t.Errorf("the ARN is %s", arn)
	}
	if again := w.register(1, 10); again != arn {
		t.Errorf("registered again it is %s", again)
	}
	_, err := w.RegisterScalableTarget(t.Context(), &sdk.RegisterScalableTargetInput{ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count,
		SuspendedState: &types.SuspendedState{ScheduledScalingSuspended: aws.Bool(true)}, Tags: map[string]string{"team": "web"}})
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.DescribeScalableTargets(t.Context(), &sdk.DescribeScalableTargetsInput{ServiceNamespace: ecs, ResourceIds: []string{*web}, ScalableDimension: count})
	if err != nil || len(list.ScalableTargets) != 1 {
		t.Fatal(list, err)
	}
	got := list.ScalableTargets[0]
	if *got.MinCapacity != 1 || *got.MaxCapacity != 10 || !*got.SuspendedState.ScheduledScalingSuspended || *got.SuspendedState.DynamicScalingInSuspended || *got.ScalableTargetARN != arn {
		t.Errorf("described as %+v", got)
	}
	if _, err := w.TagResource(t.Context(), &sdk.TagResourceInput{ResourceARN: &arn, Tags: map[string]string{"stage": "test"}}); err != nil {
		t.Error(err)
	}
	if _, err := w.UntagResource(t.Context(), &sdk.UntagResourceInput{ResourceARN: &arn, TagKeys: []string{"team"}}); err != nil {
		t.Error(err)
	}
	if tags, err := w.ListTagsForResource(t.Context(), &sdk.ListTagsForResourceInput{ResourceARN: &arn}); err != nil || !cmp.Equal(tags.Tags, map[string]string{"stage": "test"}) {
		t.Errorf("the tags are %v, %v", tags, err)
	}
	for what, in := range map[string]*sdk.RegisterScalableTargetInput{
		"no service": {ServiceNamespace: ecs, ResourceId: aws.String("service/default/none"), ScalableDimension: count, MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(1)},
		"a daemon":   {ServiceNamespace: ecs, ResourceId: aws.String("service/default/agent"), ScalableDimension: count, MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(1)},
		"no bounds":  {ServiceNamespace: ecs, ResourceId: aws.String("service/default/api"), ScalableDimension: count},
		"crossed":    {ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count, MinCapacity: aws.Int32(11)},
		"another":    {ServiceNamespace: types.ServiceNamespaceDynamodb, ResourceId: aws.String("table/t"), ScalableDimension: types.ScalableDimensionDynamoDBTableReadCapacityUnits},
		"no kind":    {ServiceNamespace: ecs, ResourceId: aws.String("web"), ScalableDimension: count},
	} {
		if _, err := w.RegisterScalableTarget(t.Context(), in); code(err) != "ValidationException" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.DeregisterScalableTarget(t.Context(), &sdk.DeregisterScalableTargetInput{ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count}); err != nil {
		t.Error(err)
	}
	if _, err := w.DeregisterScalableTarget(t.Context(), &sdk.DeregisterScalableTargetInput{ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count}); code(err) != "ObjectNotFoundException" || !strings.Contains(err.Error(), "No scalable target found for service namespace: ecs, resource ID: service/default/web, scalable dimension: ecs:service:DesiredCount") {
		t.Errorf("deregistered twice: %v", err)
	}
}

// The alarms are those that AWS makes, and go with the policy.
func TestTargetTrackingHasAlarms(t *testing.T) {
	w := newWorld(t)
	if _, err := w.PutScalingPolicy(t.Context(), tracking(50)); code(err) != "ObjectNotFoundException" || !strings.Contains(err.Error(), "No scalable target registered for service namespace: ecs, resource ID: service/default/web, scalable dimension: ecs:service:DesiredCount") {
		t.Errorf("without a target: %v", err)
	}
	w.register(1, 10)
	put, err := w.PutScalingPolicy(t.Context(), tracking(50))
	if err != nil {
		t.Fatal(err)
	}
	alarms := w.alarms()
	if len(alarms) != 2 || len(put.Alarms) != 2 {
		t.Fatalf("%d alarms, told %d", len(alarms), len(put.Alarms))
	}
	high, low := alarms[0].Metric, alarms[1].Metric
	for i, a := range []string{"AlarmHigh", "AlarmLow"} {
		if !strings.HasPrefix(*alarms[i].Metric.AlarmName, "TargetTracking-service/default/web-"+a+"-") || *put.Alarms[i].AlarmName != *alarms[i].Metric.AlarmName {
			t.Errorf("%s is named %s, told as %s", a, *alarms[i].Metric.AlarmName, *put.Alarms[i].AlarmName)
		}
	}
	if *high.Threshold != 50 || *high.EvaluationPeriods != 3 || high.ComparisonOperator != "GreaterThanThreshold" || *low.Threshold != 45 || *low.EvaluationPeriods != 15 || low.ComparisonOperator != "LessThanThreshold" {
		t.Errorf("they watch %+v and %+v", high, low)
	}
	if *high.Namespace != "AWS/ECS" || *high.MetricName != "CPUUtilization" || *high.Period != 60 || *high.Dimensions[0].Value != "default" || *high.Dimensions[1].Value != "web" {
		t.Errorf("the metric is %+v", high)
	}
	if want := "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy " + *put.PolicyARN + ":createdBy/"; !strings.HasPrefix(*high.AlarmDescription, want) || !strings.HasPrefix(high.AlarmActions[0], *put.PolicyARN+":createdBy/") {
		t.Errorf("described as %s, calls %v", *high.AlarmDescription, high.AlarmActions)
	}
	if again, err := w.PutScalingPolicy(t.Context(), tracking(50)); err != nil || *again.Alarms[0].AlarmName != *put.Alarms[0].AlarmName {
		t.Errorf("the same again: %v, %v", again, err)
	}
	twin := tracking(60)
	twin.PolicyName = aws.String("again")
	if _, err := w.PutScalingPolicy(t.Context(), twin); code(err) != "ValidationException" || !strings.Contains(err.Error(), "Only one TargetTrackingScaling policy for a given metric specification is allowed.") || len(w.alarms()) != 2 {
		t.Errorf("a second policy for the metric: %v, %d alarms", err, len(w.alarms()))
	}
	changed := tracking(70)
	changed.TargetTrackingScalingPolicyConfiguration.DisableScaleIn = aws.Bool(true)
	if again, err := w.PutScalingPolicy(t.Context(), changed); err != nil || *again.PolicyARN != *put.PolicyARN || len(again.Alarms) != 1 {
		t.Errorf("changed: %v, %v", again, err)
	}
	if alarms := w.alarms(); len(alarms) != 1 || *alarms[0].Metric.Threshold != 70 {
		t.Errorf("after the change there are %+v", alarms)
	}
	if _, err := w.DeleteScalingPolicy(t.Context(), &sdk.DeleteScalingPolicyInput{PolicyName: aws.String("cpu"), ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count}); err != nil {
		t.Error(err)
	}
	if alarms := w.alarms(); len(alarms) != 0 {
		t.Errorf("after it was deleted there are %+v", alarms)
	}
}

func TestPolicies(t *testing.T) {
	w := newWorld(t)
	w.register(1, 10)
	steps := func(list ...types.StepAdjustment) *sdk.PutScalingPolicyInput {
		return &sdk.PutScalingPolicyInput{PolicyName: aws.String("steps"), PolicyType: types.PolicyTypeStepScaling, ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count,
			StepScalingPolicyConfiguration: &types.StepScalingPolicyConfiguration{AdjustmentType: types.AdjustmentTypeChangeInCapacity, StepAdjustments: list}}
	}
	step := func(lower, upper *float64) types.StepAdjustment {
		return types.StepAdjustment{MetricIntervalLowerBound: lower, MetricIntervalUpperBound: upper, ScalingAdjustment: aws.Int32(1)}
	}
	f := aws.Float64
	put, err := w.PutScalingPolicy(t.Context(), steps(step(f(0), f(10)), step(f(10), nil)))
	if err != nil {
		t.Fatal(err)
	}
	label, math, predictive := tracking(50), tracking(50), steps(step(f(0), nil))
	label.TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.ResourceLabel = aws.String("app/a/1/targetgroup/b/2")
	math.TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification = nil
	math.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification = &types.CustomizedMetricSpecification{Metrics: []types.TargetTrackingMetricDataQuery{
		{Id: aws.String("m1"), MetricStat: &types.TargetTrackingMetricStat{Stat: aws.String("Sum"), Metric: &types.TargetTrackingMetric{Namespace: aws.String("App"), MetricName: aws.String("Jobs")}}},
		{Id: aws.String("e1"), Expression: aws.String("m1 / 2")},
	}}
	predictive.PolicyType = types.PolicyTypePredictiveScaling
	typeChanged := tracking(50)
	typeChanged.PolicyName = aws.String("steps")
	for what, in := range map[string]*sdk.PutScalingPolicyInput{
		"no steps": steps(), "a gap": steps(step(f(0), f(10)), step(f(11), nil)), "an overlap": steps(step(f(0), f(10)), step(f(9), nil)),
		"no end": steps(step(f(0), f(10))), "open on both sides": steps(step(nil, nil)), "a label of no use": label, "two that are returned": math,
		"predictive": predictive, "another type": typeChanged, "a target of nothing": tracking(0),
	} {
		if _, err := w.PutScalingPolicy(t.Context(), in); code(err) != "ValidationException" {
			t.Errorf("%s: %v", what, err)
		}
	}
	math.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.Metrics[0].ReturnData = aws.Bool(false)
	if _, err := w.PutScalingPolicy(t.Context(), math); err != nil {
		t.Error(err)
	}
	if a := w.alarms()[0].Metric; len(a.Metrics) != 2 || *a.Metrics[0].MetricStat.Period != 60 || *a.Metrics[0].ReturnData || *a.Metrics[1].Expression != "m1 / 2" || a.Period != nil {
		t.Errorf("the alarm of metric math is %+v", a)
	}
	page, err := w.DescribeScalingPolicies(t.Context(), &sdk.DescribeScalingPoliciesInput{ServiceNamespace: ecs, MaxResults: aws.Int32(1)})
	if err != nil || len(page.ScalingPolicies) != 1 || page.NextToken == nil {
		t.Fatal(page, err)
	}
	rest, err := w.DescribeScalingPolicies(t.Context(), &sdk.DescribeScalingPoliciesInput{ServiceNamespace: ecs, NextToken: page.NextToken})
	if err != nil || len(rest.ScalingPolicies) != 1 || *rest.ScalingPolicies[0].PolicyARN != *put.PolicyARN || rest.ScalingPolicies[0].PolicyType != types.PolicyTypeStepScaling {
		t.Fatal(rest, err)
	}
	if _, err := w.DescribeScalingPolicies(t.Context(), &sdk.DescribeScalingPoliciesInput{ServiceNamespace: ecs, NextToken: aws.String("x")}); code(err) != "InvalidNextTokenException" {
		t.Errorf("a token that is none: %v", err)
	}
}

func TestScheduledActions(t *testing.T) {
	w := newWorld(t)
	w.register(1, 10)
	in := &sdk.PutScheduledActionInput{ScheduledActionName: aws.String("morning"), ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count,
		Schedule: aws.String("cron(0 9 * * ? *)"), Timezone: aws.String("Asia/Tokyo"), ScalableTargetAction: &types.ScalableTargetAction{MinCapacity: aws.Int32(2)}}
	if _, err := w.PutScheduledAction(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if _, err := w.PutScheduledAction(t.Context(), &sdk.PutScheduledActionInput{ScheduledActionName: in.ScheduledActionName, ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count,
		Schedule: aws.String("rate(1 hour)"), EndTime: aws.Time(w.now.Add(time.Hour))}); err != nil {
		t.Error(err)
	}
	list, err := w.DescribeScheduledActions(t.Context(), &sdk.DescribeScheduledActionsInput{ServiceNamespace: ecs, ResourceId: web})
	if err != nil || len(list.ScheduledActions) != 1 {
		t.Fatal(list, err)
	}
	if a := list.ScheduledActions[0]; *a.Schedule != "rate(1 hour)" || *a.Timezone != "Asia/Tokyo" || *a.ScalableTargetAction.MinCapacity != 2 || a.EndTime == nil ||
		!strings.HasSuffix(*a.ScheduledActionARN, ":resource/ecs/service/default/web:scheduledActionName/morning") {
		t.Errorf("described as %+v", a)
	}
	for what, change := range map[string]func(*sdk.PutScheduledActionInput){
		"a schedule": func(in *sdk.PutScheduledActionInput) { in.Schedule = aws.String("cron(0 9 * * * *)") },
		"a zone":     func(in *sdk.PutScheduledActionInput) { in.Timezone = aws.String("Asia/Edo") },
		"a name":     func(in *sdk.PutScheduledActionInput) { in.ScheduledActionName = aws.String("a/b") },
		"bounds":     func(in *sdk.PutScheduledActionInput) { in.ScalableTargetAction.MaxCapacity = aws.Int32(1) },
		"an end":     func(in *sdk.PutScheduledActionInput) { in.StartTime, in.EndTime = aws.Time(w.now), aws.Time(w.now) },
		"a moment": func(in *sdk.PutScheduledActionInput) {
			in.Timezone, in.Schedule = aws.String("UTC"), aws.String("at("+w.now.Add(-time.Minute).Format("2006-01-02T15:04:05")+")")
		},
		"a moment in its time": func(in *sdk.PutScheduledActionInput) {
			in.Timezone, in.Schedule, in.EndTime = aws.String("UTC"), aws.String("at("+w.now.Add(time.Hour).Format("2006-01-02T15:04:05")+")"), aws.Time(w.now.Add(time.Minute))
		},
		"a year": func(in *sdk.PutScheduledActionInput) { in.Schedule = aws.String("cron(0 9 1 1 ? 2020)") },
	} {
		bad := *in
		bad.ScalableTargetAction = &types.ScalableTargetAction{MinCapacity: aws.Int32(2)}
		change(&bad)
		if _, err := w.PutScheduledAction(t.Context(), &bad); code(err) != "ValidationException" {
			t.Errorf("%s that is none: %v", what, err)
		}
	}
	del := &sdk.DeleteScheduledActionInput{ScheduledActionName: in.ScheduledActionName, ServiceNamespace: ecs, ResourceId: web, ScalableDimension: count}
	if _, err := w.DeleteScheduledAction(t.Context(), del); err != nil {
		t.Error(err)
	}
	if _, err := w.DeleteScheduledAction(t.Context(), del); code(err) != "ObjectNotFoundException" {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestActivities(t *testing.T) {
	w := newWorld(t)
	w.update(func(tx store.Writer) error {
		for i := range 5 {
			at := w.now.Add(time.Duration(i)*time.Minute - time.Hour)
			a := state.ScalingActivity{ID: fmt.Sprint(i), ResourceID: *web, StartTime: at, Description: "d", Cause: "c", Status: types.ScalingActivityStatusCodeSuccessful}
			if i == 3 {
				a.NotScaled = []types.NotScaledReason{{Code: aws.String("AlreadyAtMaxCapacity")}}
			}
			if err := store.ScalingActivities.Put(tx, scope.Key(state.ScalingActivityID(*web, at, 0)), a); err != nil {
				return err
			}
		}
		return nil
	})
	all := func(notScaled bool, size int32) (ids []string) {
		in := &sdk.DescribeScalingActivitiesInput{ServiceNamespace: ecs, ResourceId: web, MaxResults: &size, IncludeNotScaledActivities: &notScaled}
		for {
			out, err := w.DescribeScalingActivities(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range out.ScalingActivities {
				ids = append(ids, *a.ActivityId)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return ids
			}
		}
	}
	if got := all(false, 50); !slices.Equal(got, []string{"4", "2", "1", "0"}) {
		t.Errorf("the activities are %v", got)
	}
	if got := all(true, 2); !slices.Equal(got, []string{"4", "3", "2", "1", "0"}) {
		t.Errorf("all, by pages, are %v", got)
	}
	w.now = w.now.Add(6*7*24*time.Hour - 58*time.Minute)
	if got := all(true, 50); !slices.Equal(got, []string{"4", "3"}) {
		t.Errorf("six weeks later they are %v", got)
	}
}
