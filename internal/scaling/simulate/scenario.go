package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/scaling"
	"github.com/hatoba/hatoba/internal/state"
)

const resource = "service/default/simulated"

// Scenario is what scales the service.
type Scenario struct {
	Target   state.ScalableTarget
	Policies []state.ScalingPolicy
	Actions  []state.ScheduledScaling
	Alarms   []cw.MetricAlarm
	bounded  bool
}

// Add reads the JSON that an operation takes, or a list of such: put-scaling-policy,
// register-scalable-target, put-scheduled-action, and put-metric-alarm, which a
// step scaling policy needs. The configuration of a policy alone is one, too.
// name is for what has none.
func (s *Scenario) Add(name string, r io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return err
	}
	parts := []json.RawMessage{text}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		if err := json.Unmarshal(text, &parts); err != nil {
			return err
		}
	}
	for _, part := range parts {
		if err := s.add(name, part); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scenario) add(name string, text json.RawMessage) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(text, &keys); err != nil {
		return err
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { _, ok := keys[n]; return ok })
	}
	switch {
	case has("PolicyType", "TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration"):
		return s.addPolicy(name, text)
	case has("TargetValue"):
		return s.addPolicy(name, fmt.Appendf(nil, `{"TargetTrackingScalingPolicyConfiguration":%s}`, text))
	case has("StepAdjustments"):
		return s.addPolicy(name, fmt.Appendf(nil, `{"StepScalingPolicyConfiguration":%s}`, text))
	case has("Schedule"):
		return s.addAction(name, text)
	case has("ComparisonOperator"):
		return s.addAlarm(name, text)
	case has("MinCapacity", "MaxCapacity"):
		return s.addTarget(text)
	}
	return errors.New("it is none of what put-scaling-policy, register-scalable-target, put-scheduled-action and put-metric-alarm take")
}

func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func (s *Scenario) addTarget(text []byte) error {
	var in aas.RegisterScalableTargetInput
	if err := strict(text, &in); err != nil {
		return err
	}
	if in.MinCapacity == nil || in.MaxCapacity == nil {
		return errors.New("a scalable target needs MinCapacity and MaxCapacity")
	}
	if in.SuspendedState != nil {
		s.Target.Suspended = *in.SuspendedState
	}
	return s.Bound(*in.MinCapacity, *in.MaxCapacity)
}

// Bound sets the bounds of the target.
func (s *Scenario) Bound(low, high int32) error {
	if low < 0 || low > high {
		return fmt.Errorf("the bounds %d and %d are none", low, high)
	}
	s.Target.ResourceID, s.Target.Min, s.Target.Max, s.bounded = resource, low, high, true
	return nil
}

// Bounded tells whether there are bounds.
func (s *Scenario) Bounded() bool { return s.bounded }

func (s *Scenario) addPolicy(name string, text []byte) error {
	var in aas.PutScalingPolicyInput
	if err := strict(text, &in); err != nil {
		return err
	}
	p := state.ScalingPolicy{Name: name, ResourceID: resource, CreatedBy: "simulation"}
	if in.PolicyName != nil {
		p.Name = *in.PolicyName
	}
	for slices.ContainsFunc(s.Policies, func(o state.ScalingPolicy) bool { return o.Name == p.Name }) {
		p.Name += "-2"
	}
	p.ARN = "arn:aws:autoscaling:::scalingPolicy:simulation:resource/ecs/" + resource + ":policyName/" + p.Name
	p.Tracking, p.Step = in.TargetTrackingScalingPolicyConfiguration, in.StepScalingPolicyConfiguration
	switch {
	case in.PredictiveScalingPolicyConfiguration != nil || in.PolicyType == types.PolicyTypePredictiveScaling:
		return errors.New("PredictiveScaling is not supported")
	case (p.Tracking == nil) == (p.Step == nil):
		return errors.New("a policy needs one of TargetTrackingScalingPolicyConfiguration and StepScalingPolicyConfiguration")
	case p.Tracking != nil:
		if err := scaling.CheckTracking(p.Tracking); err != nil {
			return err
		}
		s.Alarms = append(s.Alarms, scaling.Alarms(p, p.Name, p.Name)...)
	default:
		if err := scaling.CheckSteps(p.Step); err != nil {
			return err
		}
	}
	s.Policies = append(s.Policies, p)
	slices.SortFunc(s.Policies, func(a, b state.ScalingPolicy) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func (s *Scenario) addAction(name string, text []byte) error {
	var in aas.PutScheduledActionInput
	if err := strict(text, &in); err != nil {
		return err
	}
	a := state.ScheduledScaling{Name: name, ResourceID: resource, Schedule: aws.ToString(in.Schedule), Timezone: aws.ToString(in.Timezone), StartTime: in.StartTime, EndTime: in.EndTime}
	if in.ScheduledActionName != nil {
		a.Name = *in.ScheduledActionName
	}
	if in.ScalableTargetAction != nil {
		a.Min, a.Max = in.ScalableTargetAction.MinCapacity, in.ScalableTargetAction.MaxCapacity
	}
	if err := scaling.CheckScheduled(a); err != nil {
		return err
	}
	s.Actions = append(s.Actions, a)
	return nil
}

// addAlarm adds a user's alarm. Its actions may name policies by their ARN or by
// their name; without any it calls all step scaling policies.
func (s *Scenario) addAlarm(name string, text []byte) error {
	var in cloudwatch.PutMetricAlarmInput
	if err := strict(text, &in); err != nil {
		return err
	}
	if in.Threshold == nil || in.EvaluationPeriods == nil || *in.EvaluationPeriods < 1 || aws.ToInt32(in.Period) < 60 || in.MetricName == nil {
		return errors.New("an alarm needs MetricName, Period (60 or more), EvaluationPeriods and Threshold")
	}
	if in.AlarmName != nil {
		name = *in.AlarmName
	}
	s.Alarms = append(s.Alarms, cw.MetricAlarm{
		AlarmName: &name, ActionsEnabled: aws.Bool(true), AlarmActions: in.AlarmActions, ComparisonOperator: in.ComparisonOperator, Threshold: in.Threshold,
		EvaluationPeriods: in.EvaluationPeriods, DatapointsToAlarm: in.DatapointsToAlarm, Period: in.Period, TreatMissingData: in.TreatMissingData,
		Namespace: in.Namespace, MetricName: in.MetricName, Statistic: in.Statistic, ExtendedStatistic: in.ExtendedStatistic, Dimensions: in.Dimensions, Unit: in.Unit,
	})
	return nil
}

// calls tells whether an alarm calls a policy.
func calls(a cw.MetricAlarm, p state.ScalingPolicy) bool {
	if len(a.AlarmActions) == 0 {
		return p.Step != nil
	}
	return slices.ContainsFunc(a.AlarmActions, func(action string) bool {
		return p.CalledBy(action) || action == p.Name || strings.HasSuffix(action, ":policyName/"+p.Name)
	})
}

// Check tells what is missing.
func (s *Scenario) Check() error {
	switch {
	case !s.bounded:
		return errors.New("the bounds are missing: --target 1-10, or what register-scalable-target takes")
	case len(s.Policies) == 0 && len(s.Actions) == 0:
		return errors.New("there is neither a policy nor a scheduled action")
	}
	for _, p := range s.Policies {
		if !slices.ContainsFunc(s.Alarms, func(a cw.MetricAlarm) bool { return calls(a, p) }) {
			return fmt.Errorf("no alarm calls the policy %s: add what put-metric-alarm takes with --policy", p.Name)
		}
	}
	return nil
}
