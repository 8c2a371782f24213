package autoscaling

import (
	"context"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/scaling"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxScheduled = 200

// actionForm is what a scheduled action's name must not have: controls, colon,
// slash, bar, and spaces at its ends.
var actionForm = regexp.MustCompile(`[\x00-\x1f\x7f-\x9f:/|]|^ | $`)

// putScheduledAction makes a scheduled action or changes one. What is not given
// stays, but start and end. One that would never run, such as at a moment that
// has passed, is refused; AWS does not publish what it does with it.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
func (s *Service) putScheduledAction(ctx context.Context, caller wire.Caller, in *sdk.PutScheduledActionInput) (*sdk.PutScheduledActionOutput, error) {
	if err := checkResource(in.ServiceNamespace, in.ResourceId, in.ScalableDimension); err != nil {
		return nil, err
	}
	name := aws.ToString(in.ScheduledActionName)
	if name == "" || utf8.RuneCountInString(name) > 256 || actionForm.MatchString(name) {
		return nil, invalid("1 validation error detected: Value '%s' at 'scheduledActionName' failed to satisfy constraint: Member must have 1 to 256 characters, without : / | and controls", name)
	}
	now, id := s.now(), s.cfg.NewID()
	return &sdk.PutScheduledActionOutput{}, s.update(ctx, func(w store.Writer) error {
		target, err := findTarget(w, caller.Scope, *in.ResourceId)
		if err != nil {
			return err
		}
		key := caller.Scope.Key(state.ScalingID(target.ResourceID, name))
		a, known := store.ScheduledScalings.Get(w, key)
		if !known {
			n := 0
			for range store.ScheduledScalings.List(w, caller.Scope, state.ScalingID(target.ResourceID, "")) {
				n++
			}
			if n >= maxScheduled {
				return tooMany("A scalable target can have at most %d scheduled actions", maxScheduled)
			}
			a = state.ScheduledScaling{Name: name, ResourceID: target.ResourceID, CreatedAt: now,
				ARN: caller.Scope.ARN("autoscaling", "scheduledAction:"+id+":resource/ecs/"+target.ResourceID+":scheduledActionName/"+name)}
		}
		changeScheduled(&a, in)
		if err := checkScheduled(a); err != nil {
			return err
		}
		a.UpdatedAt, a.RanAt = now, nil
		if _, next := scaling.When(a, now); next.IsZero() {
			return invalid("Schedule '%s' is in the past, or not between StartTime and EndTime: the action would never run", a.Schedule)
		}
		return store.ScheduledScalings.Put(w, key, a)
	})
}

func changeScheduled(a *state.ScheduledScaling, in *sdk.PutScheduledActionInput) {
	if in.Schedule != nil {
		a.Schedule = *in.Schedule
	}
	if in.Timezone != nil {
		a.Timezone = *in.Timezone
	}
	a.StartTime, a.EndTime = in.StartTime, in.EndTime
	if action := in.ScalableTargetAction; action != nil {
		a.Min, a.Max = action.MinCapacity, action.MaxCapacity
	}
}

func checkScheduled(a state.ScheduledScaling) error {
	if err := scaling.CheckScheduled(a); err != nil {
		return invalid("%s", sentence(err))
	}
	return nil
}

// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeleteScheduledAction.html
func (s *Service) deleteScheduledAction(ctx context.Context, caller wire.Caller, in *sdk.DeleteScheduledActionInput) (*sdk.DeleteScheduledActionOutput, error) {
	if err := checkResource(in.ServiceNamespace, in.ResourceId, in.ScalableDimension); err != nil {
		return nil, err
	}
	return &sdk.DeleteScheduledActionOutput{}, s.update(ctx, func(w store.Writer) error {
		key := caller.Scope.Key(state.ScalingID(*in.ResourceId, aws.ToString(in.ScheduledActionName)))
		if _, ok := store.ScheduledScalings.Get(w, key); !ok {
			return missing("No scheduled action found for %s, scheduled action name: %s", where(*in.ResourceId), aws.ToString(in.ScheduledActionName))
		}
		store.ScheduledScalings.Delete(w, key)
		return nil
	})
}

// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScheduledActions.html
func (s *Service) describeScheduledActions(ctx context.Context, caller wire.Caller, in *sdk.DescribeScheduledActionsInput) (*sdk.DescribeScheduledActionsOutput, error) {
	if err := checkFilter(in.ServiceNamespace, in.ResourceId, in.ScalableDimension); err != nil {
		return nil, err
	}
	out := &sdk.DescribeScheduledActionsOutput{ScheduledActions: []types.ScheduledAction{}}
	return out, s.view(ctx, func(r store.Reader) error {
		var list []state.ScheduledScaling
		for _, a := range store.ScheduledScalings.List(r, caller.Scope, prefix(in.ResourceId)) {
			if len(in.ScheduledActionNames) == 0 || slices.Contains(in.ScheduledActionNames, a.Name) {
				list = append(list, a)
			}
		}
		list, next, err := page("scheduled-actions", list, func(a state.ScheduledScaling) string { return state.ScalingID(a.ResourceID, a.Name) }, in.MaxResults, 50, in.NextToken)
		for _, a := range list {
			shape := types.ScheduledAction{
				ScheduledActionName: &a.Name, ScheduledActionARN: &a.ARN, ServiceNamespace: namespace, ResourceId: &a.ResourceID, ScalableDimension: dimension,
				Schedule: &a.Schedule, StartTime: a.StartTime, EndTime: a.EndTime, CreationTime: &a.CreatedAt,
				ScalableTargetAction: &types.ScalableTargetAction{MinCapacity: a.Min, MaxCapacity: a.Max},
			}
			if a.Timezone != "" {
				shape.Timezone = &a.Timezone
			}
			out.ScheduledActions = append(out.ScheduledActions, shape)
		}
		out.NextToken = next
		return err
	})
}

// prefix is what the ids of a resource's records begin with; of all without one.
func prefix(resource *string) string {
	if resource == nil {
		return ""
	}
	return state.ScalingID(*resource, "")
}
