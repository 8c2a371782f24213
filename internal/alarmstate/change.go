package alarmstate

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Cause is when something happens, and where its ids come from: NewID gives a
// UUID that was never given before.
type Cause struct {
	At    time.Time
	NewID func() string
}

// State is what an alarm's state is to be.
type State struct {
	Value  types.StateValue
	Reason string
	Data   string // JSON, or ""
}

// Change gives an alarm another state. Where the value is the one it has
// already, only the reason changes.
func Change(w store.Writer, key state.Key, a state.Alarm, to State, c Cause) error {
	at := c.At.UTC().Truncate(time.Millisecond)
	before, a := a, copied(a)
	changed := a.Value() != to.Value
	var data *string
	if to.Data != "" {
		data = &to.Data
	}
	if m := a.Metric; m != nil {
		m.StateValue, m.StateReason, m.StateReasonData, m.StateUpdatedTimestamp, m.EvaluationState = to.Value, &to.Reason, data, &at, ""
		if changed {
			m.StateTransitionedTimestamp = &at
		}
	}
	by := types.ActionsSuppressedBy("")
	if m := a.Composite; m != nil {
		m.StateValue, m.StateReason, m.StateReasonData, m.StateUpdatedTimestamp = to.Value, &to.Reason, data, &at
		if changed {
			m.StateTransitionedTimestamp = &at
			by, _ = alarm.Suppress(*before.Composite, Suppressor(w, key.Scope(), *m), true, at)
			suppressed(m, by)
		}
	}
	if !changed {
		return store.Alarms.Put(w, key, a)
	}
	if err := Record(w, key.Scope(), alarm.StateUpdated(before, a, at)); err != nil {
		return err
	}
	if by != "" {
		if err := Record(w, key.Scope(), alarm.ActionsHeld(a, at, by)); err != nil {
			return err
		}
	} else if err := act(w, key, &a, before.Value(), at, c.NewID); err != nil {
		return err
	}
	if err := events.Emit(w, key.Scope(), events.Default, alarm.StateChange(c.NewID(), key.Scope(), before, a, at)); err != nil {
		return err
	}
	return store.Alarms.Put(w, key, a)
}

// Resume carries on with a composite alarm's actions, whose suppressor or whose
// waiting has changed: they are held back otherwise than before, or performed.
// Where there is nothing to do nothing is written.
func Resume(w store.Writer, key state.Key, a state.Alarm, c Cause) error {
	at := c.At.UTC().Truncate(time.Millisecond)
	by, _ := alarm.Suppress(*a.Composite, Suppressor(w, key.Scope(), *a.Composite), false, at)
	if by == a.Composite.ActionsSuppressedBy {
		return nil
	}
	a = copied(a)
	suppressed(a.Composite, by)
	if by == "" && a.Acted != a.Value() {
		if err := act(w, key, &a, a.Acted, at, c.NewID); err != nil {
			return err
		}
	}
	return store.Alarms.Put(w, key, a)
}

// Suppressor finds what suppresses a composite alarm's actions; nil when
// nothing does, or it is gone.
func Suppressor(r store.Reader, scope state.Scope, c types.CompositeAlarm) *alarm.Child {
	if c.ActionsSuppressor == nil {
		return nil
	}
	return Child(r, scope, alarm.ChildName(*c.ActionsSuppressor))
}

// Child is an alarm as others see it; nil when there is none.
func Child(r store.Reader, scope state.Scope, name string) *alarm.Child {
	a, ok := store.Alarms.Get(r, scope.Key(name))
	if !ok {
		return nil
	}
	since := time.Time{}
	if a.Composite != nil {
		since = aws.ToTime(a.Composite.StateTransitionedTimestamp)
	} else if a.Metric != nil {
		since = aws.ToTime(a.Metric.StateTransitionedTimestamp)
	}
	return &alarm.Child{ARN: a.ARN(), State: a.Value(), Since: since}
}

func suppressed(c *types.CompositeAlarm, by types.ActionsSuppressedBy) {
	c.ActionsSuppressedBy, c.ActionsSuppressedReason = by, nil
	if by != "" {
		c.ActionsSuppressedReason = aws.String(alarm.SuppressedReason(by))
	}
}

// copied is an alarm that may be changed.
func copied(a state.Alarm) state.Alarm {
	if a.Metric != nil {
		m := *a.Metric
		a.Metric = &m
	}
	if a.Composite != nil {
		c := *a.Composite
		a.Composite = &c
	}
	return a
}

// act performs the actions of the alarm's state, which was another one before.
func act(w store.Writer, key state.Key, a *state.Alarm, old types.StateValue, at time.Time, newID func() string) error {
	if a.Composite != nil {
		a.Acted = a.Value()
	}
	for _, action := range actions(*a) {
		if !strings.HasPrefix(action, "arn:aws:sns:") {
			continue
		}
		subject, message := alarm.Notice(*a, key.Scope(), old)
		err := notify.Publish(w, key.Scope(), action, at, newID, notify.Message{Subject: subject, Default: message})
		if err != nil && !errors.Is(err, notify.ErrNoTopic) {
			return err
		}
		if err := Record(w, key.Scope(), alarm.ActionTaken(*a, at, action, message, err)); err != nil {
			return err
		}
	}
	return nil
}

// actions are those of the alarm's state, none where they are disabled.
func actions(a state.Alarm) []string {
	enabled, lists := false, [3][]string{}
	if c := a.Composite; c != nil {
		enabled, lists = aws.ToBool(c.ActionsEnabled), [3][]string{c.OKActions, c.AlarmActions, c.InsufficientDataActions}
	} else if m := a.Metric; m != nil {
		enabled, lists = aws.ToBool(m.ActionsEnabled), [3][]string{m.OKActions, m.AlarmActions, m.InsufficientDataActions}
	}
	if !enabled {
		return nil
	}
	i := slices.Index([]types.StateValue{types.StateValueOk, types.StateValueAlarm, types.StateValueInsufficientData}, a.Value())
	return lists[i]
}
