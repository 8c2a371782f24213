package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hatoba/hatoba/internal/agent/metadata"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// stage is how far a task has come on this node.
type stage int

const (
	preparing stage = iota // network, images, secrets, log streams
	living                 // containers start, run and end
	cleaning               // all containers have ended
	finished
)

// worker brings one task to where it is wanted. Its loop owns every field
// below; the goroutines it starts hand their results to the loop as functions.
type worker struct {
	a      *Agent
	key    state.Key
	dir    string
	log    *slog.Logger
	inbox  chan func()
	spawns sync.WaitGroup

	rec      *record
	assigned protocol.Assignment // as it came; what is done beside the loop reads this, not rec's
	plans    []state.ContainerPlan
	views    []containerView
	stage    stage
	stopping bool
	// withdrawn is closed when the task is to end: starts that wait for their
	// turn do not begin.
	withdrawn chan struct{}
	material  protocol.Material
	images    map[string]runtime.Image // by reference in the task definition
	pumps     sync.WaitGroup           // log pumps: done when all was shipped
	reading   map[int]*reading         // what each container's latest pump reads

	view          atomic.Pointer[metadata.View] // what the metadata endpoint tells
	disk          atomic.Pointer[int64]         // bytes the task has written, nil: not looked at yet
	found         map[string]runtime.Status     // what the engine had when the task was taken up again
	resumed       bool                          // the task was begun in an earlier life of the agent
	fixed         []state.HostPort              // ports of the machine the definition names; never changes
	stopEndpoints func()                        // nil: none are open
	cancelPrepare context.CancelFunc
	told          *state.Observed // what was reported last
	reported      <-chan struct{} // closed when the last report is durable
	dirty         bool            // the record must be saved
	shipping      bool            // history is on its way up
	unsaved       bool            // saving failed: a full disk
	gone          bool            // the control plane has forgotten the task
}

func newWorker(a *Agent, rec *record, found map[string]runtime.Status) *worker {
	key := rec.Assignment.Key
	w := &worker{
		a: a, key: key, dir: a.taskDir(key.ID),
		log:       a.cfg.Log.With("task", key.ID),
		inbox:     make(chan func(), 64),
		withdrawn: make(chan struct{}),
		rec:       rec,
		assigned:  rec.Assignment,
		found:     found,
		plans:     state.Effective(rec.Assignment.Task, rec.Assignment.Definition),
		images:    map[string]runtime.Image{},
		reading:   map[int]*reading{},
	}
	w.fixed = rec.Assignment.Task.Spec.Holds.Ports
	for _, p := range w.plans {
		w.views = append(w.views, containerView{plan: p, health: "UNKNOWN"})
		if rec.Containers[p.Name] == nil {
			rec.Containers[p.Name] = &containerRecord{}
		}
	}
	w.show()
	return w
}

// update takes a newer assignment; safe from any goroutine.
func (w *worker) update(assignment protocol.Assignment) {
	w.post(func() {
		w.rec.Assignment.Task.Desired = assignment.Task.Desired
		w.dirty = true
	})
}

// abandon ends a task the control plane has no further interest in.
func (w *worker) abandon() {
	w.post(func() {
		w.gone = true
		w.rec.Assignment.Task.Desired.Status = state.TaskStopped
		w.dirty = true
	})
}

func (w *worker) post(f func()) {
	select {
	case w.inbox <- f:
	case <-w.a.ctx.Done():
	}
}

// spawn runs f beside the loop; what it returns is run by the loop.
func (w *worker) spawn(f func() func()) {
	w.spawns.Go(func() {
		if then := f(); then != nil {
			w.post(then)
		}
	})
}

// run is the task's loop. It returns when the task is finished and reported,
// or when ctx ends; containers then go on.
func (w *worker) run(ctx context.Context) {
	defer w.spawns.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.noteArrival()
	w.enter(ctx)
	for {
		wake := w.step(ctx)
		w.shipHistory(ctx)
		if w.stage == finished && !w.shipping && w.settled(ctx) {
			return
		}
		timer := timerFor(wake)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case f := <-w.inbox:
			f()
		case <-timer.C:
		}
		timer.Stop()
		w.drain()
	}
}

// drain takes what else has arrived, so that one step answers a burst.
func (w *worker) drain() {
	for {
		select {
		case f := <-w.inbox:
			f()
		default:
			return
		}
	}
}

// saveAgain is how soon a record that could not be saved is tried again.
const saveAgain = 2 * time.Second

func timerFor(wake time.Time) *time.Timer {
	if wake.IsZero() {
		return time.NewTimer(time.Hour)
	}
	return time.NewTimer(time.Until(wake))
}

