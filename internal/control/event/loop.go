// Package event hands events on: to the targets of the rules that match them,
// and to archives. Schedules and replays make further events.
//
// An event is deleted in the transaction that gives it to its targets, so that
// a task is started, a topic told and a request noted once, whatever ends when.
// What is outside the store, log groups and archives, is written before the
// record is deleted: a kill between the two has it there twice.
package event

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/events/archive"
	"github.com/hatoba/hatoba/internal/events/pattern"
	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// again is how long after a failed turn the next one is.
const again = time.Second

// Launcher starts the tasks of an ECS target. An error that AWS would answer
// with is about what the target asks for; nothing was written then.
type Launcher interface {
	LaunchForEvent(w store.Writer, l state.EventLaunch) (sched.Launched, error)
}

// Roles judge what is done with the roles of targets.
type Roles interface {
	// Invoke tells why an invocation may not be made with its target's role: a
	// code of dead letters, "" when it may be made, and what people are told.
	Invoke(r store.Reader, scope state.Scope, inv state.EventInvocation) (code, why string)
}

// Logs writes to log groups.
type Logs interface {
	// Write returns once the message is durable. ErrNoGroup: the group does
	// not exist.
	Write(ctx context.Context, scope state.Scope, group, stream string, at time.Time, message string) error
}

// ErrNoGroup is what Logs answers for a group that does not exist.
var ErrNoGroup = errors.New("the log group does not exist")

// Archive keeps the events of archives.
type Archive interface {
	Append(ctx context.Context, of state.EventArchive, events []state.Envelope, now time.Time) error
	Retain(ctx context.Context, of state.EventArchive) error
	Read(ctx context.Context, of string, from archive.Place, until time.Time, limit int) ([]state.Envelope, archive.Place, error)
}

// Loop hands events on.
type Loop struct {
	Store    store.Store
	Launcher Launcher
	Roles    Roles
	Logs     Logs
	Archive  Archive
	// NewID gives a UUID that was never given before.
	NewID func() string
	Log   *slog.Logger

	patterns map[string]*pattern.Pattern // compiled, by their text
}

// Run works until ctx ends. All it knows is in the store: what another life of
// it began, this one goes on with.
func (l *Loop) Run(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.follow(ctx, wake) })
	group.Go(func() error { return l.work(ctx, wake) })
	return group.Wait()
}

// follow wakes the worker when there is something for it to do.
func (l *Loop) follow(ctx context.Context, wake chan<- struct{}) error {
	ring := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	store.FollowOn(ctx, l.Store, l.Log, func(store.Reader) error { ring(); return nil }, func(changes []store.Change) error {
		for _, c := range changes {
			if c.After != nil {
				ring()
				break
			}
		}
		return nil
	}, store.Events.Name, store.EventRules.Name, store.EventInvocations.Name, store.EventReplays.Name, store.EventArchives.Name, store.EventSchedules.Name)
	return nil
}

func (l *Loop) work(ctx context.Context, wake <-chan struct{}) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-timer.C:
		}
		next, err := l.turn(ctx)
		switch {
		case ctx.Err() != nil || errors.Is(err, store.ErrClosed):
			return nil
		case err != nil:
			l.Log.Error("events could not be handed on", "error", err)
			next = time.Now().Add(again)
		}
		pause := time.Hour
		if !next.IsZero() {
			pause = min(max(time.Until(next), time.Millisecond), pause)
		}
		timer.Reset(pause)
	}
}

// turn does all there is to do now, and tells when there is something next.
func (l *Loop) turn(ctx context.Context) (time.Time, error) {
	if err := l.retain(ctx); err != nil {
		return time.Time{}, err
	}
	for {
		busy := false
		for _, do := range []func(context.Context) (bool, error){l.schedules, l.timed, l.events, l.replays, l.invocations} {
			did, err := do(ctx)
			if err != nil {
				return time.Time{}, err
			}
			busy = busy || did
		}
		if !busy {
			return l.next(ctx)
		}
	}
}

// next is when a schedule or another attempt is due.
func (l *Loop) next(ctx context.Context) (next time.Time, err error) {
	sooner := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	err = l.Store.View(ctx, func(r store.Reader) error {
		next = time.Time{}
		for _, rule := range store.EventRules.List(r, state.Scope{}, "") {
			if rule.Next != nil {
				sooner(*rule.Next)
			}
		}
		for _, s := range store.EventSchedules.List(r, state.Scope{}, "") {
			if s.Next != nil {
				sooner(*s.Next)
			}
		}
		for _, inv := range store.EventInvocations.List(r, state.Scope{}, "") {
			sooner(inv.DueAt)
		}
		return nil
	})
	return next, err
}

// retain has archives keep what they keep as long as they say now.
func (l *Loop) retain(ctx context.Context) error {
	var all []state.EventArchive
	err := l.Store.View(ctx, func(r store.Reader) error {
		all = nil
		for _, a := range store.EventArchives.List(r, state.Scope{}, "") {
			all = append(all, a)
		}
		return nil
	})
	for _, a := range all {
		if err == nil {
			err = l.Archive.Retain(ctx, a)
		}
	}
	return err
}
