// Package storetest is the suite every engine of the store passes.
package storetest

import (
	"testing"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

var (
	here  = state.Scope{Account: "123456789012", Region: "us-east-1"}
	there = state.Scope{Account: "123456789012", Region: "us-west-2"}
)

// Run runs the suite. open gives an empty store, closed by the suite.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for name, test := range map[string]func(*testing.T, store.Store){
		"PutGetDelete":       putGetDelete,
		"KeepsACopy":         keepsACopy,
		"BadKeys":            badKeys,
		"EraseWhileScanning": eraseWhileScanning,
		"NoPhantoms":         noPhantoms,
		"EmptyTransactions":  emptyTransactions,
		"EndedContext":       endedContext,
		"Closed":             closed,
		"FollowOneTable":     followOneTable,
		"FollowClosed":       followClosed,
		"ListAndPage":        listAndPage,
		"AllOrNothing":       allOrNothing,
		"ReadYourWrites":     readYourWrites,
		"NoLostUpdate":       noLostUpdate,
		"SnapshotStands":     snapshotStands,
		"TooMuch":            tooMuch,
		"FollowEveryOnce":    followEveryOnce,
		"FollowEnds":         followEnds,
		"FollowBehind":       followBehind,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			defer s.Close()
			test(t, s)
		})
	}
}

func put(t *testing.T, s store.Store, scope state.Scope, id string, n int32) {
	t.Helper()
	err := s.Update(t.Context(), func(w store.Writer) error {
		return store.TaskFamilies.Put(w, scope.Key(id), state.TaskFamily{Family: id, LastRevision: n})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s store.Store, scope state.Scope, id string) (f state.TaskFamily, ok bool) {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) error {
		f, ok = store.TaskFamilies.Get(r, scope.Key(id))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return f, ok
}
