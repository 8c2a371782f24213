package cloudwatch

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/alarmstate"
	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// alarmTime is the time as alarms keep it.
func (s *Service) alarmTime() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// putAlarm makes an alarm or changes what one watches and does; its state stays.
// tags are for an alarm that is new.
func (s *Service) putAlarm(w store.Writer, scope state.Scope, a state.Alarm, tags map[string]string, now time.Time) error {
	key := scope.Key(a.Name())
	before, there := store.Alarms.Get(w, key)
	switch {
	case !there:
		if err := s.roomForAlarm(w, scope); err != nil {
			return err
		}
		a.Tags, a.Acted = tags, types.StateValueInsufficientData
		begin(&a, now)
	case (before.Composite != nil) != (a.Composite != nil):
		return validation("An alarm of the other type with the name %s exists already", a.Name())
	default:
		a.Tags, a.Acted = before.Tags, before.Acted
		keepState(&a, before)
	}
	if err := store.Alarms.Put(w, key, a); err != nil {
		return err
	}
	if !there {
		return s.configured(w, scope, nil, a, "Create", now)
	}
	return s.configured(w, scope, &before, a, "Update", now)
}

// configured records an operation on an alarm and tells of it.
func (s *Service) configured(w store.Writer, scope state.Scope, before *state.Alarm, a state.Alarm, operation string, now time.Time) error {
	if err := alarmstate.Record(w, scope, alarm.Configured(a, now, operation)); err != nil {
		return err
	}
	done := map[string]string{"Create": "create", "Update": "update", "Delete": "delete"}[operation]
	return events.Emit(w, scope, events.Default, alarm.ConfigurationChange(s.cfg.NewID(), done, scope, before, a, now))
}

func (s *Service) roomForAlarm(r store.Reader, scope state.Scope) error {
	n := 0
	for range store.Alarms.List(r, scope, "") {
		n++
	}
	if n >= maxAlarms {
		return &types.LimitExceededFault{Message: aws.String("The maximum limit of alarms is reached: " + "5000 in a region"), ErrorCodeOverride: aws.String("LimitExceeded")}
	}
	return nil
}

// begin gives a new alarm its first state.
func begin(a *state.Alarm, now time.Time) {
	if c := a.Composite; c != nil {
		c.StateValue, c.StateReason, c.StateUpdatedTimestamp, c.StateTransitionedTimestamp = types.StateValueInsufficientData, aws.String(alarm.Created), &now, &now
		return
	}
	m := a.Metric
	m.StateValue, m.StateReason, m.StateUpdatedTimestamp, m.StateTransitionedTimestamp = types.StateValueInsufficientData, aws.String(alarm.Created), &now, &now
}

// keepState takes over the state that an alarm has.
func keepState(a *state.Alarm, from state.Alarm) {
	if c, old := a.Composite, from.Composite; c != nil {
		c.StateValue, c.StateReason, c.StateReasonData = old.StateValue, old.StateReason, old.StateReasonData
		c.StateUpdatedTimestamp, c.StateTransitionedTimestamp = old.StateUpdatedTimestamp, old.StateTransitionedTimestamp
		c.ActionsSuppressedBy, c.ActionsSuppressedReason = old.ActionsSuppressedBy, old.ActionsSuppressedReason
		return
	}
	m, old := a.Metric, from.Metric
	m.StateValue, m.StateReason, m.StateReasonData, m.EvaluationState = old.StateValue, old.StateReason, old.StateReasonData, old.EvaluationState
	m.StateUpdatedTimestamp, m.StateTransitionedTimestamp = old.StateUpdatedTimestamp, old.StateTransitionedTimestamp
}
