// Package mvcc is the part the store's engines share: versions of a tree of
// decoded records, transactions, and followers. An engine adds a Log that
// makes transactions durable.
//
// Transactions run one after another on the newest tree, in memory, so that
// none conflicts; they become durable in batches, each one commit of the Log,
// so that many writers share one disk flush. What is read by View, and what
// followers are told, is durable.
package mvcc

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Op is one write of a transaction; Value nil deletes.
type Op struct {
	Path  string
	Value []byte
}

// Log makes a batch of writes durable as one atomic step. An error means that
// it is not known whether the batch is durable; the DB then takes no further
// writes.
type Log interface {
	Append(ctx context.Context, ops []Op) error
}

// Gate is a Log that can tell beforehand that it must not be written to now. Its
// error is the answer of the Update; the DB goes on, and so may the next one.
type Gate interface {
	Ready() error
}

// Bounds of one transaction and of one batch of them.
const (
	maxOps   = 1000
	maxBytes = 4 << 20
)

type entry struct {
	table  string
	key    state.Key
	record any
	extra  *store.Extra
}

type tree = btree.Map[string, entry]

// version is a tree that no longer changes.
type version struct {
	tree     *tree
	revision int64
	derived  store.DerivedState
}

// transaction waits in the queue to become durable.
type transaction struct {
	ops     []Op
	bytes   int
	changes []store.Change
	after   version
	done    chan struct{}
}

// DB is a store over a Log. Make it with New; Close ends it.
type DB struct {
	codecs  map[string]store.Codec
	log     Log
	durable atomic.Pointer[version]

	mu        sync.Mutex
	head      *tree              // with transactions that are not durable yet
	derived   store.DerivedState // of head
	revision  int64
	queue     []*transaction
	newest    *transaction // the last one accepted, nil once durable
	err       error
	followers map[*follower]bool

	wake  chan struct{}
	close context.CancelFunc
	ended chan struct{}
}

// New returns a DB that holds the records of initial. log may be nil: then
// nothing outlives the process.
func New(log Log, initial func(yield func(path string, value []byte) error) error) (*DB, error) {
	db := &DB{
		codecs: store.Schema(), log: log, head: &tree{}, followers: map[*follower]bool{},
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	if initial != nil {
		if err := initial(db.load); err != nil {
			return nil, err
		}
	}
	db.derive()
	db.durable.Store(&version{db.head.Copy(), 0, db.derived})
	var ctx context.Context
	ctx, db.close = context.WithCancel(context.Background())
	go db.commit(ctx)
	return db, nil
}

// load takes one stored record. One of a table this build does not know is
// left where it is.
func (db *DB) load(path string, value []byte) error {
	table, key, ok := store.ParsePath(path)
	if !ok {
		return nil
	}
	codec, ok := db.codecs[table]
	if !ok {
		return nil
	}
	record, extra, err := codec.Decode(value)
	if err != nil {
		return fmt.Errorf("record %s: %w", path, err)
	}
	db.head.Set(path, entry{table, key, record, extra})
	return nil
}

// derive computes the derived values of what was loaded.
func (db *DB) derive() {
	var all []store.Change
	db.head.Scan(func(_ string, e entry) bool {
		all = append(all, store.Change{Table: e.table, Key: e.key, After: e.record})
		return true
	})
	db.derived = db.derived.With(all)
}

// Close ends the DB after the last accepted transaction is durable.
func (db *DB) Close() error {
	db.close()
	<-db.ended
	return nil
}

// View implements store.Store.
func (db *DB) View(ctx context.Context, fn func(store.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v := db.durable.Load()
	return fn(reader{v.tree, v.revision, v.derived})
}

// Update implements store.Store. When ctx ends while the transaction waits to
// become durable, ctx's error is returned and the transaction goes on. fn must
// not call Update.
func (db *DB) Update(ctx context.Context, fn func(store.Writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	wait, err := db.accept(fn)
	if wait == nil {
		return err
	}
	// Also a refusal waits: what fn read and refused on may not be durable yet.
	select {
	case <-wait.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.durable.Load().revision >= wait.after.revision {
		return err
	}
	return db.err
}

// accept runs fn on the newest tree and queues what it wrote. It returns the
// transaction to wait for: fn's own, or the newest that fn may have read.
func (db *DB) accept(fn func(store.Writer) error) (*transaction, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.err != nil {
		return nil, db.err
	}
	w := newWriter(db)
	if err := fn(w); err != nil {
		return db.newest, err
	}
	t, err := w.transaction()
	if err != nil || t == nil {
		return db.newest, err
	}
	if gate, ok := db.log.(Gate); ok {
		if err := gate.Ready(); err != nil {
			return nil, err
		}
	}
	w.settle()
	db.head, db.derived = w.tree, w.derived
	db.revision++
	t.after = version{db.head.Copy(), db.revision, db.derived}
	db.queue = append(db.queue, t)
	db.newest = t
	select {
	case db.wake <- struct{}{}:
	default:
	}
	return t, nil
}

// commit makes queued transactions durable, batch by batch.
func (db *DB) commit(ctx context.Context) {
	defer close(db.ended)
	for {
		batch := db.next()
		if batch == nil {
			select {
			case <-db.wake:
				continue
			case <-ctx.Done():
				if batch = db.next(); batch == nil {
					db.fail(store.ErrClosed)
					return
				}
			}
		}
		var err error
		if db.log != nil {
			err = db.log.Append(context.WithoutCancel(ctx), merge(batch))
		}
		if err != nil {
			db.fail(fmt.Errorf("store cannot write: %w", err), batch...)
			return
		}
		db.publish(batch)
	}
}

// next takes a batch off the queue.
func (db *DB) next() (batch []*transaction) {
	db.mu.Lock()
	defer db.mu.Unlock()
	ops, bytes := 0, 0
	for _, t := range db.queue {
		if len(batch) > 0 && (ops+len(t.ops) > maxOps || bytes+t.bytes > maxBytes) {
			break
		}
		batch = append(batch, t)
		ops, bytes = ops+len(t.ops), bytes+t.bytes
	}
	db.queue = db.queue[len(batch):]
	return batch
}

// merge joins the writes of a batch; of several to one path the last counts.
func merge(batch []*transaction) []Op {
	if len(batch) == 1 {
		return batch[0].ops
	}
	var out []Op
	at := map[string]int{}
	for _, t := range batch {
		for _, op := range t.ops {
			if i, ok := at[op.Path]; ok {
				out[i] = op
				continue
			}
			at[op.Path] = len(out)
			out = append(out, op)
		}
	}
	return out
}

// publish shows durable transactions to readers, followers and waiters.
func (db *DB) publish(batch []*transaction) {
	db.mu.Lock()
	defer db.mu.Unlock()
	last := batch[len(batch)-1]
	db.durable.Store(&last.after)
	if db.newest == last {
		db.newest = nil
	}
	for _, t := range batch {
		for f := range db.followers {
			f.put(t.changes)
		}
		close(t.done)
	}
}

// fail ends the store: whoever waits is told.
func (db *DB) fail(err error, batch ...*transaction) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.err = err
	for _, t := range append(batch, db.queue...) {
		close(t.done)
	}
	db.queue, db.newest = nil, nil
	for f := range db.followers {
		f.end(err)
	}
}
