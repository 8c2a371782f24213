package autoscaling

import (
	"context"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxPolicies = 50

// putScalingPolicy makes a policy or changes one. Target tracking gets its
// alarms in the same transaction; steps are called by alarms of the user's.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
func (s *Service) putScalingPolicy(ctx context.Context, caller wire.Caller, in *sdk.PutScalingPolicyInput) (*sdk.PutScalingPolicyOutput, error) {
	if err := checkResource(in.ServiceNamespace, in.ResourceId, in.ScalableDimension); err != nil {
		return nil, err
	}
	name := aws.ToString(in.PolicyName)
	if n := utf8.RuneCountInString(name); n < 1 || n > 256 {
		return nil, invalid("1 validation error detected: Value '%s' at 'policyName' failed to satisfy constraint: Member must have 1 to 256 characters", name)
	}
	if in.PolicyType == types.PolicyTypePredictiveScaling || in.PredictiveScalingPolicyConfiguration != nil {
		return nil, invalid("PredictiveScaling is not supported by Hatoba. Use TargetTrackingScaling, StepScaling or scheduled actions.")
	}
	now, id, by := s.now(), s.cfg.NewID(), s.cfg.NewID()
	high, low := s.cfg.NewID(), s.cfg.NewID()
	out := &sdk.PutScalingPolicyOutput{}
	err := s.update(ctx, func(w store.Writer) error {
		target, err := findTarget(w, caller.Scope, *in.ResourceId)
		if err != nil {
			return err
		}
		key := caller.Scope.Key(state.ScalingID(target.ResourceID, name))
		before, known := store.ScalingPolicies.Get(w, key)
		p := before
		if !known {
			if err := checkRoom(w, caller.Scope, target.ResourceID); err != nil {
				return err
			}
			p = state.ScalingPolicy{Name: name, ResourceID: target.ResourceID, CreatedBy: by, CreatedAt: now,
				ARN: caller.Scope.ARN("autoscaling", "scalingPolicy:"+id+":resource/ecs/"+target.ResourceID+":policyName/"+name)}
		}
		if err := configure(w, caller.Scope, &p, in); err != nil {
			return err
		}
		if err := checkMetric(w, caller.Scope, p); err != nil {
			return err
		}
		unchanged := known && alarmsThere(w, caller.Scope, p) && reflect.DeepEqual(before.Tracking, p.Tracking)
		if p.Tracking != nil && !unchanged {
			deleteAlarms(w, caller.Scope, before)
			if p.Alarms, err = makeAlarms(w, caller.Scope, p, now, high, low); err != nil {
				return err
			}
		}
		out.PolicyARN, out.Alarms = &p.ARN, alarmsOf(w, caller.Scope, p)
		return store.ScalingPolicies.Put(w, key, p)
	})
	return out, err
}

// checkRoom tells whether a target may have another policy.
func checkRoom(r store.Reader, scope state.Scope, resource string) error {
	n := 0
	for range store.ScalingPolicies.List(r, scope, state.ScalingID(resource, "")) {
		n++
	}
	if n >= maxPolicies {
		return tooMany("A scalable target can have at most %d scaling policies", maxPolicies)
	}
	return nil
}

// checkMetric tells whether a policy is the only one of its target that tracks
// its metric: two would pull at the same count.
func checkMetric(r store.Reader, scope state.Scope, p state.ScalingPolicy) error {
	for _, other := range store.ScalingPolicies.List(r, scope, state.ScalingID(p.ResourceID, "")) {
		if p.Tracking == nil || other.Tracking == nil || other.Name == p.Name {
			continue
		}
		if reflect.DeepEqual(p.Tracking.PredefinedMetricSpecification, other.Tracking.PredefinedMetricSpecification) &&
			reflect.DeepEqual(p.Tracking.CustomizedMetricSpecification, other.Tracking.CustomizedMetricSpecification) {
			return invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed.")
		}
	}
	return nil
}

// configure gives a policy what a request says. Its type does not change.
func configure(r store.Reader, scope state.Scope, p *state.ScalingPolicy, in *sdk.PutScalingPolicyInput) error {
	kind := in.PolicyType
	have := policyType(*p)
	switch {
	case kind == "" && have == "":
		kind = types.PolicyTypeStepScaling
		if in.TargetTrackingScalingPolicyConfiguration != nil {
			kind = types.PolicyTypeTargetTrackingScaling
		}
	case kind == "":
		kind = have
	case have != "" && have != kind:
		return invalid("The type of the scaling policy %s is %s and cannot be changed. Delete the policy first.", p.Name, have)
	}
	switch kind {
	case types.PolicyTypeTargetTrackingScaling:
		c := in.TargetTrackingScalingPolicyConfiguration
		if c == nil || in.StepScalingPolicyConfiguration != nil {
			return invalid("A policy of type TargetTrackingScaling takes TargetTrackingScalingPolicyConfiguration, and no other configuration")
		}
		if err := checkTracking(r, scope, c); err != nil {
			return err
		}
		p.Tracking = c
	case types.PolicyTypeStepScaling:
		c := in.StepScalingPolicyConfiguration
		if c == nil || in.TargetTrackingScalingPolicyConfiguration != nil {
			return invalid("A policy of type StepScaling takes StepScalingPolicyConfiguration, and no other configuration")
		}
		if err := checkSteps(c); err != nil {
			return err
		}
		p.Step = c
	default:
		return invalid("1 validation error detected: Value '%s' at 'policyType' failed to satisfy constraint: Member must satisfy enum value set: [StepScaling, PredictiveScaling, TargetTrackingScaling]", kind)
	}
	return nil
}

func policyType(p state.ScalingPolicy) types.PolicyType {
	switch {
	case p.Tracking != nil:
		return types.PolicyTypeTargetTrackingScaling
	case p.Step != nil:
		return types.PolicyTypeStepScaling
	}
	return ""
}

// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeleteScalingPolicy.html
func (s *Service) deleteScalingPolicy(ctx context.Context, caller wire.Caller, in *sdk.DeleteScalingPolicyInput) (*sdk.DeleteScalingPolicyOutput, error) {
	if err := checkResource(in.ServiceNamespace, in.ResourceId, in.ScalableDimension); err != nil {
		return nil, err
	}
	return &sdk.DeleteScalingPolicyOutput{}, s.update(ctx, func(w store.Writer) error {
		p, ok := store.ScalingPolicies.Get(w, caller.Scope.Key(state.ScalingID(*in.ResourceId, aws.ToString(in.PolicyName))))
		if !ok {
			return missing("No scaling policy found for %s, policy name: %s", where(*in.ResourceId), aws.ToString(in.PolicyName))
		}
		deletePolicy(w, caller.Scope, p)
		return nil
	})
}

// deletePolicy removes a policy with the alarms that were made for it. A user's
// own stay; their action leads nowhere, as on AWS.
func deletePolicy(w store.Writer, scope state.Scope, p state.ScalingPolicy) {
	deleteAlarms(w, scope, p)
	store.ScalingPolicies.Delete(w, scope.Key(state.ScalingID(p.ResourceID, p.Name)))
}

// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html
func (s *Service) describeScalingPolicies(ctx context.Context, caller wire.Caller, in *sdk.DescribeScalingPoliciesInput) (*sdk.DescribeScalingPoliciesOutput, error) {
	if err := checkFilter(in.ServiceNamespace, in.ResourceId, in.ScalableDimension); err != nil {
		return nil, err
	}
	out := &sdk.DescribeScalingPoliciesOutput{ScalingPolicies: []types.ScalingPolicy{}}
	return out, s.view(ctx, func(r store.Reader) error {
		var list []state.ScalingPolicy
		for _, p := range store.ScalingPolicies.List(r, caller.Scope, prefix(in.ResourceId)) {
			if len(in.PolicyNames) == 0 || slices.Contains(in.PolicyNames, p.Name) {
				list = append(list, p)
			}
		}
		list, next, err := page("scaling-policies", list, func(p state.ScalingPolicy) string { return state.ScalingID(p.ResourceID, p.Name) }, in.MaxResults, 50, in.NextToken)
		for _, p := range list {
			out.ScalingPolicies = append(out.ScalingPolicies, types.ScalingPolicy{
				PolicyARN: &p.ARN, PolicyName: &p.Name, PolicyType: policyType(p), ServiceNamespace: namespace, ResourceId: &p.ResourceID, ScalableDimension: dimension,
				TargetTrackingScalingPolicyConfiguration: p.Tracking, StepScalingPolicyConfiguration: p.Step, Alarms: alarmsOf(r, caller.Scope, p), CreationTime: &p.CreatedAt,
			})
		}
		out.NextToken = next
		return err
	})
}
