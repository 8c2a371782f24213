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
