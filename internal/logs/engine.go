package logs

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// Config is what an engine works with.
type Config struct {
	Dir string // made if missing; one engine at a time
	Log *slog.Logger
	Now func() time.Time // nil: time.Now

	Ready func() error // refuses writes while there is no room for them; nil: never

	// Stored is told of the events that a batch added, once they are durable.
	// Refused ones are not among them. Append returns after it. Events that come
	// again are told of again, under the producer and offset they were stored
	// with: whoever was told may have been killed before he could act on it. nil:
	// nobody.
	Stored func(ctx context.Context, scope state.Scope, group, stream string, batch Batch)

	FlushBytes int // of events in memory before they are written as segments; 0: 32 MiB
	CacheBytes int // of decompressed blocks and indexes kept; 0: 32 MiB
}

// Engine is an open log store. Its methods may be called concurrently, and
// while Run runs.
type Engine struct {
	cfg   Config
	cache *cache

	mu     sync.RWMutex // guards tables; held while records are staged, never during a sync
	tables *tables
	wal    *wal
	room   chan struct{} // closed when a flush made room

	takenEvents, takenBytes atomic.Int64

	flushing sync.Mutex    // one checkpoint or merge at a time
	full     chan struct{} // holds a token when a flush is due
	sweep    chan struct{} // holds a token when something was deleted
}

// sweepEvery is how often events are looked through for expiry.
const sweepEvery = time.Minute

// Open opens the store in cfg.Dir, replaying what a crash left. Run must run
// for it to take more than FlushBytes of events, and Close ends it.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.FlushBytes == 0 {
		cfg.FlushBytes = 32 << 20
	}
	if cfg.CacheBytes == 0 {
		cfg.CacheBytes = 32 << 20
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	cfg.Dir = dir
	e := &Engine{
		cfg: cfg, cache: newCache(cfg.CacheBytes),
		room: make(chan struct{}), full: make(chan struct{}, 1), sweep: make(chan struct{}, 1),
	}
	if err := e.recover(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// Run writes segments as memory fills, merges small ones, and frees the space
// of what is deleted or expired, until ctx ends. It returns an error when the
// store can take no more writes.
func (e *Engine) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-e.wal.failed:
			if err := e.wal.failure(); !errors.Is(err, ErrClosed) {
				return err
			}
			return nil
		case <-e.full:
			if err = e.Flush(ctx); err == nil {
				err = e.tidy(ctx)
			}
		case <-e.sweep:
			err = e.tidy(ctx)
		case <-tick.C:
			if e.flushDue() { // an earlier flush failed
				err = e.Flush(ctx)
			}
			err = errors.Join(err, e.tidy(ctx))
		}
		if err != nil && ctx.Err() == nil {
			e.cfg.Log.Error("log store upkeep failed", "error", err)
		}
	}
}

// Close writes what memory holds as segments, so that the next Open has
// nothing to replay, and ends the engine. Nothing acknowledged is lost
// without it.
func (e *Engine) Close() error {
	err := e.Flush(context.Background())
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return errors.Join(err, e.wal.close())
}

// flushDue tells whether there is enough in memory, or in the log, where
// changes without events weigh too.
func (e *Engine) flushDue() bool {
	if e.wal.bytes.Load() >= int64(2*e.cfg.FlushBytes) {
		return true
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.tables.memory.active.bytes >= e.cfg.FlushBytes
}

func (e *Engine) now() int64 { return e.cfg.Now().UnixMilli() }

// change runs fn, which validates, changes the tables and returns the record
// of it, then waits until the record, and everything staged before it, is
// durable. fn returns no record when there is nothing to change.
func (e *Engine) change(fn func(t *tables) (record []byte, seq uint64, err error)) error {
	if e.cfg.Ready != nil {
		if err := e.cfg.Ready(); err != nil {
			return err
		}
	}
	return e.commit(fn)
}

// commit is change without asking for room.
func (e *Engine) commit(fn func(t *tables) (record []byte, seq uint64, err error)) error {
	e.mu.Lock()
	if err := e.wal.failure(); err != nil {
		e.mu.Unlock()
		return err
	}
	record, seq, err := fn(e.tables)
	ticket := uint64(0)
	if err == nil && record != nil {
		ticket = e.wal.stage(record, seq)
	} else {
		// What fn saw may not be durable yet, and its answer tells of it.
		ticket = e.wal.last()
	}
	trash := e.tables.trash
	e.tables.trash = nil
	e.mu.Unlock()
	if serr := e.wal.sync(ticket); serr != nil {
		return serr
	}
	if e.flushDue() {
		token(e.full)
	}
	for _, s := range trash {
		s.discard()
	}
	return err
}

func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
