package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/agent/proxy"
	"github.com/hatoba/hatoba/internal/agent/runtime/fake"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// callers are proxies of Service Connect that only count.
type callers struct {
	mu    sync.Mutex
	since uint64 // requests
}

func (c *callers) call(n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since += n
}

func (c *callers) Measure() []protocol.ConnectMeasures {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.since
	if c.since = 0; n == 0 {
		return nil
	}
	return []protocol.ConnectMeasures{{
		Task: key("t1"), Service: "srv-1", Targets: 1, Requests: n, Status: [6]uint64{2: n}, ResponseTime: time.Duration(n),
		Times: []protocol.ResponseTimes{{About: time.Duration(n), Count: n}},
	}}
}

func (c *callers) Apply(bool, map[string]*state.ConnectEndpoint)             {}
func (c *callers) Drain(context.Context, string)                             {}
func (c *callers) Open(context.Context, proxy.Task) (stop func(), err error) { return func() {}, nil }

// kill ends the agent, and leaves of it what a kill had left after so much more
// time.
func (w *world) kill(c *callers, after time.Duration) {
	w.t.Helper()
	time.Sleep(after)
	synctest.Wait()
	copied := filepath.Join(w.t.TempDir(), "run")
	if err := os.CopyFS(copied, os.DirFS(w.runDir)); err != nil {
		w.t.Fatal(err)
	}
	n := len(w.measures())
	w.stop()
	w.mu.Lock()
	w.measured = w.measured[:n]
	w.mu.Unlock()
	w.runDir = copied
	c.mu.Lock()
	c.since = 0
	c.mu.Unlock()
}

func TestAKilledMinuteIsHandedUpWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := newWorld(t, fake.Options{}), &callers{}
		w.proxies, w.runDir = c, filepath.Join(t.TempDir(), "run")
		w.up(assignment("t1", restartable("app", true)))
		defer func() { w.end() }()
		time.Sleep(25 * time.Second)
		c.call(3)
		w.kill(c, 5*time.Second)
		w.up(assignment("t1", restartable("app", true)))
		c.call(4)
		time.Sleep(5 * time.Second)
		c.call(4)
		w.kill(c, 2*time.Second)
		w.up(assignment("t1", restartable("app", true)))
		time.Sleep(24 * time.Second)
		got := w.measures()
		if len(got) != 1 || len(got[0].Tasks) != 1 || len(got[0].Connect) != 1 {
			t.Fatalf("after a minute with two kills: %+v", got)
		}
		if m := got[0].Tasks[0]; m.Over < 59*time.Second || m.Containers[0].CPU*10 != m.Over {
			t.Errorf("it used a tenth of all the minute: %+v", m)
		}
		if m := got[0].Connect[0]; m.Requests != 11 || m.Status[2] != 11 || m.ResponseTime != 11 || len(m.Times) != 2 || m.Times[1].Count != 8 {
			t.Errorf("it made 11 calls: %+v", m)
		}

		// Killed when the batch was taken and nobody noted it.
		w.refuseMeasures(errors.New("no room"))
		c.call(5)
		w.kill(c, time.Minute)
		w.refuseMeasures(nil)
		w.up(assignment("t1", restartable("app", true)))
		time.Sleep(time.Second)
		again := w.measures()
		if len(again) != 2 || again[1].Run != got[0].Run || again[1].Seq != 2 || again[1].Connect[0].Requests != 5 {
			t.Fatalf("a batch that may have been taken keeps its name: %+v", again)
		}

		// Away for a while: what was counted is of its minute, what was spent
		// meanwhile is left out with the time.
		c.call(7)
		begin := time.Now().Truncate(time.Minute)
		w.kill(c, 30*time.Second)
		time.Sleep(5 * time.Minute)
		w.up(assignment("t1", restartable("app", true)))
		time.Sleep(2 * time.Minute)
		list := w.measures()[2:]
		if len(list) < 2 || !list[0].Minute.Equal(begin) || list[0].Connect[0].Requests != 7 || list[0].Tasks[0].Over != 20*time.Second {
			t.Fatalf("after a while without Hatoba: %+v", list)
		}
		if m := list[len(list)-1].Tasks[0]; m.Over > time.Minute {
			t.Errorf("what was spent while nobody looked counts: %+v", m)
		}
	})
}

// TestAnEndHandsUpAll: an agent that ends in order leaves nothing under way.
func TestAnEndHandsUpAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := newWorld(t, fake.Options{}), &callers{}
		w.proxies, w.runDir = c, filepath.Join(t.TempDir(), "run")
		w.up(assignment("t1", restartable("app", true)))
		time.Sleep(31 * time.Second)
		c.call(3)
		time.Sleep(100 * time.Millisecond)
		w.end()
		got := w.measures()
		if len(got) != 1 || got[0].Connect[0].Requests != 3 || got[0].Tasks[0].Over != 20*time.Second {
			t.Errorf("%+v", got)
		}
		if entries, err := os.ReadDir(w.runDir); err != nil || len(entries) > 0 {
			t.Errorf("it leaves %v, %v", entries, err)
		}
	})
}

// What was read of a task is kept until its minute is told, and no longer.
func TestNothingIsUnderWayAfterTheLastTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, fake.Options{})
		w.runDir = filepath.Join(t.TempDir(), "run")
		a := assignment("t1", restartable("app", true))
		w.up(a)
		defer w.end()
		time.Sleep(50 * time.Second)
		kept := filepath.Join(w.runDir, "meters.json")
		if _, err := os.Stat(kept); err != nil {
			t.Error(err)
		}
		w.messages <- protocol.Message{Assign: []protocol.Assignment{stopped(a)}}
		time.Sleep(3 * time.Minute)
		if _, err := os.Stat(kept); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("what was read of the task stays: %v", err)
		}
	})
}
