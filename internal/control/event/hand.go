package event

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events/pattern"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// batch is how many events are handed on together.
const batch = 50

// events hands on the events that wait.
func (l *Loop) events(ctx context.Context) (did bool, err error) {
	var keys []state.Key
	var found []state.Event
	err = l.Store.View(ctx, func(r store.Reader) error {
		keys, found = nil, nil
		for k, e := range store.Events.List(r, state.Scope{}, "") {
			if keys, found = append(keys, k), append(found, e); len(keys) == batch {
				break
			}
		}
		return nil
	})
	if err != nil || len(keys) == 0 {
		return false, err
	}
	if err := l.archive(ctx, keys, found); err != nil {
		return false, err
	}
	err = l.handOn(ctx, keys)
	if !errors.Is(err, store.ErrTooMuch) {
		return true, err
	}
	for _, key := range keys { // what they come to is too much for one transaction
		if err := l.handOn(ctx, []state.Key{key}); err != nil {
			if !errors.Is(err, store.ErrTooMuch) {
				return true, err
			}
			l.Log.Error("an event is too large to be handed on, and dropped", "event", key.ID)
			err := l.Store.Update(ctx, func(w store.Writer) error { store.Events.Delete(w, key); return nil })
			if err != nil {
				return true, err
			}
		}
	}
	return true, nil
}

// handOn gives events to the targets of the rules that match them, and deletes
// them, in one transaction.
func (l *Loop) handOn(ctx context.Context, keys []state.Key) error {
	var failed []failure
	err := l.Store.Update(ctx, func(w store.Writer) error {
		failed = nil
		now := time.Now().UTC()
		for _, key := range keys {
			e, ok := store.Events.Get(w, key)
			if !ok {
				continue
			}
			store.Events.Delete(w, key)
			text, err := json.Marshal(e.Envelope)
			if err != nil {
				return err
			}
			for _, rule := range l.matching(w, key.Scope(), e, text) {
				for _, t := range rule.Targets {
					f, err := l.first(w, key.Scope(), rule, t, e, text, now)
					if err != nil {
						return err
					}
					if f.reason != "" {
						failed = append(failed, f)
					}
				}
			}
		}
		return nil
	})
	if err == nil {
		l.tell(failed)
	}
	return err
}

// matching are the rules that an event is for.
func (l *Loop) matching(r store.Reader, scope state.Scope, e state.Event, text []byte) (out []state.EventRule) {
	for _, rule := range store.EventRules.List(r, scope, e.Bus+"/") {
		if rule.State == types.RuleStateDisabled {
			continue
		}
		if len(e.Rules) > 0 && !slices.Contains(e.Rules, rule.ARN) {
			continue
		}
		due := e.Replay == "" && len(e.Rules) > 0 // its schedule is
		if due || rule.Pattern != "" && l.match(rule.Pattern, text) {
			out = append(out, rule)
		}
	}
	return out
}

// match tells whether a pattern matches. Patterns are compiled once.
func (l *Loop) match(text string, event []byte) bool {
	p, ok := l.patterns[text]
	if !ok {
		if l.patterns == nil || len(l.patterns) > 10_000 {
			l.patterns = map[string]*pattern.Pattern{}
		}
		p, _ = pattern.Compile(text) // it was one when the rule was made
		l.patterns[text] = p
	}
	return p != nil && p.Match(event)
}

// archive writes events into the archives that want them. Those of replays and
// schedules are not archived.
func (l *Loop) archive(ctx context.Context, keys []state.Key, found []state.Event) error {
	type kept struct {
		archive state.EventArchive
		events  []state.Envelope
	}
	var all []kept
	err := l.Store.View(ctx, func(r store.Reader) error {
		all = nil
		for k, a := range store.EventArchives.List(r, state.Scope{}, "") {
			one := kept{archive: a}
			for i, e := range found {
				if keys[i].Scope() != k.Scope() || e.Bus != a.Bus || e.Replay != "" || len(e.Rules) > 0 {
					continue
				}
				text, err := json.Marshal(e.Envelope)
				if err != nil {
					return err
				}
				if a.Pattern == "" || l.match(a.Pattern, text) {
					one.events = append(one.events, e.Envelope)
				}
			}
			if len(one.events) > 0 {
				all = append(all, one)
			}
		}
		return nil
	})
	for _, one := range all {
		if err == nil {
			err = l.Archive.Append(ctx, one.archive, one.events, time.Now())
		}
	}
	return err
}
