package agent

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/agent/meter"
	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/underway"
)

// watchEvery is how often tasks' counters are read, as the ECS agent does; what
// was read in a minute is handed up together.
// Source: https://github.com/aws/amazon-ecs-agent, config.DefaultContainerMetricsPublishInterval
const watchEvery = 20 * time.Second

// maxUnsent is how many minutes are kept while nobody takes them.
const maxUnsent = 60

// disksRest is how long the measure of disks rests, in times of what it took:
// it walks through all that a task has written.
const disksRest = 100

// watcher reads the counters of all running tasks, and hands up what they used
// in each minute. What it has not handed up is kept in files, so that a kill
// does not lose it; see kept.go.
type watcher struct {
	a      *Agent
	since  time.Time // when the watching began
	last   time.Time // reading
	minute time.Time // that meters and carried are of
	meters map[state.Key]*meter.Meter

	carried []protocol.ConnectMeasures // by Service Connect

	mu   sync.Mutex
	kept unsent
	wake chan struct{}

	files files
	ended chan struct{} // closed when run has ended
}

// unsent is what was closed and nobody took.
type unsent struct {
	Run     string
	Seq     int64 // of the newest batch
	Batches []protocol.Measures
	Dropped int64 `json:"-"` // measures of tasks, by this process
}

func newWatcher(a *Agent) *watcher {
	w := &watcher{a: a, meters: map[state.Key]*meter.Meter{}, wake: make(chan struct{}, 1), ended: make(chan struct{}), files: newFiles(a.cfg.UnderWay)}
	w.load()
	return w
}

// run watches until ctx ends.
func (w *watcher) run(ctx context.Context) {
	defer close(w.ended)
	var parts sync.WaitGroup
	parts.Go(func() { w.watch(ctx) })
	parts.Go(func() { w.send(ctx) })
	parts.Go(func() { w.measureDisks(ctx) })
	parts.Wait()
}

// watch reads until ctx ends. Readings are on the clock's own thirds of a
// minute, so that minutes are whole; what proxies carried is taken each second,
// since it ends with the process.
func (w *watcher) watch(ctx context.Context) {
	if w.since.IsZero() {
		w.since = time.Now()
	}
	underway.Seconds(ctx, w.tick)
}

// tick does what is due at a second, which is the end of what is looked at.
func (w *watcher) tick(at time.Time) {
	if minute := at.Add(-1).Truncate(time.Minute).UTC(); !w.minute.Equal(minute) {
		w.close() // of a process that was killed, or the clock was set
		w.minute = minute
	}
	w.carry()
	if at.Equal(at.Truncate(watchEvery)) {
		w.read(time.Now())
	}
	if at.Equal(at.Truncate(time.Minute)) {
		w.close()
	}
}

// read takes one reading of every task.
func (w *watcher) read(at time.Time) {
	if !w.last.IsZero() && at.Sub(w.last) > 3*watchEvery { // the machine slept, or Hatoba was away
		for _, m := range w.meters {
			m.Forget()
		}
		w.since = at
	}
	w.last = at
	seen, err := w.a.readings(at)
	if err != nil {
		w.a.cfg.Log.Warn("tasks are not measured", "error", err)
		return
	}
	for key, r := range seen {
		m := w.meters[key]
		if m == nil {
			m = &meter.Meter{}
			w.meters[key] = m
		}
		m.Add(r, w.since)
	}
	for key, m := range w.meters {
		if _, running := seen[key]; !running && m.Empty() {
			delete(w.meters, key)
		}
	}
	w.saveMeters()
}

// close ends the minute and queues what was measured in it.
func (w *watcher) close() {
	batch := protocol.Measures{Minute: w.minute, Connect: w.carried}
	for key, m := range w.meters {
		if measures, ok := m.Take(); ok {
			measures.Key = key
			batch.Tasks = append(batch.Tasks, measures)
		}
	}
	w.carried = nil
	if w.queue(batch) { // from here on the files below are of an earlier batch
		w.saveMeters()
		w.saveCarried()
	}
}

// queue keeps a batch to be sent; false: there is nothing in it. When there are
// too many the oldest makes room, and is counted: the second, because the first
// is being sent.
func (w *watcher) queue(b protocol.Measures) bool {
	if len(b.Tasks)+len(b.Connect) == 0 {
		return false
	}
	w.mu.Lock()
	if len(w.kept.Batches) >= maxUnsent {
		lost := w.kept.Batches[1]
		w.kept.Dropped += int64(len(lost.Tasks))
		w.a.cfg.Log.Warn("measures are given up: the control plane does not take them", "minute", lost.Minute, "tasks", len(lost.Tasks), "dropped", w.kept.Dropped)
		w.kept.Batches = slices.Delete(w.kept.Batches, 1, 2)
	}
	w.kept.Seq++
	b.Run, b.Seq = w.kept.Run, w.kept.Seq
	w.kept.Batches = append(w.kept.Batches, b)
	w.files.unsent.Save(w.kept)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return true
}

