package mvcc

import (
	"context"
	"slices"
	"sync"

	"github.com/hatoba/hatoba/internal/store"
)

// maxBehind is how many changes may wait for a follower.
const maxBehind = 50_000

// follower is a queue of changes for one Follow.
type follower struct {
	tables []string

	mu    sync.Mutex
	queue [][]store.Change
	size  int
	err   error
	wake  chan struct{}
}

func (f *follower) put(changes []store.Change) {
	if len(f.tables) > 0 {
		changes = slices.DeleteFunc(slices.Clone(changes), func(c store.Change) bool { return !slices.Contains(f.tables, c.Table) })
	}
	if len(changes) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return // ended: nothing may follow the gap
	}
	f.queue = append(f.queue, changes)
	if f.size += len(changes); f.size > maxBehind {
		f.err, f.queue = store.ErrBehind, nil
	}
	f.signal()
}

func (f *follower) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
	f.signal()
}

func (f *follower) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// take returns all that waits. What was committed before the end is told first.
func (f *follower) take() ([][]store.Change, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	queue := f.queue
	f.queue, f.size = nil, 0
	if len(queue) > 0 {
		return queue, nil
	}
	return nil, f.err
}

// Follow implements store.Store.
func (db *DB) Follow(ctx context.Context, begin func(store.Reader) error, change func([]store.Change) error, tables ...string) error {
	f := &follower{tables: tables, wake: make(chan struct{}, 1)}
	db.mu.Lock()
	if db.err != nil {
		db.mu.Unlock()
		return db.err
	}
	start := db.durable.Load()
	db.followers[f] = true
	db.mu.Unlock()
	defer func() {
		db.mu.Lock()
		delete(db.followers, f)
		db.mu.Unlock()
	}()
	if err := begin(reader{start.tree, start.revision, start.derived}); err != nil {
		return err
	}
	for {
		queue, err := f.take()
		if err != nil {
			return err
		}
		for _, changes := range queue {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := change(changes); err != nil {
				return err
			}
		}
		if queue != nil {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.wake:
		}
	}
}
