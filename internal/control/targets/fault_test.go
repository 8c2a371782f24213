package targets

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// full is a store that takes nothing while it is told so.
type full struct {
	store.Store
	now atomic.Bool
}

func (f *full) Update(ctx context.Context, fn func(store.Writer) error) error {
	if f.now.Load() {
		return errors.New("no space left")
	}
	return f.Store.Update(ctx, fn)
}

// What the store does not take is written once it does.
func TestAStoreThatTakesNothingForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		db, disk := w.db, &full{Store: w.db}
		w.update(func(x store.Writer) error { return store.Tasks.Put(x, scope.Key("a"), state.Task{ID: "a"}) })
		w.register(one, "a")
		w.answer(one, good)
		w.db = disk
		w.run()
		defer w.stop()
		disk.now.Store(true)
		w.db = db
		w.setUp(nil)
		w.update(func(x store.Writer) error { store.Tasks.Delete(x, scope.Key("a")); return nil })
		time.Sleep(5 * time.Second)
		w.wantState("", "")
		disk.now.Store(false)
		time.Sleep(2 * time.Second)
		w.wantState("active", "")
		w.wantGone(one)
	})
}

// What the plane says is heard, however much it says while the loop is busy.
func TestEveryPortIsHeardOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.setUp(nil)
		l, at := w.loop(), netip.MustParseAddrPort("0.0.0.0:80")
		for i := range 1000 {
			l.Bound(fmt.Sprint("another listener ", i), at, errors.New("address already in use"))
		}
		arn := scope.ARN("elasticloadbalancing", "listener/app/web/1/2")
		l.Bound(arn, at, errors.New("address already in use"))
		w.begin(l)
		defer w.stop()
		w.wantState("active", "0.0.0.0:80 is not listened on: address already in use")
		l.Bound(arn, at, errors.New("permission denied"))
		l.Bound(arn, at, nil)
		w.wantState("active", "")
	})
}

// Other work does not put off what is tried again.
func TestAddressesAreTriedAgainWhileOthersKeepTheLoopBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.failing = errors.New("no bridge")
		w.run()
		defer w.stop()
		w.setUp(nil)
		w.wantState("provisioning", "no bridge")
		w.mu.Lock()
		w.failing = nil
		w.mu.Unlock()
		for i := range 5 {
			w.register(fmt.Sprintf("172.31.2.%d", i), "")
			time.Sleep(500 * time.Millisecond)
		}
		w.wantState("active", "")
	})
}

// Tasks come and go by the thousand; the plane has nothing to do with it.
func TestATaskThatRunsIsNoChange(t *testing.T) {
	withBalancer(t, func(w *world) {
		w.applied = nil
		w.update(func(x store.Writer) error { return store.Tasks.Put(x, scope.Key("a"), state.Task{ID: "a"}) })
		if len(w.applied) > 0 {
			w.Errorf("%+v", w.applied)
		}
	})
}
