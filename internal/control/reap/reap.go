// Package reap removes tasks one hour after they stopped, as AWS does.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
package reap

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Keep is how long a stopped task can be described.
const Keep = time.Hour

// batch bounds one transaction.
const batch = 100

// Loop removes stopped tasks when their time has come.
type Loop struct {
	Store store.Store
	Log   *slog.Logger
}

// Run works until ctx ends.
func (l *Loop) Run(ctx context.Context) error {
	due := map[state.Key]time.Time{}
	changes := make(chan map[state.Key]time.Time)
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { l.follow(ctx, changes) })
	for {
		next, keys := decide(time.Now(), due)
		for len(keys) > 0 {
			n := min(batch, len(keys))
			if err := l.remove(ctx, keys[:n]); err != nil {
				l.Log.Error("stopped tasks could not be removed", "error", err)
				break
			}
			for _, k := range keys[:n] {
				delete(due, k)
			}
			keys = keys[n:]
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case stopped := <-changes:
			for k, at := range stopped {
				due[k] = at
			}
		case <-timer.C:
		}
		timer.Stop()
	}
}

// decide tells which tasks are due now, and when to look again.
func decide(now time.Time, due map[state.Key]time.Time) (next time.Duration, keys []state.Key) {
	next = Keep
	for k, at := range due {
		if left := at.Sub(now); left <= 0 {
			keys = append(keys, k)
		} else {
			next = min(next, left)
		}
	}
	return next, keys
}

// follow hands on every stopped task with the time it is due.
func (l *Loop) follow(ctx context.Context, out chan<- map[state.Key]time.Time) {
	send := func(found map[state.Key]time.Time) error {
		if len(found) == 0 {
			return nil
		}
		select {
		case out <- found:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	store.FollowOn(ctx, l.Store, l.Log, func(r store.Reader) error {
		found := map[state.Key]time.Time{}
		for k, t := range store.Tasks.List(r, state.Scope{}, "") {
			note(found, k, t)
		}
		return send(found)
	}, func(changes []store.Change) error {
		found := map[state.Key]time.Time{}
		for _, c := range changes {
			if _, _, t, has := store.Tasks.Of(c); has {
				note(found, c.Key, t)
			}
		}
		return send(found)
	}, store.Tasks.Name)
}

// note takes a task up whose time will come. One of a service waits until the
// scheduler has seen its end: it may have a balancer's targets still.
func note(found map[state.Key]time.Time, k state.Key, t state.Task) {
	if t.Spec.Service.Service != "" && !t.Schedule.Ended {
		return
	}
	if t.Observed.Status == state.TaskStopped && t.Observed.StoppedAt != nil {
		found[k] = t.Observed.StoppedAt.Add(Keep)
	}
}

func (l *Loop) remove(ctx context.Context, keys []state.Key) error {
	return l.Store.Update(ctx, func(w store.Writer) error {
		for _, k := range keys {
			store.Tasks.Delete(w, k)
		}
		return nil
	})
}
