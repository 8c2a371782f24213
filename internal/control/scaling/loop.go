// Package scaling carries out what scaling policies and scheduled actions say.
// It follows the alarms, scalable targets, services and tasks in the store, asks
// internal/scaling, and writes the decision, the activity, the service's desired
// count and its events as one transaction: a kill neither repeats nor loses one.
// Timers stand for what is time: the minute after which an alarm calls again, a
// schedule, and how long a change may take.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
package scaling

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/scaling"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

const (
	// looks is how many targets are looked at together.
	looks = 8
	// again is how long after a failed look the next one is.
	again = time.Second
)

// Loop carries scaling out.
type Loop struct {
	Store   store.Store
	Metrics metrics.Reader
	// Remove deregisters a target whose service is gone.
	Remove func(w store.Writer, target state.Key)
	// NewID gives a UUID that was never given before.
	NewID func() string
	Log   *slog.Logger
}

// Run works until ctx ends. All it must know is in the store.
func (l *Loop) Run(ctx context.Context) error {
	ix := newIndex()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.follow(ctx, ix) })
	group.Go(func() error {
		for {
			keys := ix.due.Wait(ctx)
			if keys == nil {
				return nil
			}
			l.turn(ctx, ix, keys)
		}
	})
	return group.Wait()
}

func (l *Loop) follow(ctx context.Context, ix *index) error {
	store.FollowOn(ctx, l.Store, l.Log, ix.begin, ix.change,
		store.ScalableTargets.Name, store.ScalingPolicies.Name, store.ScheduledScalings.Name, store.Alarms.Name, store.Services.Name, store.Tasks.Name)
	return nil
}

// turn looks at the targets that are due.
func (l *Loop) turn(ctx context.Context, ix *index, keys []state.Key) {
	var group errgroup.Group
	group.SetLimit(looks)
	for _, key := range keys {
		group.Go(func() error {
			done, err := l.look(ctx, key, ix.of(key))
			switch {
			case ctx.Err() != nil || errors.Is(err, store.ErrClosed):
				return nil
			case err != nil:
				l.Log.Error("a service could not be scaled", "target", key.ID, "error", err)
				done.next = again
			}
			ix.done(key, done)
			return nil
		})
	}
	_ = group.Wait()
}

// looked is what a look brought.
type looked struct {
	at     time.Time
	alarms []string // that were looked at
	next   time.Duration
}

// look decides about one target. Metrics are read before the transaction, which
// decides again over the newest records; it is begun only where something is to
// be written.
func (l *Loop) look(ctx context.Context, key state.Key, seen seen) (looked, error) {
	now := time.Now().UTC()
	var v view
	err := l.Store.View(ctx, func(r store.Reader) error {
		v = read(r, key, seen)
		return nil
	})
	if err != nil || !v.known {
		return looked{}, err
	}
	if v.gone {
		return looked{}, l.Store.Update(ctx, func(w store.Writer) error {
			if read(w, key, seen).gone {
				l.Remove(w, key)
			}
			return nil
		})
	}
	values := l.values(ctx, key.Scope(), v, scaling.Wanted(now, v.View), now)
	v.fill(values)
	plan := scaling.Decide(now, v.View)
	if plan.Changes(v.View) {
		err = l.Store.Update(ctx, func(w store.Writer) error {
			plan = scaling.Plan{}
			v := read(w, key, seen)
			if !v.known || v.gone {
				return nil
			}
			v.fill(values)
			if plan = scaling.Decide(now, v.View); plan.Changes(v.View) {
				return l.apply(w, key, v, plan, now)
			}
			return nil
		})
	}
	out := looked{at: now, alarms: plan.Looked}
	if !plan.Wake.IsZero() {
		out.next = max(time.Until(plan.Wake), time.Millisecond)
	}
	return out, err
}
