package store

import (
	"iter"

	"github.com/hatoba/hatoba/internal/state"
)

// Table is a typed table. Version is the schema version written with every
// record; a record of an older version must still decode into T.
type Table[T any] struct {
	Name    string
	Version int
}

// Get returns a record. It is shared: change a copy.
func (t Table[T]) Get(r Reader, key state.Key) (T, bool) {
	v, ok := r.Lookup(t.Name, key)
	if !ok {
		var zero T
		return zero, false
	}
	return v.(T), true
}

// Put stores a record.
func (t Table[T]) Put(w Writer, key state.Key, record T) error {
	return w.Write(t.Name, key, record)
}

// Delete removes a record; a missing one is no error.
func (t Table[T]) Delete(w Writer, key state.Key) { w.Erase(t.Name, key) }

// DeleteBelow removes the records of a scope whose id has the prefix.
func (t Table[T]) DeleteBelow(w Writer, scope state.Scope, prefix string) {
	var keys []state.Key
	for k := range t.List(w, scope, prefix) {
		keys = append(keys, k)
	}
	for _, k := range keys {
		t.Delete(w, k)
	}
}

// List yields the records of a scope in id order whose id has the prefix. The
// zero scope lists all accounts and regions.
func (t Table[T]) List(r Reader, scope state.Scope, prefix string) iter.Seq2[state.Key, T] {
	return t.After(r, scope, prefix, "")
}

// After is List from the first id greater than after, for paging.
func (t Table[T]) After(r Reader, scope state.Scope, prefix, after string) iter.Seq2[state.Key, T] {
	return func(yield func(state.Key, T) bool) {
		for k, v := range r.Scan(t.Name, scope, prefix, after) {
			if !yield(k, v.(T)) {
				return
			}
		}
	}
}

// Of returns a change's records as T; a side that does not exist is zero and
// false.
func (t Table[T]) Of(c Change) (before T, had bool, after T, has bool) {
	if c.Before != nil {
		before, had = c.Before.(T), true
	}
	if c.After != nil {
		after, has = c.After.(T), true
	}
	return
}
