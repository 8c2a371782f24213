package agent

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime/fake"
	"github.com/hatoba/hatoba/internal/protocol"
)

func (w *world) measures() []protocol.Measures {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.measured
}

func (w *world) refuseMeasures(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuse = err
}

func TestTasksAreMeasuredByTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(30 * time.Second) // into a minute
		w := newWorld(t, fake.Options{})
		w.up(assignment("t1", restartable("app", true)))
		defer w.end()
		time.Sleep(31 * time.Second)
		got := w.measures()
		if len(got) != 1 || len(got[0].Tasks) != 1 {
			t.Fatalf("in the first minute: %+v", got)
		}
		if m := got[0].Tasks[0]; m.Over > 30*time.Second || m.Over < 29*time.Second || m.Containers[0].CPU*10 != m.Over {
			t.Errorf("it used a tenth of its first 30 seconds: %+v", m)
		}
		time.Sleep(time.Minute)
		got = w.measures()
		if len(got) != 2 || got[1].Seq != 2 || got[1].Run != got[0].Run || !got[1].Minute.Equal(got[0].Minute.Add(time.Minute)) || got[0].Minute.Second() != 0 {
			t.Fatalf("after the second minute: %+v", got)
		}
		m := got[1].Tasks[0]
		if c := m.Containers[0]; m.Key != key("t1") || m.Over != time.Minute || c.CPU != 6*time.Second || c.Memory != 1<<20 || c.Name != "app" || c.Restarts == nil || *c.Restarts != 0 {
			t.Errorf("%+v", m)
		}
		if m.Network == nil || m.Network.RxBytes != 0 || m.Disk == nil {
			t.Errorf("interface and disk: %+v", m)
		}
		w.messages <- protocol.Message{Assign: []protocol.Assignment{stopped(assignment("t1", restartable("app", true)))}}
		time.Sleep(2 * time.Minute)
		if last := w.measures(); len(last) > 3 {
			t.Errorf("a task that has stopped is measured: %+v", last)
		}
	})
}

func TestMeasuresAreSentUntilTheyAreTakenAndCountedWhenTheyCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, fake.Options{})
		w.refuseMeasures(errors.New("no room"))
		w.up(assignment("t1", restartable("app", true)))
		defer w.end()
		time.Sleep(5*time.Minute + time.Second)
		w.refuseMeasures(nil)
		time.Sleep(time.Second)
		got := w.measures()
		if len(got) != 5 || got[0].Seq != 1 || got[4].Seq != 5 || got[4].Dropped != 0 {
			t.Fatalf("what was refused is sent again, in order: %+v", got)
		}
		w.refuseMeasures(errors.New("no room"))
		time.Sleep((maxUnsent + 3) * time.Minute)
		w.refuseMeasures(nil)
		time.Sleep(time.Second)
		got = w.measures()[5:]
		if first := got[0]; len(got) != maxUnsent || first.Seq != 6 || got[1].Seq != 10 || first.Dropped != 3 {
			t.Errorf("%d are kept, from %d, and %d told to be lost", len(got), first.Seq, first.Dropped)
		}
	})
}

func TestAMachineThatSleptIsNotBusyMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, fake.Options{})
		a := New(Config{Engine: w.engine, Network: w})
		a.watcher.since = time.Now()
		for _, at := range []time.Duration{0, 20 * time.Second, time.Hour} {
			a.watcher.read(time.Now().Add(at))
		}
		if since := time.Until(a.watcher.since); since != time.Hour {
			t.Errorf("it watches since %s", since)
		}
	})
}
