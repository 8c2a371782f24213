// Package storetest is the suite every engine of the store passes.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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
		"PutGetDelete":    putGetDelete,
		"ListAndPage":     listAndPage,
		"AllOrNothing":    allOrNothing,
		"ReadYourWrites":  readYourWrites,
		"NoLostUpdate":    noLostUpdate,
		"SnapshotStands":  snapshotStands,
		"TooMuch":         tooMuch,
		"FollowEveryOnce": followEveryOnce,
		"FollowEnds":      followEnds,
		"FollowBehind":    followBehind,
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

func putGetDelete(t *testing.T, s store.Store) {
	put(t, s, here, "web", 3)
	if f, ok := get(t, s, here, "web"); !ok || f.LastRevision != 3 {
		t.Fatalf("got %+v, %v", f, ok)
	}
	if _, ok := get(t, s, there, "web"); ok {
		t.Fatal("a record shows in another region")
	}
	err := s.Update(t.Context(), func(w store.Writer) error {
		store.TaskFamilies.Delete(w, here.Key("web"))
		store.TaskFamilies.Delete(w, here.Key("never was"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := get(t, s, here, "web"); ok {
		t.Fatal("deleted, and still there")
	}
}

func listAndPage(t *testing.T, s store.Store) {
	for _, id := range []string{"b", "a/2", "a/1", "c"} {
		put(t, s, here, id, 1)
	}
	put(t, s, there, "z", 1)
	ids := func(scope state.Scope, prefix, after string) (out []string) {
		_ = s.View(t.Context(), func(r store.Reader) error {
			for k := range store.TaskFamilies.After(r, scope, prefix, after) {
				out = append(out, k.ID)
			}
			return nil
		})
		return out
	}
	for _, tc := range []struct {
		scope         state.Scope
		prefix, after string
		want          string
	}{
		{here, "", "", "a/1 a/2 b c"},
		{here, "a/", "", "a/1 a/2"},
		{here, "", "a/2", "b c"},
		{here, "a/", "a/1", "a/2"},
		{here, "", "c", ""},
		{there, "", "", "z"},
		{state.Scope{}, "", "", "a/1 a/2 b c z"},
	} {
		if got := strings.Join(ids(tc.scope, tc.prefix, tc.after), " "); got != tc.want {
			t.Errorf("%+v: got %q", tc, got)
		}
	}
}

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

// followEveryOnce lets a follower keep a replica while the store changes, and
// compares: no change is missed, repeated or out of order.
func followEveryOnce(t *testing.T, s store.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		replica := map[string]int32{}
		type note struct {
			id    string
			after int32
		}
		changes := make(chan note, 1000)
		started, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			ended <- s.Follow(ctx, func(r store.Reader) error {
				for k, f := range store.TaskFamilies.List(r, here, "") {
					replica[k.ID] = f.LastRevision
				}
				close(started)
				return nil
			}, func(cs []store.Change) error {
				for _, c := range cs {
					before, had, after, has := store.TaskFamilies.Of(c)
					if known, ok := replica[c.Key.ID]; ok != had || known != before.LastRevision {
						t.Errorf("%s: told from %v, the replica has %v", c.Key.ID, before.LastRevision, known)
					}
					if delete(replica, c.Key.ID); has {
						replica[c.Key.ID] = after.LastRevision
					}
					changes <- note{c.Key.ID, after.LastRevision}
				}
				return nil
			}, store.TaskFamilies.Name)
		}()
		if rapid.Bool().Draw(rt, "start first") {
			<-started
		}
		last := rapid.Int32Range(1000, 1<<30).Draw(rt, "last")
		for range rapid.IntRange(0, 20).Draw(rt, "writes") {
			id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "id")
			n := rapid.Int32Range(1, 900).Draw(rt, "n")
			if rapid.Bool().Draw(rt, "delete") {
				_ = s.Update(ctx, func(w store.Writer) error { store.TaskFamilies.Delete(w, here.Key(id)); return nil })
				continue
			}
			put(t, s, here, id, n)
		}
		<-started
		put(t, s, here, "end", last)
		deadline := time.After(10 * time.Second)
		for {
			select {
			case c := <-changes:
				if c.id != "end" || c.after != last {
					continue
				}
			case <-deadline:
				rt.Fatal("the follower does not arrive")
			}
			break
		}
		cancel()
		<-ended
		want := map[string]int32{}
		_ = s.View(t.Context(), func(r store.Reader) error {
			for k, f := range store.TaskFamilies.List(r, here, "") {
				want[k.ID] = f.LastRevision
			}
			return nil
		})
		if diff := cmp.Diff(want, replica); diff != "" {
			rt.Error(diff)
		}
	})
}

func followEnds(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Follow(ctx, func(store.Reader) error { cancel(); return nil }, func([]store.Change) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if err := s.Follow(t.Context(), func(store.Reader) error { return errNo }, nil); !errors.Is(err, errNo) {
		t.Errorf("begin's error: %v", err)
	}
	err = s.Follow(t.Context(), func(store.Reader) error { put(t, s, here, "x", 1); return nil }, func([]store.Change) error { return errNo })
	if !errors.Is(err, errNo) {
		t.Errorf("change's error: %v", err)
	}
}

func followBehind(t *testing.T, s store.Store) {
	err := s.Follow(t.Context(), func(store.Reader) error {
		for range 101 {
			err := s.Update(t.Context(), func(w store.Writer) error {
				for i := range 500 {
					f, _ := store.TaskFamilies.Get(w, here.Key(fmt.Sprint(i)))
					f.LastRevision++
					if err := store.TaskFamilies.Put(w, here.Key(fmt.Sprint(i)), f); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}, func([]store.Change) error { return nil })
	if !errors.Is(err, store.ErrBehind) {
		t.Errorf("50,500 changes behind: %v", err)
	}
}
