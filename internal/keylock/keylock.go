// Package keylock is a lock per key.
package keylock

import (
	"context"
	"sync"
)

// Locks holds a lock per key, for as long as somebody holds or wants it. The
// zero value is ready.
type Locks struct {
	mu    sync.Mutex
	locks map[string]*counted
}

type counted struct {
	token chan struct{}
	users int
}

// Lock waits for the key's lock until ctx ends.
func (k *Locks) Lock(ctx context.Context, key string) (unlock func(), err error) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]*counted{}
	}
	l := k.locks[key]
	if l == nil {
		l = &counted{token: make(chan struct{}, 1)}
		k.locks[key] = l
	}
	l.users++
	k.mu.Unlock()
	leave := func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(k.locks, key)
		}
	}
	select {
	case l.token <- struct{}{}:
		return func() { <-l.token; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
