package mvcc

import (
	"fmt"
	"iter"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// reader reads one tree.
type reader struct {
	tree     *tree
	revision int64
	derived  store.DerivedState
}

// Derived implements store.Reader.
func (r reader) Derived(name string) any { return r.derived[name] }

// Revision implements store.Reader.
func (r reader) Revision() int64 { return r.revision }

// Lookup implements store.Reader.
func (r reader) Lookup(table string, key state.Key) (any, bool) {
	e, ok := r.tree.Get(store.Path(table, key))
	return e.record, ok
}

// Scan implements store.Reader.
func (r reader) Scan(table string, scope state.Scope, prefix, after string) iter.Seq2[state.Key, any] {
	start, within := store.TablePath(table), ""
	if scope != (state.Scope{}) {
		start = store.Path(table, scope.Key(""))
		within = prefix
	}
	from := start + within
	if scope != (state.Scope{}) && after != "" && start+after >= from {
		from = start + after + "\x00"
	}
	return func(yield func(state.Key, any) bool) {
		r.tree.Ascend(from, func(path string, e entry) bool {
			if !strings.HasPrefix(path, start+within) {
				return false
			}
			if !strings.HasPrefix(e.key.ID, prefix) {
				return true
			}
			return yield(e.key, e.record)
		})
	}
}

// writer writes to a tree of its own, which becomes the head when its
// transaction is accepted.
type writer struct {
	reader
	db    *DB
	order []string          // paths written, in order of their first write
	wrote map[string][]byte // path to encoded record, nil for an erased one
	fresh []store.Change    // that the derived values do not have yet
}

func newWriter(db *DB) *writer {
	return &writer{reader: reader{db.head.Copy(), db.revision, db.derived}, db: db, wrote: map[string][]byte{}}
}

// Derived implements store.Reader.
func (w *writer) Derived(name string) any {
	w.settle()
	return w.derived[name]
}

// settle brings the derived values up to what is written.
func (w *writer) settle() {
	if len(w.fresh) > 0 {
		w.derived = w.derived.With(w.fresh)
		w.fresh = nil
	}
}

// Scan implements store.Reader. It yields the transaction as it is now: what
// is written while the scan goes on does not move it.
func (w *writer) Scan(table string, scope state.Scope, prefix, after string) iter.Seq2[state.Key, any] {
	return func(yield func(state.Key, any) bool) {
		reader{tree: w.tree.Copy()}.Scan(table, scope, prefix, after)(yield)
	}
}

// Write implements store.Writer. What is kept is the record decoded from its
// stored form, so that the caller's later changes to it do not reach the store
// and a record reads the same before and after a restart.
func (w *writer) Write(table string, key state.Key, record any) error {
	codec, ok := w.db.codecs[table]
	if !ok {
		return fmt.Errorf("no table %q", table)
	}
	if key.Account == "" || key.Region == "" || key.ID == "" || strings.Contains(key.Account+key.Region, "/") {
		return fmt.Errorf("table %s: incomplete key %+v", table, key)
	}
	path := store.Path(table, key)
	old, had := w.tree.Get(path)
	value, err := codec.Encode(record, old.extra)
	if err != nil {
		return fmt.Errorf("record %s: %w", path, err)
	}
	stored, _, err := codec.Decode(value)
	if err != nil {
		return fmt.Errorf("record %s cannot be read back: %w", path, err)
	}
	w.tree.Set(path, entry{table, key, stored, old.extra})
	change := store.Change{Table: table, Key: key, After: stored}
	if had {
		change.Before = old.record
	}
	w.fresh = append(w.fresh, change)
	w.note(path, value)
	return nil
}

// Erase implements store.Writer.
func (w *writer) Erase(table string, key state.Key) {
	path := store.Path(table, key)
	if old, had := w.tree.Delete(path); had {
		w.fresh = append(w.fresh, store.Change{Table: table, Key: key, Before: old.record})
		w.note(path, nil)
	}
}

func (w *writer) note(path string, value []byte) {
	if _, ok := w.wrote[path]; !ok {
		w.order = append(w.order, path)
	}
	w.wrote[path] = value
}

// transaction gathers what was written; nil when it comes to nothing.
func (w *writer) transaction() (*transaction, error) {
	if len(w.order) > maxOps {
		return nil, fmt.Errorf("%w: %d records written, at most %d at once", store.ErrTooMuch, len(w.order), maxOps)
	}
	t := &transaction{done: make(chan struct{})}
	for _, path := range w.order {
		before, had := w.db.head.Get(path)
		after, has := w.tree.Get(path)
		if !had && !has {
			continue
		}
		change := store.Change{Table: before.table, Key: before.key, Before: before.record}
		if has {
			change.Table, change.Key, change.After = after.table, after.key, after.record
		}
		value := w.wrote[path]
		t.ops = append(t.ops, Op{Path: path, Value: value})
		t.bytes += len(path) + len(value)
		t.changes = append(t.changes, change)
	}
	if t.bytes > maxBytes {
		return nil, fmt.Errorf("%w: %d bytes written, at most %d at once", store.ErrTooMuch, t.bytes, maxBytes)
	}
	if len(t.ops) == 0 {
		return nil, nil
	}
	return t, nil
}
