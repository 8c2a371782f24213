package registry

import (
	"context"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// Exclusive runs fn while nobody else changes the images of a repository. It
// does not nest.
func (r *Registry) Exclusive(ctx context.Context, scope state.Scope, name string, fn func(ctx context.Context) error) error {
	unlock, err := r.locks.Lock(ctx, inside(scope, name))
	if err != nil {
		return err
	}
	defer unlock()
	return fn(ctx)
}

// touched remembers the digests that pushes asked about lately: their blobs
// are not garbage, though no manifest may name them yet.
type touched struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (t *touched) add(digests ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at == nil {
		t.at = map[string]time.Time{}
	}
	for _, d := range digests {
		if isDigest(d) {
			t.at[d] = time.Now()
		}
	}
}

// forget drops what was asked about before the time.
func (t *touched) forget(before time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for d, at := range t.at {
		if at.Before(before) {
			delete(t.at, d)
		}
	}
}

// unless runs remove if no push asked about the digest; a push that asks now
// waits, and then sees that the blob is gone.
func (t *touched) unless(dgst string, remove func() error) (removed bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.at[dgst]; ok {
		return false, nil
	}
	return true, remove()
}
