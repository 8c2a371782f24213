package expire

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

// A policy is evaluated once it is there, and then every hour; a repository
// without one never.
func TestWhenPoliciesAreEvaluated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		scope := state.Scope{Account: "123456789012", Region: "us-east-1"}
		db := mem.New()
		put := func(name string, change func(*state.Repository)) {
			t.Helper()
			err := db.Update(t.Context(), func(w store.Writer) error {
				r, _ := store.Repositories.Get(w, scope.Key(name))
				change(&r)
				return store.Repositories.Put(w, scope.Key(name), r)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var mu sync.Mutex
		evaluated := map[string]int{}
		l := &Loop{Store: db, Log: slog.New(slog.DiscardHandler), Expire: func(_ context.Context, of state.Scope, name string) (int, error) {
			if of != scope {
				t.Errorf("%s of %+v", name, of)
			}
			mu.Lock()
			evaluated[name]++
			mu.Unlock()
			put(name, func(r *state.Repository) { r.EvaluatedAt = time.Now() })
			return 0, nil
		}}
		want := func(app, late int) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if evaluated["app"] != app || evaluated["late"] != late || evaluated["plain"] != 0 {
				t.Errorf("evaluated %v, want app %d times and late %d times", evaluated, app, late)
			}
		}
		put("app", func(r *state.Repository) { r.Lifecycle = "{}" })
		put("late", func(*state.Repository) {})
		put("plain", func(*state.Repository) {})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = l.Run(ctx) }()
		want(1, 0)
		put("late", func(r *state.Repository) { r.Lifecycle = "{}" })
		want(1, 1)
		time.Sleep(Every + time.Second)
		want(2, 2)
		cancel()
		<-done
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}
