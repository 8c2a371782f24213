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
}

// Revision implements store.Reader.
func (r reader) Revision() int64 { return r.revision }

// Lookup implements store.Reader.
func (r reader) Lookup(table string, key state.Key) (any, bool) {
	e, ok := r.tree.Get(store.Path(table, key))
	return e.record, ok
}

// Scan implements store.Reader.
func (r reader) Scan(table string, scope state.Scope, prefix, after string) iter.Seq2[state.Key, any] {
	start, within := "/v1/"+table+"/", ""
	if scope != (state.Scope{}) {
		start = store.Path(table, scope.Key(""))
		within = prefix
	}
	from := start + within
	if after != "" && start+after >= from {
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
	order []string // paths written, in order of their first write
	wrote map[string]bool
}

func newWriter(db *DB) *writer {
	return &writer{reader: reader{db.head.Copy(), db.revision}, db: db, wrote: map[string]bool{}}
}

// Write implements store.Writer.
func (w *writer) Write(table string, key state.Key, record any) error {
	if _, ok := w.db.codecs[table]; !ok {
		return fmt.Errorf("no table %q", table)
	}
	if key.Account == "" || key.Region == "" || key.ID == "" || strings.Contains(key.Account+key.Region, "/") {
		return fmt.Errorf("table %s: incomplete key %+v", table, key)
	}
	path := store.Path(table, key)
	old, _ := w.tree.Get(path)
	w.tree.Set(path, entry{table, key, record, old.extra})
	w.note(path)
	return nil
}

// Erase implements store.Writer.
func (w *writer) Erase(table string, key state.Key) {
	path := store.Path(table, key)
	if _, had := w.tree.Delete(path); had {
		w.note(path)
	}
}

func (w *writer) note(path string) {
	if !w.wrote[path] {
		w.wrote[path] = true
		w.order = append(w.order, path)
	}
}

// transaction encodes what was written.
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
		op := Op{Path: path}
		change := store.Change{Table: before.table, Key: before.key, Before: before.record}
		if has {
			value, err := w.db.codecs[after.table].Encode(after.record, after.extra)
			if err != nil {
				return nil, fmt.Errorf("record %s: %w", path, err)
			}
			op.Value = value
			change.Table, change.Key, change.After = after.table, after.key, after.record
		}
		t.ops = append(t.ops, op)
		t.bytes += len(path) + len(op.Value)
		t.changes = append(t.changes, change)
	}
	if t.bytes > maxBytes {
		return nil, fmt.Errorf("%w: %d bytes written, at most %d at once", store.ErrTooMuch, t.bytes, maxBytes)
	}
	return t, nil
}
