package cloudwatch

import (
	"context"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarmstate"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// deleteAlarms deletes the alarms that there are of those named; their history
// stays.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
func (s *Service) deleteAlarms(ctx context.Context, caller wire.Caller, in *cloudwatch.DeleteAlarmsInput) (*cloudwatch.DeleteAlarmsOutput, error) {
	if err := alarmNames(in.AlarmNames); err != nil {
		return nil, err
	}
	now := s.alarmTime()
	return &cloudwatch.DeleteAlarmsOutput{}, s.cfg.Store.Update(ctx, func(w store.Writer) error {
		composites := 0
		for _, name := range in.AlarmNames {
			a, ok := store.Alarms.Get(w, caller.Scope.Key(name))
			if !ok {
				continue
			}
			if a.Composite != nil {
				if composites++; composites > 1 {
					return validation("At most one composite alarm can be deleted in a request")
				}
			}
			store.Alarms.Delete(w, caller.Scope.Key(name))
			if err := s.configured(w, caller.Scope, &a, a, "Delete", now); err != nil {
				return err
			}
		}
		return nil
	})
}

// The bounds of a reason that is given.
const (
	maxReason     = 1023
	maxReasonData = 4000
)

// setAlarmState gives an alarm a state until its next evaluation, or for a
// composite alarm until one of its children changes.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
func (s *Service) setAlarmState(ctx context.Context, caller wire.Caller, in *cloudwatch.SetAlarmStateInput) (*cloudwatch.SetAlarmStateOutput, error) {
	if err := alarmName(in.AlarmName); err != nil {
		return nil, err
	}
	switch data := aws.ToString(in.StateReasonData); {
	case in.StateValue == "":
		return nil, missing("StateValue")
	case !slices.Contains(in.StateValue.Values(), in.StateValue):
		return nil, enum(string(in.StateValue), "stateValue", in.StateValue.Values())
	case in.StateReason == nil:
		return nil, missing("StateReason")
	case utf8.RuneCountInString(*in.StateReason) > maxReason:
		return nil, validation("1 validation error detected: Value at 'stateReason' failed to satisfy constraint: Member must have length less than or equal to %d", maxReason)
	case utf8.RuneCountInString(data) > maxReasonData:
		return nil, validation("1 validation error detected: Value at 'stateReasonData' failed to satisfy constraint: Member must have length less than or equal to %d", maxReasonData)
	case data != "" && !json.Valid([]byte(data)):
		return nil, &types.InvalidFormatFault{Message: aws.String("StateReasonData is not valid JSON"), ErrorCodeOverride: aws.String("InvalidFormat")}
	}
	cause := alarmstate.Cause{At: s.cfg.Now(), NewID: s.cfg.NewID}
	return &cloudwatch.SetAlarmStateOutput{}, s.cfg.Store.Update(ctx, func(w store.Writer) error {
		key := caller.Scope.Key(*in.AlarmName)
		a, ok := store.Alarms.Get(w, key)
		if !ok {
			return &types.ResourceNotFound{Message: aws.String("Unknown"), ErrorCodeOverride: aws.String("ResourceNotFound")}
		}
		return alarmstate.Change(w, key, a, alarmstate.State{Value: in.StateValue, Reason: *in.StateReason, Data: aws.ToString(in.StateReasonData)}, cause)
	})
}

// enableAlarmActions has alarms perform their actions.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_EnableAlarmActions.html
func (s *Service) enableAlarmActions(ctx context.Context, caller wire.Caller, in *cloudwatch.EnableAlarmActionsInput) (*cloudwatch.EnableAlarmActionsOutput, error) {
	return &cloudwatch.EnableAlarmActionsOutput{}, s.switchActions(ctx, caller.Scope, in.AlarmNames, true)
}

// disableAlarmActions has alarms perform none.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DisableAlarmActions.html
func (s *Service) disableAlarmActions(ctx context.Context, caller wire.Caller, in *cloudwatch.DisableAlarmActionsInput) (*cloudwatch.DisableAlarmActionsOutput, error) {
	return &cloudwatch.DisableAlarmActionsOutput{}, s.switchActions(ctx, caller.Scope, in.AlarmNames, false)
}

func (s *Service) switchActions(ctx context.Context, scope state.Scope, names []string, on bool) error {
	if err := alarmNames(names); err != nil {
		return err
	}
	now := s.alarmTime()
	return s.cfg.Store.Update(ctx, func(w store.Writer) error {
		for _, name := range names {
			before, ok := store.Alarms.Get(w, scope.Key(name))
			if !ok {
				continue
			}
			a, was := switched(before, on, now)
			if was == on {
				continue
			}
			if err := store.Alarms.Put(w, scope.Key(name), a); err != nil {
				return err
			}
			if err := s.configured(w, scope, &before, a, "Update", now); err != nil {
				return err
			}
		}
		return nil
	})
}

// switched is an alarm with its actions on or off, and whether they were on.
func switched(a state.Alarm, on bool, now time.Time) (_ state.Alarm, was bool) {
	if a.Composite != nil {
		c := *a.Composite
		was, c.ActionsEnabled, c.AlarmConfigurationUpdatedTimestamp = aws.ToBool(c.ActionsEnabled), &on, &now
		a.Composite = &c
		return a, was
	}
	m := *a.Metric
	was, m.ActionsEnabled, m.AlarmConfigurationUpdatedTimestamp = aws.ToBool(m.ActionsEnabled), &on, &now
	a.Metric = &m
	return a, was
}
