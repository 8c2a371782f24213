package autoscaling

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// registerScalableTarget registers a service, or changes what it was registered
// with. Bounds that change are brought about at once.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
func (s *Service) registerScalableTarget(ctx context.Context, caller wire.Caller, in *sdk.RegisterScalableTargetInput) (*sdk.RegisterScalableTargetOutput, error) {
	if err := checkResource(in.ServiceNamespace, in.ResourceId, in.ScalableDimension); err != nil {
		return nil, err
	}
	if role := in.RoleARN; role != nil && !strings.HasPrefix(*role, "arn:") {
		return nil, invalid("'%s' is not the ARN of a role. ECS services are scaled with the service-linked role; RoleARN may be left out.", *role)
	}
	now, id := s.now(), s.cfg.NewID()
	var arn string
	err := s.update(ctx, func(w store.Writer) error {
		t, known := store.ScalableTargets.Get(w, caller.Scope.Key(*in.ResourceId))
		if !known {
			if err := checkService(w, caller.Scope, *in.ResourceId); err != nil {
				return err
			}
			if in.MinCapacity == nil || in.MaxCapacity == nil {
				return invalid("MinCapacity and MaxCapacity are required to register a new scalable target")
			}
			t = state.ScalableTarget{
				ResourceID: *in.ResourceId, CreatedAt: now, ARN: caller.Scope.ARN("application-autoscaling", "scalable-target/0ec5"+strings.ReplaceAll(id, "-", "")),
				RoleARN: "arn:aws:iam::" + caller.Scope.Account + ":role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
			}
		}
		low, high := t.Min, t.Max
		if in.MinCapacity != nil {
			t.Min = *in.MinCapacity
		}
		if in.MaxCapacity != nil {
			t.Max = *in.MaxCapacity
		}
		switch {
		case t.Min < 0 || t.Max < 0:
			return invalid("Minimum and maximum capacity must not be negative")
		case t.Min > t.Max:
			return invalid("Maximum capacity cannot be less than minimum capacity")
		}
		if !known || low != t.Min || high != t.Max {
			t.Bounds++
		}
		t.Suspended = suspended(t.Suspended, in.SuspendedState)
		var err error
		if t.Tags, err = mergedTags(t, in.Tags); err != nil {
			return err
		}
		arn = t.ARN
		return store.ScalableTargets.Put(w, caller.Scope.Key(t.ResourceID), t)
	})
	return &sdk.RegisterScalableTargetOutput{ScalableTargetARN: &arn}, err
}

// checkService tells whether a resource is a service whose count can be set.
func checkService(r store.Reader, scope state.Scope, resource string) error {
	svc, ok := store.Services.Get(r, scope.Key(state.ScaledService(resource)))
	switch {
	case !ok || svc.Status != state.ServiceActive:
		return invalid("ECS service doesn't exist: %s", resource)
	case svc.Strategy == string(ecstypes.SchedulingStrategyDaemon):
		return invalid("The daemon scheduling strategy does not support a desired count: %s cannot be scaled", resource)
	}
	return nil
}

// suspended is a state with what a request says of it.
func suspended(have types.SuspendedState, in *types.SuspendedState) types.SuspendedState {
	if in == nil {
		return have
	}
	if in.DynamicScalingInSuspended != nil {
		have.DynamicScalingInSuspended = in.DynamicScalingInSuspended
	}
	if in.DynamicScalingOutSuspended != nil {
		have.DynamicScalingOutSuspended = in.DynamicScalingOutSuspended
	}
	if in.ScheduledScalingSuspended != nil {
		have.ScheduledScalingSuspended = in.ScheduledScalingSuspended
	}
	return have
}

// deregisterScalableTarget removes a target with its policies, their alarms and
// its scheduled actions. Activities stay.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
func (s *Service) deregisterScalableTarget(ctx context.Context, caller wire.Caller, in *sdk.DeregisterScalableTargetInput) (*sdk.DeregisterScalableTargetOutput, error) {
	if err := checkResource(in.ServiceNamespace, in.ResourceId, in.ScalableDimension); err != nil {
		return nil, err
	}
	return &sdk.DeregisterScalableTargetOutput{}, s.update(ctx, func(w store.Writer) error {
		if _, ok := store.ScalableTargets.Get(w, caller.Scope.Key(*in.ResourceId)); !ok {
			return missing("No scalable target found for %s", where(*in.ResourceId))
		}
		s.Remove(w, caller.Scope.Key(*in.ResourceId))
		return nil
	})
}

// Remove deregisters a target in a transaction of somebody else: its service is
// gone.
func (s *Service) Remove(w store.Writer, key state.Key) {
	var policies []state.ScalingPolicy
	for _, p := range store.ScalingPolicies.List(w, key.Scope(), state.ScalingID(key.ID, "")) {
		policies = append(policies, p)
	}
	for _, p := range policies {
		deletePolicy(w, key.Scope(), p)
	}
	store.ScheduledScalings.DeleteBelow(w, key.Scope(), state.ScalingID(key.ID, ""))
	store.ScalableTargets.Delete(w, key)
}

// describeScalableTargets lists targets.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
func (s *Service) describeScalableTargets(ctx context.Context, caller wire.Caller, in *sdk.DescribeScalableTargetsInput) (*sdk.DescribeScalableTargetsOutput, error) {
	var first *string
	if len(in.ResourceIds) > 0 {
		first = &in.ResourceIds[0]
	}
	if err := checkFilter(in.ServiceNamespace, first, in.ScalableDimension); err != nil {
		return nil, err
	}
	out := &sdk.DescribeScalableTargetsOutput{ScalableTargets: []types.ScalableTarget{}}
	return out, s.view(ctx, func(r store.Reader) error {
		var list []state.ScalableTarget
		for _, t := range store.ScalableTargets.List(r, caller.Scope, "") {
			if len(in.ResourceIds) == 0 || slices.Contains(in.ResourceIds, t.ResourceID) {
				list = append(list, t)
			}
		}
		list, next, err := page("scalable-targets", list, func(t state.ScalableTarget) string { return t.ResourceID }, in.MaxResults, 50, in.NextToken)
		for _, t := range list {
			out.ScalableTargets = append(out.ScalableTargets, types.ScalableTarget{
				ServiceNamespace: namespace, ResourceId: &t.ResourceID, ScalableDimension: dimension, MinCapacity: &t.Min, MaxCapacity: &t.Max,
				RoleARN: &t.RoleARN, CreationTime: &t.CreatedAt, ScalableTargetARN: &t.ARN,
				SuspendedState: &types.SuspendedState{
					DynamicScalingInSuspended:  aws.Bool(aws.ToBool(t.Suspended.DynamicScalingInSuspended)),
					DynamicScalingOutSuspended: aws.Bool(aws.ToBool(t.Suspended.DynamicScalingOutSuspended)),
					ScheduledScalingSuspended:  aws.Bool(aws.ToBool(t.Suspended.ScheduledScalingSuspended)),
				},
			})
		}
		out.NextToken = next
		return err
	})
}

// tagsOf are a target's tags; its own, to change.
func tagsOf(t state.ScalableTarget) map[string]string {
	out := maps.Clone(t.Tags)
	if out == nil {
		out = map[string]string{}
	}
	return out
}
