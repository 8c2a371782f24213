// Package expire has the lifecycle policies of repositories evaluated: a new
// one at once, and all of them every hour, because images get older.
//
// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
package expire

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Every is how often each policy is evaluated.
const Every = time.Hour

// Loop has policies evaluated.
type Loop struct {
	Store store.Store
	// Expire evaluates one repository's policy and deletes what it expires.
	Expire func(ctx context.Context, scope state.Scope, name string) (int, error)
	Log    *slog.Logger
}

// Run works until ctx ends.
func (l *Loop) Run(ctx context.Context) error {
	changed := make(chan []state.Key)
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { l.follow(ctx, changed) })
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case keys := <-changed:
			l.evaluate(ctx, keys)
		case <-tick.C:
			var keys []state.Key
			err := l.Store.View(ctx, func(r store.Reader) error {
				keys = nil
				for k, repo := range store.Repositories.List(r, state.Scope{}, "") {
					if repo.Lifecycle != "" {
						keys = append(keys, k)
					}
				}
				return nil
			})
			if err != nil {
				l.Log.Warn("lifecycle policies cannot be listed", "error", err)
			}
			l.evaluate(ctx, keys)
		}
	}
}

func (l *Loop) evaluate(ctx context.Context, keys []state.Key) {
	for _, k := range keys {
		n, err := l.Expire(ctx, k.Scope(), k.ID)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			l.Log.Warn("a lifecycle policy cannot be carried out", "repository", k.ID, "error", err)
		case n > 0:
			l.Log.Info("images expired by their repository's lifecycle policy", "repository", k.ID, "images", n)
		}
	}
}

// follow hands on the repositories whose policy was not evaluated yet.
func (l *Loop) follow(ctx context.Context, out chan<- []state.Key) {
	send := func(found []state.Key) error {
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
	fresh := func(repo state.Repository) bool { return repo.Lifecycle != "" && repo.EvaluatedAt.IsZero() }
	store.FollowOn(ctx, l.Store, l.Log, func(r store.Reader) error {
		var found []state.Key
		for k, repo := range store.Repositories.List(r, state.Scope{}, "") {
			if fresh(repo) {
				found = append(found, k)
			}
		}
		return send(found)
	}, func(changes []store.Change) error {
		var found []state.Key
		for _, c := range changes {
			if _, _, repo, has := store.Repositories.Of(c); has && fresh(repo) {
				found = append(found, c.Key)
			}
		}
		return send(found)
	}, store.Repositories.Name)
}
