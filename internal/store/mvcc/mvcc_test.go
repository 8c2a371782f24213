package mvcc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

var here = state.Scope{Account: "123456789012", Region: "us-east-1"}

// slowLog takes a while for each batch, and counts them.
type slowLog struct {
	takes   time.Duration
	fails   error
	batches [][]Op
}

func (l *slowLog) Append(_ context.Context, ops []Op) error {
	time.Sleep(l.takes)
	if l.fails != nil {
		return l.fails
	}
	l.batches = append(l.batches, ops)
	return nil
}

func bump(db *DB, id string) error {
	return db.Update(context.Background(), func(w store.Writer) error {
		f, _ := store.TaskFamilies.Get(w, here.Key(id))
		f.LastRevision++
		return store.TaskFamilies.Put(w, here.Key(id), f)
	})
}

func read(db *DB, id string) (n int32) {
	_ = db.View(context.Background(), func(r store.Reader) error {
		f, _ := store.TaskFamilies.Get(r, here.Key(id))
		n = f.LastRevision
		return nil
	})
	return n
}

func start(t *testing.T, log Log) *DB {
	t.Helper()
	db, err := New(log, nil)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// Writers that come while a batch is on its way share the next one.
func TestWritersShareABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{takes: time.Second}
		db := start(t, log)
		begun := time.Now()
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				if err := errors.Join(bump(db, "shared"), bump(db, fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(begun); took > 4*time.Second {
			t.Errorf("128 writes by 64 writers took %s, in %d batches of a second", took, len(log.batches))
		}
		if n := read(db, "shared"); n != 64 {
			t.Errorf("counted to %d", n)
		}
		db.Close()
	})
}

// What is not durable is not shown; a later writer builds on it all the same,
// and a transaction that only read it, or was refused on it, waits for it.
func TestNothingIsShownBeforeItIsDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := start(t, &slowLog{takes: time.Second})
		go func() { _ = bump(db, "x") }()
		time.Sleep(time.Millisecond)
		if n := read(db, "x"); n != 0 {
			t.Errorf("View sees %d before it is durable", n)
		}
		errTaken := errors.New("taken")
		begun := time.Now()
		err := db.Update(t.Context(), func(w store.Writer) error {
			if _, ok := store.TaskFamilies.Get(w, here.Key("x")); ok {
				return errTaken
			}
			return nil
		})
		if !errors.Is(err, errTaken) {
			t.Errorf("a writer after it: %v", err)
		}
		if n := read(db, "x"); n != 1 || time.Since(begun) < 900*time.Millisecond {
			t.Errorf("refused on what is not durable: sees %d after %s", n, time.Since(begun))
		}
		db.Close()
	})
}

// A log that fails ends the store for writers and followers; what was durable
// can still be read.
func TestFailingLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errDisk := errors.New("disk on fire")
		log := &slowLog{takes: time.Second}
		db := start(t, log)
		if err := bump(db, "x"); err != nil {
			t.Fatal(err)
		}
		log.fails = errDisk
		followed := make(chan error)
		go func() {
			followed <- db.Follow(t.Context(), func(store.Reader) error { return nil }, func(c []store.Change) error {
				t.Errorf("told of %+v", c)
				return nil
			})
		}()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := bump(db, "x"); !errors.Is(err, errDisk) {
					t.Errorf("a writer is told %v", err)
				}
			})
		}
		if err := <-followed; !errors.Is(err, errDisk) {
			t.Errorf("a follower is told %v", err)
		}
		wg.Wait()
		if err := bump(db, "x"); !errors.Is(err, errDisk) {
			t.Errorf("a writer after it is told %v", err)
		}
		if n := read(db, "x"); n != 1 {
			t.Errorf("View sees %d", n)
		}
		db.Close()
	})
}

// Close waits for what was accepted.
func TestCloseMakesDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := start(t, &slowLog{takes: time.Second})
		wrote := make(chan error)
		go func() { wrote <- bump(db, "x") }()
		time.Sleep(time.Millisecond)
		go db.Close()
		if err := <-wrote; err != nil {
			t.Errorf("accepted before Close, and %v", err)
		}
		<-db.ended
	})
}

// Of several writes to one path the last counts, where the first stood.
func TestMerge(t *testing.T) {
	got := merge([]*transaction{
		{ops: []Op{{"a", []byte("1")}, {"b", []byte("1")}}},
		{ops: []Op{{"b", nil}, {"c", []byte("2")}}},
		{ops: []Op{{"a", []byte("3")}}},
	})
	want := []Op{{"a", []byte("3")}, {"b", nil}, {"c", []byte("2")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Derived values are of the very snapshot or transaction that is asked, also
// after a transaction that was given up, and after a start.
func TestDerivedValuesFollow(t *testing.T) {
	var initial map[string][]byte
	db, err := New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	task := func(id, token string) state.Task {
		return state.Task{ID: id, Spec: state.TaskSpec{ClientToken: token}, Placement: state.Placement{Node: "n"}}
	}
	of := func(r store.Reader, token string) string { return fmt.Sprint(store.TasksByToken.Of(r).Of(here, token)) }
	must := func(fn func(w store.Writer) error) {
		t.Helper()
		if err := db.Update(ctx, fn); err != nil {
			t.Fatal(err)
		}
	}
	must(func(w store.Writer) error {
		if got := of(w, "a"); got != "[]" {
			t.Errorf("of an empty store: %s", got)
		}
		_ = store.Tasks.Put(w, here.Key("1"), task("1", "a"))
		if got := of(w, "a"); got != "[1]" {
			t.Errorf("a transaction does not see its own write: %s", got)
		}
		return store.Tasks.Put(w, here.Key("2"), task("2", "ab"))
	})
	given := errors.New("given up")
	if err := db.Update(ctx, func(w store.Writer) error {
		store.Tasks.Delete(w, here.Key("1"))
		if got := of(w, "a"); got != "[]" {
			t.Errorf("deleted: %s", got)
		}
		return given
	}); !errors.Is(err, given) {
		t.Fatal(err)
	}
	must(func(w store.Writer) error { return store.Nodes.Put(w, here.Key("n"), state.Node{ID: "n", CPU: 7}) })
	_ = db.View(ctx, func(r store.Reader) error {
		if a, ab := of(r, "a"), of(r, "ab"); a != "[1]" || ab != "[2]" {
			t.Errorf("tokens %s %s", a, ab)
		}
		if n, ok := store.Placement.Of(r).Node("n"); !ok || n.CPU != 7 {
			t.Errorf("node %+v", n)
		}
		initial = map[string][]byte{}
		codecs := store.Schema()
		for k, v := range store.Tasks.List(r, here, "") {
			initial[store.Path(store.Tasks.Name, k)], _ = codecs[store.Tasks.Name].Encode(v, nil)
		}
		return nil
	})
	again, err := New(nil, func(yield func(string, []byte) error) error {
		for k, v := range initial {
			if err := yield(k, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	_ = again.View(ctx, func(r store.Reader) error {
		if got := of(r, "ab"); got != "[2]" {
			t.Errorf("after a start: %s", got)
		}
		return nil
	})
}
