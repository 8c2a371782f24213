// Package store keeps typed records: View reads a snapshot, Update runs a
// function that may run twice and commits what it wrote, Follow gives a
// snapshot and then every change after it, without gap or repeat.
//
// The engines are in the sub-packages etcd and mem; storetest is the suite
// both pass. Keys are /v1/<table>/<account>/<region>/<id>.
package store

import (
	"context"
	"errors"
	"iter"

	"github.com/hatoba/hatoba/internal/state"
)

// ErrTooMuch is returned by Update when one transaction writes more than the
// engine takes at once, or one record is larger than MaxRecordSize.
var ErrTooMuch = errors.New("too much for one transaction")

// ErrNewerData is returned when a data dir was written by a newer Hatoba.
var ErrNewerData = errors.New("the data dir was written by a newer version")

// ErrClosed is returned after Close.
var ErrClosed = errors.New("the store is closed")

// MaxRecordSize is the largest encoded record in bytes.
const MaxRecordSize = 1 << 20

// Store is a transactional record store. All methods may be called
// concurrently.
type Store interface {
	// View runs fn over one consistent snapshot.
	View(ctx context.Context, fn func(Reader) error) error
	// Update runs fn over a snapshot and commits its writes as one atomic,
	// durable step, or nothing if fn returns an error. When what fn read has
	// changed meanwhile fn runs again, so it must have no other effect; it may
	// hold up other writers, so it does no I/O and calls no other Update. After
	// Update returns nil, every later View sees the writes.
	Update(ctx context.Context, fn func(Writer) error) error
	// Follow calls begin with a snapshot and then change with every committed
	// transaction after it, in order, until ctx ends (it returns ctx's error)
	// or the follower fell too far behind (ErrBehind: start again). tables
	// limits the changes to those tables; none means all.
	Follow(ctx context.Context, begin func(Reader) error, change func([]Change) error, tables ...string) error
	// Close releases the store. Records stay.
	Close() error
}

// ErrBehind ends a Follow whose callee was too slow; start again.
var ErrBehind = errors.New("follower fell behind")

// Reader reads one snapshot. It is only valid inside the function it is
// handed to. Records are shared: change a copy. Callers use the typed methods
// of Table; Lookup and Scan are for the engines.
type Reader interface {
	// Revision is the store revision of the snapshot.
	Revision() int64
	// Lookup returns the decoded record (a T of the table, not a pointer).
	Lookup(table string, key state.Key) (any, bool)
	// Scan yields records in key order: of one scope, or of all when scope is
	// zero; whose id has the prefix; with ids greater than after (when scope
	// is given).
	Scan(table string, scope state.Scope, prefix, after string) iter.Seq2[state.Key, any]
	// Derived is the value of that name, nil before there was anything it
	// follows from. Callers use Derived.Of.
	Derived(name string) any
}

// Writer reads and writes one transaction; it reads its own writes.
type Writer interface {
	Reader
	// Write stores a record (a T of the table, not a pointer).
	Write(table string, key state.Key, record any) error
	// Erase removes a record; a missing one is no error.
	Erase(table string, key state.Key)
}

// Change is one record's change.
type Change struct {
	Table  string
	Key    state.Key
	Before any // nil when made
	After  any // nil when deleted
}