// step decides, acts and publishes. It returns when to look again.
func (w *worker) step(ctx context.Context) (wake time.Time) {
	if w.rec.Assignment.Task.Desired.Status == state.TaskStopped {
		w.stop(nil)
	}
	if w.stage == living || w.stopping && w.stage == preparing && w.cancelPrepare == nil {
		wake = w.live(ctx)
	}
	w.publish()
	if soon := time.Now().Add(saveAgain); w.unsaved && (wake.IsZero() || wake.After(soon)) {
		wake = soon
	}
	return wake
}

// live applies decide.
func (w *worker) live(ctx context.Context) time.Time {
	for {
		d := decide(time.Now(), w.views, w.stopping)
		if d.end != nil {
			w.stop(d.end)
		}
		failed := false
		for _, act := range d.actions {
			failed = w.act(ctx, act) || failed
		}
		switch {
		case d.finish:
			w.stage = cleaning
			if w.rec.ENI.ID != "" {
				w.rec.ENI.Status = "DETACHING"
			}
			stop := w.stopEndpoints
			w.spawn(func() func() { return w.cleanUp(ctx, stop) })
			return time.Time{}
		case d.end != nil || failed:
			continue // the view has changed: decide again
		}
		return d.wake
	}
}

// act does one action; true means that the view changed at once.
func (w *worker) act(ctx context.Context, act action) bool {
	v := &w.views[act.container]
	switch act.verb {
	case doStart:
		v.phase = starting
		w.spawn(func() func() { return w.startContainer(ctx, act.container) })
	case doRestart:
		w.restart(ctx, act.container)
	case doFail:
		w.fail(act.container, act.reason)
		return true
	case doTerm:
		v.termAt = w.rec.Containers[v.plan.Name].asked(time.Now())
		w.dirty = true
		w.note(state.EventSignal, v.plan.Name, fmt.Sprintf("%s, because the task stops: %s; SIGKILL follows after %s", w.stopSignal(v.plan), w.endReason(), v.plan.StopTimeout), "signal", w.stopSignal(v.plan))
		w.signal(ctx, act.container, w.stopSignal(v.plan))
		return true // its patience begins: decide when it ends
	case doKill:
		v.killed = true
		w.note(state.EventSignal, v.plan.Name, fmt.Sprintf("SIGKILL, because it did not end within its stopTimeout of %s", v.plan.StopTimeout), "signal", "SIGKILL")
		w.signal(ctx, act.container, "SIGKILL")
	}
	return false
}

// fail marks a container as never to run.
func (w *worker) fail(i int, reason string) {
	v := &w.views[i]
	v.phase, v.failure = ended, reason
	rec := w.rec.Containers[v.plan.Name]
	rec.Ended, rec.Failure = true, reason
	if reason != "" {
		w.note(state.EventFailed, v.plan.Name, reason)
	}
	w.dirty = true
}

// stop begins the end of the task, once. why is nil when it was asked for.
func (w *worker) stop(why *cause) {
	if w.stopping {
		return
	}
	w.stopping = true
	close(w.withdrawn)
	w.rec.Cause = why
	w.rec.Observed.StoppingAt = now()
	w.dirty = true
	w.noteEnd(why)
	w.noteStatus(state.TaskStopping)
	if why != nil {
		w.log.Info("task ends", "code", why.Code, "reason", why.Reason)
	}
	if w.cancelPrepare != nil {
		w.cancelPrepare()
	}
}

func (w *worker) signal(ctx context.Context, i int, signal string) {
	name, id := w.plans[i].Name, containerID(w.key.ID, w.plans[i].Name)
	w.spawn(func() func() {
		err := w.a.cfg.Engine.Signal(ctx, id, signal)
		if err != nil && ctx.Err() == nil {
			w.log.Error("signal failed, it is tried until it is given", "container", name, "signal", signal, "error", err)
		}
		for err != nil && !errors.Is(err, runtime.ErrNotFound) && pause(ctx, time.Second) {
			err = w.a.cfg.Engine.Signal(ctx, id, signal)
		}
		return nil
	})
}

func (w *worker) stopSignal(plan state.ContainerPlan) string {
	if s := w.rec.Containers[plan.Name].StopSignal; s != "" {
		return s
	}
	return "SIGTERM"
}

// settled tells whether the finished task is known upstairs; then its traces
// are removed.
func (w *worker) settled(ctx context.Context) bool {
	if !w.gone {
		if w.reported == nil { // reported in an earlier life, perhaps in vain
			w.reported = w.a.reports.put(w.key, w.rec.Observed)
		}
		select {
		case <-w.reported:
		case <-ctx.Done():
			return true
		}
	}
	w.forget()
	return true
}

// now is the time as it is stored: UTC, to the millisecond.
func now() *time.Time {
	t := time.Now().UTC().Truncate(time.Millisecond)
	return &t
}