// send hands up what is queued, one minute after the other, until ctx ends.
func (w *watcher) send(ctx context.Context) {
	for {
		batch, ok := w.next()
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-w.wake:
				continue
			}
		}
		err := w.a.link.call(ctx, func(s protocol.Session) error {
			batch.Dropped = w.a.DroppedMeasures()
			return s.Measure(ctx, batch)
		})
		if ctx.Err() != nil {
			return
		}
		w.sent(batch, err)
	}
}

func (w *watcher) next() (protocol.Measures, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.kept.Batches) == 0 {
		return protocol.Measures{}, false
	}
	return w.kept.Batches[0], true
}

// sent forgets the first batch.
func (w *watcher) sent(b protocol.Measures, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept.Batches = slices.Delete(w.kept.Batches, 0, 1)
	if err != nil {
		w.kept.Dropped += int64(len(b.Tasks))
		w.a.cfg.Log.Error("measures are refused", "minute", b.Minute, "tasks", len(b.Tasks), "error", err)
	}
	w.files.unsent.Save(w.kept)
}

// DroppedMeasures tells how many measures of tasks were given up since the
// agent began: a task has one in each minute.
func (a *Agent) DroppedMeasures() int64 {
	a.watcher.mu.Lock()
	defer a.watcher.mu.Unlock()
	return a.watcher.kept.Dropped
}

// readings reads the counters of every running task.
func (a *Agent) readings(at time.Time) (map[state.Key]meter.Reading, error) {
	a.mu.Lock()
	workers := make([]*worker, 0, len(a.workers))
	for _, w := range a.workers {
		workers = append(workers, w)
	}
	a.mu.Unlock()
	out := map[state.Key]meter.Reading{}
	if len(workers) == 0 {
		return out, nil
	}
	traffic, err := a.cfg.Network.Traffic()
	if err != nil {
		return nil, err
	}
	for _, w := range workers {
		if r, ok := w.counters(at, traffic); ok {
			out[w.key] = r
		}
	}
	return out, nil
}

// counters reads the task's counters; safe from any goroutine. false: it does
// not run.
func (w *worker) counters(at time.Time, traffic func(string) (network.Counters, bool)) (meter.Reading, bool) {
	view := w.view.Load()
	if view.Observed.Status != state.TaskRunning || view.Stopping {
		return meter.Reading{}, false
	}
	carried := func(id string) *network.Counters {
		if c, ok := traffic(id); ok {
			return &c
		}
		return nil
	}
	out := meter.Reading{At: at, Network: carried(w.key.ID)}
	if used := w.disk.Load(); used != nil {
		out.Disk = used
	}
	for _, c := range view.Containers {
		if c.Known != "RUNNING" || c.StartedAt == nil {
			continue
		}
		usage, err := w.a.cfg.Engine.Usage(w.key.ID, c.ID)
		if err != nil {
			continue // it has just ended
		}
		one := meter.Container{Name: c.Plan.Name, StartedAt: *c.StartedAt, Usage: usage, Restarts: c.Restarts, Health: c.Health}
		if c.Address.IsValid() {
			one.Network = carried(c.ID)
		}
		out.Containers = append(out.Containers, one)
	}
	return out, len(out.Containers) > 0
}

// measureDisks looks, task after task and about once a minute, at how much each
// has written. It rests after each: however much there is to walk through, it
// takes a hundredth of a CPU at the most.
func (w *watcher) measureDisks(ctx context.Context) {
	for {
		began := time.Now()
		w.a.mu.Lock()
		workers := make([]*worker, 0, len(w.a.workers))
		for _, one := range w.a.workers {
			workers = append(workers, one)
		}
		w.a.mu.Unlock()
		for _, one := range workers {
			if one.view.Load().Observed.Status != state.TaskRunning {
				continue
			}
			start := time.Now()
			used, err := one.written(ctx)
			if err == nil {
				one.disk.Store(&used)
			} else if !errors.Is(err, context.Canceled) {
				one.log.Debug("what the task has written cannot be measured", "error", err)
			}
			if !pause(ctx, disksRest*time.Since(start)) {
				return
			}
		}
		if !pause(ctx, max(time.Second, time.Minute-time.Since(began))) {
			return
		}
	}
}
