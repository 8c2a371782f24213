package scheduler

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/hatoba/hatoba/internal/authorization"
	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// createSchedule makes a schedule. The request that made one may come again
// with its client token.
//
// Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
func (s *Service) createSchedule(ctx context.Context, caller wire.Caller, in *sdk.CreateScheduleInput) (*sdk.CreateScheduleOutput, error) {
	scope := caller.Scope
	record, err := s.checkSchedule(scope, in)
	if err != nil {
		return nil, err
	}
	record.CreatedAt, record.ModifiedAt = s.now(), s.now()
	record.Next = events.First(record, record.CreatedAt)
	err = s.store.Update(ctx, func(w store.Writer) error {
		err := groupExists(w, scope, record.Group)
		if err != nil {
			return err
		}
		key := scope.Key(record.Group + "/" + record.Name)
		if old, ok := store.EventSchedules.Get(w, key); ok {
			if record.Token != "" && old.Token == record.Token {
				return nil
			}
			return conflict("Schedule %s already exists.", record.Name)
		}
		made := record
		if made.RoleKnown, err = checkRole(w, scope, made); err != nil {
			return err
		}
		return store.EventSchedules.Put(w, key, made)
	})
	return &sdk.CreateScheduleOutput{ScheduleArn: &record.ARN}, err
}

// checkRole tells whether a schedule's role is in IAM, and refuses one that is
// and does not trust the Scheduler. Another one is taken unseen.
func checkRole(r store.Reader, scope state.Scope, record state.EventSchedule) (known bool, err error) {
	role, known := identity.Role(r, aws.ToString(record.Target.RoleArn))
	if known && !authorization.Trusts(role, authorization.Scheduler, authorization.ScheduleSource(scope, record.Group)) {
		return known, invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")
	}
	return known, nil
}

// updateSchedule replaces a schedule: what is not given is as if it had never
// been.
func (s *Service) updateSchedule(ctx context.Context, caller wire.Caller, in *sdk.UpdateScheduleInput) (*sdk.UpdateScheduleOutput, error) {
	scope := caller.Scope
	record, err := s.checkSchedule(scope, &sdk.CreateScheduleInput{
		Name: in.Name, GroupName: in.GroupName, ScheduleExpression: in.ScheduleExpression, ScheduleExpressionTimezone: in.ScheduleExpressionTimezone,
		StartDate: in.StartDate, EndDate: in.EndDate, State: in.State, Description: in.Description, FlexibleTimeWindow: in.FlexibleTimeWindow,
		Target: in.Target, ActionAfterCompletion: in.ActionAfterCompletion, ClientToken: in.ClientToken, KmsKeyArn: in.KmsKeyArn,
	})
	if err != nil {
		return nil, err
	}
	now := s.now()
	err = s.store.Update(ctx, func(w store.Writer) error {
		old, err := find(w, scope, record.Group, record.Name)
		if err != nil {
			return err
		}
		changed := record
		changed.CreatedAt, changed.ModifiedAt = old.CreatedAt, now
		changed.Next = events.Changed(old, changed, now)
		if changed.RoleKnown, err = checkRole(w, scope, changed); err != nil {
			return err
		}
		return store.EventSchedules.Put(w, scope.Key(changed.Group+"/"+changed.Name), changed)
	})
	return &sdk.UpdateScheduleOutput{ScheduleArn: &record.ARN}, err
}

func find(r store.Reader, scope state.Scope, group, name string) (state.EventSchedule, error) {
	record, ok := store.EventSchedules.Get(r, scope.Key(group+"/"+name))
	if !ok {
		return record, notFound("Schedule %s does not exist.", name)
	}
	return record, nil
}

func (s *Service) deleteSchedule(ctx context.Context, caller wire.Caller, in *sdk.DeleteScheduleInput) (*sdk.DeleteScheduleOutput, error) {
	g, err := group(in.GroupName)
	if err != nil {
		return nil, err
	}
	if err := checkToken(in.ClientToken); err != nil {
		return nil, err
	}
	if err := checkName(in.Name, "name"); err != nil {
		return nil, err
	}
	return &sdk.DeleteScheduleOutput{}, s.store.Update(ctx, func(w store.Writer) error {
		_, err := find(w, caller.Scope, g, *in.Name)
		store.EventSchedules.Delete(w, caller.Scope.Key(g+"/"+*in.Name))
		return err
	})
}

func (s *Service) getSchedule(ctx context.Context, caller wire.Caller, in *sdk.GetScheduleInput) (*sdk.GetScheduleOutput, error) {
	g, err := group(in.GroupName)
	if err != nil {
		return nil, err
	}
	if err := checkName(in.Name, "name"); err != nil {
		return nil, err
	}
	var out *sdk.GetScheduleOutput
	err = s.view(ctx, func(r store.Reader) error {
		record, err := find(r, caller.Scope, g, *in.Name)
		if err != nil {
			return err
		}
		out = &sdk.GetScheduleOutput{
			Name: &record.Name, GroupName: &record.Group, Arn: &record.ARN, Description: optional(record.Description), State: record.State,
			ScheduleExpression: &record.Expression, ScheduleExpressionTimezone: aws.String("UTC"), StartDate: record.From, EndDate: record.To, Target: &record.Target,
			FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff}, ActionAfterCompletion: types.ActionAfterCompletionNone,
			CreationDate: &record.CreatedAt, LastModificationDate: &record.ModifiedAt,
		}
		if record.Zone != "" {
			out.ScheduleExpressionTimezone = &record.Zone
		}
		if record.Window > 0 {
			out.FlexibleTimeWindow = &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeFlexible, MaximumWindowInMinutes: &record.Window}
		}
		if record.DeleteAfter {
			out.ActionAfterCompletion = types.ActionAfterCompletionDelete
		}
		return nil
	})
	return out, err
}

func (s *Service) listSchedules(ctx context.Context, caller wire.Caller, in *sdk.ListSchedulesInput) (*sdk.ListSchedulesOutput, error) {
	if err := checkState(in.State); err != nil {
		return nil, err
	}
	prefix := ""
	var all []types.ScheduleSummary
	err := s.view(ctx, func(r store.Reader) error {
		all = nil
		if in.GroupName != nil {
			prefix = *in.GroupName + "/"
			if err := groupExists(r, caller.Scope, *in.GroupName); err != nil {
				return err
			}
		}
		for _, record := range store.EventSchedules.List(r, caller.Scope, prefix) {
			if strings.HasPrefix(record.Name, aws.ToString(in.NamePrefix)) && (in.State == "" || in.State == record.State) {
				all = append(all, types.ScheduleSummary{
					Name: &record.Name, GroupName: &record.Group, Arn: &record.ARN, State: record.State, Target: &types.TargetSummary{Arn: record.Target.Arn},
					CreationDate: &record.CreatedAt, LastModificationDate: &record.ModifiedAt,
				})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, next, err := page("schedules", all, func(v types.ScheduleSummary) string { return *v.GroupName + "/" + *v.Name }, in.NextToken, in.MaxResults)
	return &sdk.ListSchedulesOutput{Schedules: append([]types.ScheduleSummary{}, list...), NextToken: next}, err
}
