package store

import (
	"github.com/tidwall/btree"

	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
)

// Derived is a value that follows from the records of some tables. The engines
// keep it in step: what a Reader tells is of the reader's own snapshot, and
// costs no reading of the tables.
type Derived[T any] struct {
	Name   string
	Tables []string
	// Apply gives the value after changes, which may be of other tables too. The
	// one before stays as it is: snapshots have it. The zero T is that of empty
	// tables.
	Apply func(before T, changes []Change) T
}

// Of is the value as it is in a snapshot or a transaction.
func (d Derived[T]) Of(r Reader) T {
	v, _ := r.Derived(d.Name).(T) // nil before the first change
	return v
}

func (d Derived[T]) name() string     { return d.Name }
func (d Derived[T]) tables() []string { return d.Tables }

func (d Derived[T]) apply(before any, changes []Change) any {
	v, _ := before.(T)
	return d.Apply(v, changes)
}

// AnyDerived is a Derived of any type, for the engines.
type AnyDerived interface {
	name() string
	tables() []string
	apply(before any, changes []Change) any
}

// The derived values. One that is not in deriveds() below is never computed.
var (
	// Placement is what every node has promised.
	Placement = Derived[sched.Book]{Name: "placement", Tables: []string{Nodes.Name, ContainerInstances.Name, Tasks.Name}, Apply: placement}
	// TasksByToken are the tasks that each client token of RunTask made.
	TasksByToken = Derived[Tokens]{Name: "tasks-by-token", Tables: []string{Tasks.Name}, Apply: tokens}
)

func deriveds() []AnyDerived { return []AnyDerived{Placement, TasksByToken} }

// DerivedState are all derived values at one moment. It does not change.
type DerivedState map[string]any

// With are the values after changes.
func (s DerivedState) With(changes []Change) DerivedState {
	var out DerivedState
	for _, d := range deriveds() {
		if !concerns(d, changes) {
			continue
		}
		if out == nil {
			out = DerivedState{}
			for k, v := range s {
				out[k] = v
			}
		}
		out[d.name()] = d.apply(out[d.name()], changes)
	}
	if out == nil {
		return s
	}
	return out
}

func concerns(d AnyDerived, changes []Change) bool {
	for _, c := range changes {
		for _, t := range d.tables() {
			if c.Table == t {
				return true
			}
		}
	}
	return false
}

func placement(before sched.Book, changes []Change) sched.Book {
	out := make([]sched.Change, 0, len(changes))
	for _, c := range changes {
		var one sched.Change
		switch c.Table {
		case Nodes.Name:
			one.NodeBefore, one.NodeAfter = sides(Nodes, c)
		case Tasks.Name:
			one.TaskBefore, one.TaskAfter = sides(Tasks, c)
		case ContainerInstances.Name:
			one.InstanceBefore, one.InstanceAfter = sides(ContainerInstances, c)
			one.InstanceKey = c.Key
		default:
			continue
		}
		out = append(out, one)
	}
	return before.With(out)
}

func sides[T any](table Table[T], c Change) (before, after *T) {
	b, had, a, has := table.Of(c)
	if had {
		before = &b
	}
	if has {
		after = &a
	}
	return before, after
}

// Tokens are tasks by the client token that made them.
type Tokens struct{ ids btree.Map[string, struct{}] }

// Of are the ids of the tasks that a token made.
func (t Tokens) Of(scope state.Scope, token string) (out []string) {
	prefix := scope.Account + "/" + scope.Region + "/" + token + "\x00"
	t.ids.Ascend(prefix, func(key string, _ struct{}) bool {
		if len(key) <= len(prefix) || key[:len(prefix)] != prefix {
			return false
		}
		out = append(out, key[len(prefix):])
		return true
	})
	return out
}

func tokens(before Tokens, changes []Change) Tokens {
	out := Tokens{ids: *before.ids.Copy()}
	for _, c := range changes {
		if c.Table != Tasks.Name {
			continue
		}
		key := func(t state.Task) string {
			return c.Key.Account + "/" + c.Key.Region + "/" + t.Spec.ClientToken + "\x00" + c.Key.ID
		}
		before, had, after, has := Tasks.Of(c)
		if had && before.Spec.ClientToken != "" && !has {
			out.ids.Delete(key(before))
		}
		if has && after.Spec.ClientToken != "" && !had {
			out.ids.Set(key(after), struct{}{})
		}
	}
	return out
}
