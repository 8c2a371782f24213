package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

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

// followBehind lets more wait than a follower's queue takes, and then a little
// more: what it is told must have no gap before ErrBehind.
func followBehind(t *testing.T, s store.Store) {
	bump := func(ids int) error {
		return s.Update(t.Context(), func(w store.Writer) error {
			for i := range ids {
				key := here.Key(fmt.Sprint(i))
				f, _ := store.TaskFamilies.Get(w, key)
				f.LastRevision++
				if err := store.TaskFamilies.Put(w, key, f); err != nil {
					return err
				}
			}
			return nil
		})
	}
	told := int32(0)
	err := s.Follow(t.Context(), func(store.Reader) error {
		for range 101 {
			if err := bump(500); err != nil {
				return err
			}
		}
		return bump(1)
	}, func(changes []store.Change) error {
		_, _, after, _ := store.TaskFamilies.Of(changes[0])
		if told++; after.LastRevision != told {
			t.Errorf("told of revision %d, the next is %d", after.LastRevision, told)
		}
		return nil
	})
	if !errors.Is(err, store.ErrBehind) {
		t.Errorf("50,501 changes behind: %v", err)
	}
}

// followOneTable is not told of others, and in one piece of what one
// transaction changed.
func followOneTable(t *testing.T, s store.Store) {
	errDone := errors.New("done")
	err := s.Follow(t.Context(), func(store.Reader) error {
		return s.Update(t.Context(), func(w store.Writer) error {
			err := store.Clusters.Put(w, here.Key("c"), state.Cluster{Name: "c"})
			for _, id := range []string{"a", "b"} {
				err = errors.Join(err, store.TaskFamilies.Put(w, here.Key(id), state.TaskFamily{Family: id}))
			}
			return err
		})
	}, func(changes []store.Change) error {
		if len(changes) != 2 || changes[0].Table != store.TaskFamilies.Name || changes[1].Key != here.Key("b") {
			t.Errorf("told %+v", changes)
		}
		return errDone
	}, store.TaskFamilies.Name)
	if !errors.Is(err, errDone) {
		t.Error(err)
	}
}

// followClosed ends with the store, after all that was committed.
func followClosed(t *testing.T, s store.Store) {
	told := 0
	err := s.Follow(t.Context(), func(store.Reader) error {
		put(t, s, here, "x", 1)
		return s.Close()
	}, func([]store.Change) error { told++; return nil })
	if !errors.Is(err, store.ErrClosed) || told != 1 {
		t.Errorf("ended with %v after %d of 1 change", err, told)
	}
}
