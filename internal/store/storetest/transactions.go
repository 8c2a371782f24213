package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

var errNo = errors.New("no")

func allOrNothing(t *testing.T, s store.Store) {
	err := s.Update(t.Context(), func(w store.Writer) error {
		_ = store.TaskFamilies.Put(w, here.Key("half"), state.TaskFamily{})
		return errNo
	})
	if !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	if _, ok := get(t, s, here, "half"); ok {
		t.Fatal("half a transaction was kept")
	}
}

func readYourWrites(t *testing.T, s store.Store) {
	err := s.Update(t.Context(), func(w store.Writer) error {
		_ = store.TaskFamilies.Put(w, here.Key("x"), state.TaskFamily{LastRevision: 7})
		if f, ok := store.TaskFamilies.Get(w, here.Key("x")); !ok || f.LastRevision != 7 {
			t.Error("a transaction does not see its own write")
		}
		n := 0
		for range store.TaskFamilies.List(w, here, "") {
			n++
		}
		if n != 1 {
			t.Errorf("its scan sees %d records", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func noLostUpdate(t *testing.T, s store.Store) {
	const writers, each = 50, 10
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := s.Update(t.Context(), func(w store.Writer) error {
					f, _ := store.TaskFamilies.Get(w, here.Key("counter"))
					f.LastRevision++
					return store.TaskFamilies.Put(w, here.Key("counter"), f)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if f, _ := get(t, s, here, "counter"); f.LastRevision != writers*each {
		t.Errorf("counted to %d, want %d", f.LastRevision, writers*each)
	}
}

func snapshotStands(t *testing.T, s store.Store) {
	put(t, s, here, "x", 1)
	_ = s.View(t.Context(), func(r store.Reader) error {
		put(t, s, here, "x", 2)
		if f, _ := store.TaskFamilies.Get(r, here.Key("x")); f.LastRevision != 1 {
			t.Errorf("the snapshot moved to %d", f.LastRevision)
		}
		return nil
	})
	if f, _ := get(t, s, here, "x"); f.LastRevision != 2 {
		t.Errorf("after Update a View sees %d", f.LastRevision)
	}
}

func tooMuch(t *testing.T, s store.Store) {
	err := s.Update(t.Context(), func(w store.Writer) error {
		return store.TaskFamilies.Put(w, here.Key("big"), state.TaskFamily{Family: strings.Repeat("x", store.MaxRecordSize)})
	})
	if !errors.Is(err, store.ErrTooMuch) {
		t.Errorf("a record of 1 MiB: %v", err)
	}
	err = s.Update(t.Context(), func(w store.Writer) error {
		for i := range 2000 {
			_ = store.TaskFamilies.Put(w, here.Key(fmt.Sprint(i)), state.TaskFamily{})
		}
		return nil
	})
	if !errors.Is(err, store.ErrTooMuch) {
		t.Errorf("2000 records at once: %v", err)
	}
	put(t, s, here, "fine", 1)
}

// eraseWhileScanning deletes what a scan yields, after earlier writes of the
// same transaction.
func eraseWhileScanning(t *testing.T, s store.Store) {
	const n = 300
	err := s.Update(t.Context(), func(w store.Writer) error {
		for i := range n {
			if err := store.TaskFamilies.Put(w, here.Key(fmt.Sprintf("%04d", i)), state.TaskFamily{}); err != nil {
				return err
			}
		}
		seen := 0
		for k := range store.TaskFamilies.List(w, here, "") {
			seen++
			store.TaskFamilies.Delete(w, k)
			if err := store.TaskFamilies.Put(w, here.Key(k.ID+"new"), state.TaskFamily{}); err != nil {
				return err
			}
		}
		if seen != n {
			t.Errorf("a scan of %d records that deletes and adds yields %d", n, seen)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	_ = s.View(t.Context(), func(r store.Reader) error {
		for range store.TaskFamilies.List(r, here, "") {
			left++
		}
		return nil
	})
	if left != n {
		t.Errorf("%d records are left, want %d", left, n)
	}
}

// noPhantoms lets transactions that read a range and act on what is in it run
// against each other: together they keep "one leader" and "at least one
// member", which both break when a range read misses an insert or a delete.
func noPhantoms(t *testing.T, s store.Store) {
	const rounds, rivals = 20, 8
	for round := range rounds {
		leaders, members := fmt.Sprintf("leader/%d/", round), fmt.Sprintf("member/%d/", round)
		for i := range rivals {
			put(t, s, here, members+fmt.Sprint(i), 1)
		}
		var wg sync.WaitGroup
		for i := range rivals {
			wg.Go(func() {
				err := s.Update(context.Background(), func(w store.Writer) error {
					if count(w, leaders) == 0 {
						if err := store.TaskFamilies.Put(w, here.Key(leaders+fmt.Sprint(i)), state.TaskFamily{}); err != nil {
							return err
						}
					}
					if count(w, members) > 1 {
						store.TaskFamilies.Delete(w, here.Key(members+fmt.Sprint(i)))
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		_ = s.View(t.Context(), func(r store.Reader) error {
			if l, m := count(r, leaders), count(r, members); l != 1 || m != 1 {
				t.Errorf("round %d: %d leaders and %d members, want one of each", round, l, m)
			}
			return nil
		})
	}
}

func count(r store.Reader, prefix string) (n int) {
	for range store.TaskFamilies.List(r, here, prefix) {
		n++
	}
	return n
}

// emptyTransactions come to nothing: no revision, no change.
func emptyTransactions(t *testing.T, s store.Store) {
	put(t, s, here, "x", 1)
	before := revision(t, s)
	for name, fn := range map[string]func(store.Writer) error{
		"reads only":     func(w store.Writer) error { count(w, ""); return nil },
		"erases nothing": func(w store.Writer) error { store.TaskFamilies.Delete(w, here.Key("y")); return nil },
		"puts and erases": func(w store.Writer) error {
			err := store.TaskFamilies.Put(w, here.Key("y"), state.TaskFamily{})
			store.TaskFamilies.Delete(w, here.Key("y"))
			return err
		},
	} {
		if err := s.Update(t.Context(), fn); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if after := revision(t, s); after != before {
			t.Errorf("%s: the revision went from %d to %d", name, before, after)
		}
	}
	put(t, s, here, "x", 2)
	if after := revision(t, s); after <= before {
		t.Errorf("a write leaves the revision at %d, was %d", after, before)
	}
}

func revision(t *testing.T, s store.Store) (n int64) {
	t.Helper()
	_ = s.View(t.Context(), func(r store.Reader) error { n = r.Revision(); return nil })
	return n
}

func endedContext(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Update(ctx, func(w store.Writer) error {
		return store.TaskFamilies.Put(w, here.Key("x"), state.TaskFamily{})
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update under an ended context: %v", err)
	}
	if err := s.View(ctx, func(store.Reader) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("View under an ended context: %v", err)
	}
	if _, ok := get(t, s, here, "x"); ok {
		t.Error("it wrote")
	}
}

func closed(t *testing.T, s store.Store) {
	put(t, s, here, "x", 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	err := s.Update(t.Context(), func(w store.Writer) error {
		return store.TaskFamilies.Put(w, here.Key("x"), state.TaskFamily{})
	})
	if !errors.Is(err, store.ErrClosed) {
		t.Errorf("Update after Close: %v", err)
	}
	err = s.Follow(t.Context(), func(store.Reader) error { return nil }, func([]store.Change) error { return nil })
	if !errors.Is(err, store.ErrClosed) {
		t.Errorf("Follow after Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
}
