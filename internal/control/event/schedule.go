package event

import (
	"context"
	"time"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/schedule"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// schedules makes an event of every schedule that is due, and sets when it is
// due next, in one transaction. What was missed while Hatoba did not run is made
// up for once, by the newest of the times that were; how old that may be, the
// targets' retry policies say.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
func (l *Loop) schedules(ctx context.Context) (did bool, err error) {
	now := time.Now().UTC()
	var due []state.Key
	err = l.Store.View(ctx, func(r store.Reader) error {
		due = nil
		for k, rule := range store.EventRules.List(r, state.Scope{}, "") {
			if rule.Next != nil && !rule.Next.After(now) && len(due) < batch {
				due = append(due, k)
			}
		}
		return nil
	})
	if err != nil || len(due) == 0 {
		return false, err
	}
	return true, l.Store.Update(ctx, func(w store.Writer) error {
		for _, key := range due {
			rule, ok := store.EventRules.Get(w, key)
			if !ok || rule.Next == nil || rule.Next.After(now) {
				continue
			}
			due := *rule.Next
			rule.Next = nil
			if s, err := schedule.Parse(rule.Schedule, time.UTC); err == nil {
				if last, ok := s.Last(due, rule.EnabledAt, now); ok {
					due = last
				}
				if next, ok := s.Next(now, rule.EnabledAt); ok {
					rule.Next = &next
				}
			}
			if err := events.Put(w, key.Scope(), scheduled(key.Scope(), rule, due)); err != nil {
				return err
			}
			if err := store.EventRules.Put(w, key, rule); err != nil {
				return err
			}
		}
		return nil
	})
}

// scheduled is the event of a rule whose schedule is due: for that rule alone.
func scheduled(scope state.Scope, rule state.EventRule, due time.Time) state.Event {
	at := due.UTC().Format(time.RFC3339)
	return state.Event{
		Bus: rule.Bus, TakenAt: due.UTC(), Rules: []string{rule.ARN},
		Envelope: state.Envelope{
			Version: "0", ID: events.ID("schedule", rule.ARN, at), DetailType: "Scheduled Event", Source: "aws.events", Account: scope.Account,
			Time: at, Region: scope.Region, Resources: []string{rule.ARN}, Detail: []byte("{}"),
		},
	}
}
