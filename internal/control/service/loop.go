package service

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

const (
	// looks is how many services are looked at together: their transactions
	// share a sync of the disk.
	looks = 8
	// again is how long after a failed look the next one is.
	again = time.Second
)

// Loop carries services out.
type Loop struct {
	Store    store.Store
	Launcher Launcher
	// NewID gives 32 hexadecimal digits that were never given before.
	NewID func() string
	Log   *slog.Logger
}

// Run works until ctx ends. All it knows is in the store: what another life of
// it began, this one goes on with.
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
		store.Services.Name, store.Tasks.Name, store.Targets.Name, store.ContainerInstances.Name, store.Nodes.Name, store.Alarms.Name)
	return nil
}

// turn looks at the services that are due.
func (l *Loop) turn(ctx context.Context, ix *index, keys []state.Key) {
	var group errgroup.Group
	group.SetLimit(looks)
	for _, key := range keys {
		group.Go(func() error {
			launched, next, err := l.look(ctx, key, ix.tasksOf(key))
			switch {
			case ctx.Err() != nil || errors.Is(err, store.ErrClosed):
				return nil
			case err != nil:
				l.Log.Error("a service could not be carried out", "service", key.ID, "error", err)
				next = again
			}
			ix.looked(key, launched, next)
			return nil
		})
	}
	_ = group.Wait()
}

// look decides about one service and carries the decision out, in one
// transaction. Where there is nothing to do it only reads.
func (l *Loop) look(ctx context.Context, key state.Key, tasks []state.Key) (launched []state.Key, next time.Duration, err error) {
	now := time.Now().UTC()
	var plan Plan
	err = l.Store.View(ctx, func(r store.Reader) error {
		if v, ok := l.read(r, key, tasks); ok {
			plan = Decide(now, v)
		}
		return nil
	})
	if err == nil && !plan.Empty() {
		err = l.Store.Update(ctx, func(w store.Writer) error {
			plan, launched = Plan{}, nil
			v, ok := l.read(w, key, tasks)
			if !ok {
				return nil
			}
			plan = Decide(now, v)
			launched, err = l.apply(w, key, &plan, now)
			return err
		})
	}
	if !plan.Wake.IsZero() {
		next = max(time.Until(plan.Wake), time.Millisecond)
	}
	return launched, next, err
}

// configuration tells whether an error is about what a service asks for, and
// not about the store.
func configuration(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api)
}
