package event

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/events/target"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// timed gives the targets of the Scheduler's schedules that are due what they
// are to have, and sets when each is due next, in one transaction. What was
// missed is made up for once, by the newest of the times that were, unless that
// is longer ago than the target's MaximumEventAgeInSeconds.
//
// Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
func (l *Loop) timed(ctx context.Context) (did bool, err error) {
	now := time.Now().UTC()
	var due []state.Key
	err = l.Store.View(ctx, func(r store.Reader) error {
		due = nil
		for k, s := range store.EventSchedules.List(r, state.Scope{}, "") {
			if s.Next != nil && !s.Next.After(now) && len(due) < batch {
				due = append(due, k)
			}
		}
		return nil
	})
	if err != nil || len(due) == 0 {
		return false, err
	}
	var failed []failure
	err = l.Store.Update(ctx, func(w store.Writer) error {
		failed = nil
		for _, key := range due {
			s, ok := store.EventSchedules.Get(w, key)
			if !ok || s.Next == nil || s.Next.After(now) {
				continue
			}
			inv := occasion(key.Scope(), s, now)
			out, why, err := l.give(w, key.Scope(), inv, now)
			if err != nil {
				return err
			}
			f, err := settle(w, key.Scope(), inv, out, why, now)
			if err != nil {
				return err
			}
			if f.reason != "" {
				failed = append(failed, f)
			}
			if s.Next = events.Due(s, now); s.Next == nil && s.DeleteAfter {
				store.EventSchedules.Delete(w, key)
				continue
			}
			if err := store.EventSchedules.Put(w, key, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		l.tell(failed)
	}
	return true, err
}

// occasion is what the target of a schedule that is due is to be given.
func occasion(scope state.Scope, s state.EventSchedule, now time.Time) state.EventInvocation {
	due := events.Missed(s, now)
	at := due.UTC().Format(time.RFC3339)
	event := state.Envelope{
		Version: "0", ID: events.ID("scheduler", s.ARN, at), DetailType: "Scheduled Event", Source: "aws.scheduler", Account: scope.Account,
		Time: at, Region: scope.Region, Resources: []string{s.ARN}, Detail: []byte("{}"),
	}
	input := string(eventText(event))
	if s.Target.Input != nil {
		input = strings.NewReplacer(
			"<aws.scheduler.schedule-arn>", s.ARN, "<aws.scheduler.scheduled-time>", at, "<aws.scheduler.execution-id>", event.ID, "<aws.scheduler.attempt-number>", "1",
		).Replace(*s.Target.Input)
	}
	if p := s.Target.EventBridgeParameters; p != nil {
		event.Source, event.DetailType, event.Resources, event.Detail = *p.Source, *p.DetailType, []string{s.ARN}, json.RawMessage("{}")
		if s.Target.Input != nil {
			event.Detail = json.RawMessage(input)
		}
	}
	return state.EventInvocation{Rule: s.ARN, Event: event, Target: asTarget(s), RoleKnown: s.RoleKnown, Input: input, CreatedAt: begin(s, due, now)}
}

// begin is when the age of what was due begins to count. Within its flexible
// time window a schedule is on time.
func begin(s state.EventSchedule, due, now time.Time) time.Time {
	if end := due.Add(time.Duration(s.Window) * time.Minute); end.Before(now) {
		return end
	}
	return now
}

// asTarget is a schedule's target as one of a rule.
func asTarget(s state.EventSchedule) types.Target {
	from := s.Target
	out := types.Target{Id: &s.Name, Arn: from.Arn, RoleArn: from.RoleArn}
	if p := from.RetryPolicy; p != nil {
		out.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: p.MaximumRetryAttempts, MaximumEventAgeInSeconds: p.MaximumEventAgeInSeconds}
	}
	if d := from.DeadLetterConfig; d != nil {
		out.DeadLetterConfig = &types.DeadLetterConfig{Arn: d.Arn}
	}
	if of, err := target.Parse(aws.ToString(from.Arn)); err == nil && of.Kind == target.Task && from.EcsParameters != nil {
		out.EcsParameters = ecsParameters(*from.EcsParameters)
	}
	return out
}

func ecsParameters(p schedulertypes.EcsParameters) *types.EcsParameters {
	out := &types.EcsParameters{
		TaskDefinitionArn: p.TaskDefinitionArn, TaskCount: p.TaskCount, Group: p.Group, LaunchType: types.LaunchType(p.LaunchType), PlatformVersion: p.PlatformVersion,
		PropagateTags: types.PropagateTags(p.PropagateTags), EnableECSManagedTags: aws.ToBool(p.EnableECSManagedTags), EnableExecuteCommand: aws.ToBool(p.EnableExecuteCommand), ReferenceId: p.ReferenceId,
	}
	if n := p.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		out.NetworkConfiguration = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: n.AwsvpcConfiguration.Subnets, SecurityGroups: n.AwsvpcConfiguration.SecurityGroups, AssignPublicIp: types.AssignPublicIp(n.AwsvpcConfiguration.AssignPublicIp),
		}}
	}
	for _, c := range p.CapacityProviderStrategy {
		out.CapacityProviderStrategy = append(out.CapacityProviderStrategy, types.CapacityProviderStrategyItem{CapacityProvider: c.CapacityProvider, Base: c.Base, Weight: c.Weight})
	}
	for _, c := range p.PlacementConstraints {
		out.PlacementConstraints = append(out.PlacementConstraints, types.PlacementConstraint{Expression: c.Expression, Type: types.PlacementConstraintType(c.Type)})
	}
	for _, c := range p.PlacementStrategy {
		out.PlacementStrategy = append(out.PlacementStrategy, types.PlacementStrategy{Field: c.Field, Type: types.PlacementStrategyType(c.Type)})
	}
	for _, tag := range p.Tags {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String(tag["key"]), Value: aws.String(tag["value"])})
	}
	return out
}

// startedBy is what tasks tell of who started them.
func startedBy(rule string) string {
	if strings.Contains(rule, ":scheduler:") {
		return "chronos-schedule/" + ruleName(rule)
	}
	return "events-rule/" + ruleName(rule)
}
