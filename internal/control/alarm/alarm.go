// Package alarm evaluates CloudWatch alarms. A metric alarm has a time of its
// own: once a minute, or every ten seconds when its periods are shorter, and at
// once when it was made or changed; the times are spread, so that a thousand
// alarms are a few reads per second. A composite alarm follows the alarms of
// its rule as they change. What an evaluation comes to is decided by
// internal/alarm and written by internal/alarmstate in one transaction.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
package alarm

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/alarmstate"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/store"
)

const (
	// atOnce is how many alarms are evaluated together.
	atOnce = 4
	// again is how long after an evaluation that failed the next one is.
	again = time.Second
	// forgets is how often histories are looked through for what is too old.
	forgets = time.Hour
)

// Loop evaluates alarms.
type Loop struct {
	Store   store.Store
	Metrics metrics.Reader
	// NewID gives a UUID that was never given before.
	NewID func() string
	Log   *slog.Logger
}

// Run works until ctx ends. What another life of it has written is not done
// again, and what that could not write is decided anew.
func (l *Loop) Run(ctx context.Context) error {
	ix := newIndex()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.follow(ctx, ix) })
	group.Go(func() error { return l.forget(ctx) })
	group.Go(func() error {
		for {
			keys := ix.queue.Wait(ctx)
			if keys == nil {
				return nil
			}
			l.turn(ctx, ix, ix.take(keys, time.Now()))
		}
	})
	return group.Wait()
}

func (l *Loop) follow(ctx context.Context, ix *index) error {
	store.FollowOn(ctx, l.Store, l.Log, ix.begin, ix.change, store.Alarms.Name)
	return nil
}

// turn evaluates the alarms that are due.
func (l *Loop) turn(ctx context.Context, ix *index, work []job) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, j := range work {
		group.Go(func() error {
			var at time.Time
			var err error
			if j.composite {
				at, err = l.composite(ctx, j.key, j.anew)
			} else {
				err = l.metric(ctx, j.key)
			}
			if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrClosed) {
				l.Log.Error("an alarm could not be evaluated", "alarm", j.key.ID, "error", err)
				at = time.Now().Add(again)
			}
			ix.done(j, at)
			return nil
		})
	}
	_ = group.Wait()
}

// forget drops what histories need not keep any more.
func (l *Loop) forget(ctx context.Context) error {
	tick := time.NewTicker(forgets)
	defer tick.Stop()
	for {
		for more := true; more; {
			err := l.Store.Update(ctx, func(w store.Writer) error {
				more = alarmstate.Forget(w, time.Now(), 500)
				return nil
			})
			if err != nil {
				more = false
				if ctx.Err() == nil {
					l.Log.Warn("alarms' histories could not be shortened", "error", err)
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (l *Loop) cause() alarmstate.Cause { return alarmstate.Cause{At: time.Now(), NewID: l.NewID} }
