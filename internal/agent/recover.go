package agent

import (
	"context"

	"github.com/hatoba/hatoba/internal/agent/health"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/state"
)

// recover takes up the tasks of the last run. It relies on this:
//   - a task's record is saved before its address is used and before any of
//     its containers is created, so what no record names is ours to sweep;
//   - container ids are derived from task and container name;
//   - the engine knows every container that was created and not deleted, also
//     one that ended meanwhile, with its true exit;
//   - after a reboot, which the kernel's boot id tells, nothing is alive.
func (a *Agent) recover(ctx context.Context) error {
	records, err := a.loadRecords()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, rec := range records {
		id := rec.Assignment.Key.ID
		known[id] = true
		if rec.Address.IsValid() && rec.Observed.Status < state.TaskStopped {
			a.addresses[rec.Address] = id
			if err := a.cfg.Network.Resume(rec.request()); err != nil {
				a.cfg.Log.Warn("a task's network cannot be taken up", "task", id, "error", err)
			}
		}
		for _, r := range rec.Interfaces {
			if r.Address.IsValid() && rec.Observed.Status < state.TaskStopped {
				a.addresses[r.Address] = id
			}
		}
	}
	containers, err := a.cfg.Engine.List(ctx)
	if err != nil {
		return err
	}
	for _, c := range containers {
		if !known[c.TaskID] {
			a.cfg.Log.Warn("removing a container that belongs to no task", "container", c.ID)
			if err := a.cfg.Engine.Delete(ctx, c.ID); err != nil {
				return err
			}
		}
	}
	if err := a.cfg.Network.Sweep(ctx, func(id string) bool { return known[taskOf(id)] }); err != nil {
		return err
	}
	byID := map[string]runtime.Status{}
	for _, c := range containers {
		byID[c.ID] = c
	}
	if err := a.noticeReboot(records, byID); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, rec := range records {
		a.begin(rec, byID)
	}
	return nil
}

// enter puts the loop where the record says the task stood.
func (w *worker) enter(ctx context.Context) {
	w.stopping = w.rec.Cause != nil || w.rec.Observed.StoppingAt != nil
	if w.rec.Observed.Status >= state.TaskStopped {
		w.stage = finished
		return
	}
	w.resumed = w.rec.begun()
	if w.resumed {
		w.takeUpPorts()
		for i := range w.views {
			w.takeUp(ctx, i)
		}
	}
	switch {
	case w.stopping && !w.resumed:
		// nothing was begun
	case w.up():
		w.stage = living
		if !w.rec.hostGone() { // then it has no namespace either
			w.reopen()
		}
	case !w.stopping && w.rec.Assignment.Task.Desired.Status != state.TaskStopped:
		w.prepare(ctx)
	}
}

// up tells whether all containers of a resumed task are past their start, so
// that neither images nor secrets are needed again.
func (w *worker) up() bool {
	if !w.resumed {
		return false
	}
	for _, v := range w.views {
		if v.phase == waiting {
			return false
		}
	}
	return true
}

// takeUp brings one container's view in line with what the engine has.
func (w *worker) takeUp(ctx context.Context, i int) {
	v := &w.views[i]
	v.health = w.recordedHealth(v.plan.Name)
	rec := w.rec.Containers[v.plan.Name]
	c, exists := w.found[containerID(w.key.ID, v.plan.Name)]
	v.restarts = rec.Restarts
	switch {
	case rec.Restarting:
		w.takeUpRestart(ctx, i, c, exists)
	case rec.Ended:
		v.phase, v.started, v.failure = ended, rec.Started, rec.Failure
		v.startedAt, v.endedAt, v.exitCode = rec.StartedAt, rec.EndedAt, rec.ExitCode
		if v.exitCode == nil { // a record of before it had one
			v.exitCode = w.recordedExit(v.plan.Name)
		}
		if rec.Started {
			w.pumpLogs(i)
			if !exists {
				w.finishLogs(i)
			}
		}
	case exists && c.Phase != runtime.Created:
		// started takes it from here; one that ended answers Wait at once.
		w.started(ctx, i, c.StartedAt)
	case rec.Started:
		v.phase, v.started = ended, true
		rec.Ended, rec.Failure = true, "ContainerRuntimeError: the exit code is lost: the engine has no such container"
		if w.rec.hostGone() {
			rec.Failure = lostWithHost
		}
		v.failure = rec.Failure
		w.dirty = true
		w.pumpLogs(i)
		w.finishLogs(i)
	}
}

func (w *worker) recordedHealth(name string) string {
	for _, c := range w.rec.Observed.Containers {
		if c.Name == name && c.Health != "" {
			return c.Health
		}
	}
	return health.Unknown
}

func (w *worker) recordedExit(name string) *int32 {
	for _, c := range w.rec.Observed.Containers {
		if c.Name == name {
			return c.ExitCode
		}
	}
	return nil
}

// reopen serves the endpoints of a task that went on without us. Without its
// namespace the task cannot be alive, and its containers tell so themselves.
func (w *worker) reopen() {
	w.spawn(func() func() {
		stop, err := w.serveAgain()
		if err != nil {
			w.log.Warn("the task's endpoints cannot be opened again", "error", err)
			return nil
		}
		return func() {
			if w.stage >= cleaning { // the task ended meanwhile
				stop()
				return
			}
			w.stopEndpoints = stop
		}
	})
}
