package alarm

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/alarmstate"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// composite looks at a composite alarm: its rule is evaluated when one of its
// alarms has changed, which anew says, or something is newer than its state;
// and what holds its actions back is looked at in any case. It returns when
// that ends by itself.
func (l *Loop) composite(ctx context.Context, key state.Key, anew bool) (next time.Time, err error) {
	now := time.Now().UTC()
	var s step
	err = l.Store.View(ctx, func(r store.Reader) error {
		s, err = look(r, key, anew, now)
		return err
	})
	if err != nil || !s.change && !s.resume {
		return s.next, err
	}
	err = l.Store.Update(ctx, func(w store.Writer) error {
		s, err := look(w, key, anew, now)
		if err != nil {
			return err
		}
		cause := alarmstate.Cause{At: now, NewID: l.NewID}
		if s.change {
			return alarmstate.Change(w, key, s.alarm, s.to, cause)
		}
		if s.resume {
			return alarmstate.Resume(w, key, s.alarm, cause)
		}
		return nil
	})
	if err != nil {
		return time.Time{}, err
	}
	// What holds the actions back now, and until when.
	err = l.Store.View(ctx, func(r store.Reader) error {
		s, err = look(r, key, false, now)
		return err
	})
	return s.next, err
}

// step is what is to be done about a composite alarm.
type step struct {
	alarm  state.Alarm
	change bool
	to     alarmstate.State
	resume bool
	next   time.Time
}

func look(r store.Reader, key state.Key, anew bool, now time.Time) (s step, err error) {
	a, ok := store.Alarms.Get(r, key)
	if !ok || a.Composite == nil {
		return step{}, nil
	}
	s.alarm = a
	scope := key.Scope()
	by, until := alarm.Suppress(*a.Composite, alarmstate.Suppressor(r, scope, *a.Composite), false, now)
	s.resume, s.next = by != a.Composite.ActionsSuppressedBy, until
	rule, err := alarm.ParseRule(aws.ToString(a.Composite.AlarmRule))
	if err != nil {
		return s, fmt.Errorf("alarm rule: %w", err)
	}
	children := map[string]alarm.Child{}
	for _, written := range rule.Children {
		name := alarm.ChildName(written)
		if c := alarmstate.Child(r, scope, name); c != nil {
			children[name] = *c
		}
	}
	if !anew && !alarm.Due(*a.Composite, rule, children) {
		return s, nil
	}
	if alarm.Cyclic(key.ID, func(name string) []string {
		of, _ := store.Alarms.Get(r, scope.Key(name))
		return related(of)
	}) {
		return s, nil
	}
	c := alarm.Compose(*a.Composite, rule, children)
	s.change = c.State != a.Composite.StateValue
	s.to = alarmstate.State{Value: c.State, Reason: c.Reason, Data: c.Data}
	return s, nil
}
