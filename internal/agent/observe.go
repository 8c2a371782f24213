package agent

import (
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/agent/health"
	"github.com/hatoba/hatoba/internal/state"
)

// publish derives what is to be reported, saves the record when it must be, and
// hands the observation up. A time that nobody is told yet is on disk with the
// next thing that somebody is told.
func (w *worker) publish() {
	w.observe()
	w.noteStatus(w.rec.Observed.Status)
	known := w.told
	if w.resumed && known == nil {
		known = &state.Observed{} // what was told before the restart is not known
	}
	if known == nil {
		known = &w.rec.Assignment.Task.Observed
	}
	tell := tells(*known, w.rec.Observed)
	if (tell || w.dirty) && !w.gone {
		if err := w.rec.save(w.dir); err != nil {
			w.log.Error("cannot save the task's record", "error", err)
			w.unsaved = true
		} else {
			w.unsaved = false
		}
	}
	w.dirty = w.unsaved
	w.show()
	if tell {
		told := w.rec.Observed
		w.told = &told
		w.reported = w.a.reports.put(w.key, told)
	}
}

// tells tells whether an observation is worth a write of the control plane: a
// rank, a health, an exit or an address has changed. Times alone travel with
// the next report.
func tells(before, after state.Observed) bool {
	if before.Status != after.Status || before.Health != after.Health && before.Health+after.Health != health.Unknown ||
		before.StopCode != after.StopCode || len(before.Containers) > len(after.Containers) {
		return true
	}
	for i, c := range after.Containers {
		if i >= len(before.Containers) {
			if c.Status > state.ContainerPending {
				return true
			}
			continue
		}
		b := before.Containers[i]
		if b.Status != c.Status || b.Health != c.Health && b.Health+c.Health != health.Unknown || (b.ExitCode == nil) != (c.ExitCode == nil) || b.Reason != c.Reason || b.Restarts != c.Restarts {
			return true
		}
	}
	return false
}

// observe brings Observed in line with what the loop knows. Ranks only grow.
func (w *worker) observe() {
	o := &w.rec.Observed
	o.Containers = slices.Clone(o.Containers)
	o.Status = max(o.Status, w.status())
	if o.Status >= state.TaskRunning && o.StartedAt == nil && !w.stopping {
		o.StartedAt = now()
	}
	if w.rec.Cause != nil {
		o.StopCode, o.StoppedReason = w.rec.Cause.Code, w.rec.Cause.Reason
	}
	if o.ExecutionStoppedAt == nil {
		o.ExecutionStoppedAt = w.executionStopped()
	}
	o.ENI = w.rec.ENI
	o.Health = taskHealth(w.views)
	for i := range w.views {
		w.observeContainer(i)
	}
}

func (w *worker) observeContainer(i int) {
	o, v := &w.rec.Observed, w.views[i]
	at := slices.IndexFunc(o.Containers, func(c state.ContainerObserved) bool { return c.Name == v.plan.Name })
	if at < 0 {
		o.Containers = append(o.Containers, state.ContainerObserved{Name: v.plan.Name})
		at = len(o.Containers) - 1
	}
	c := &o.Containers[at]
	c.RuntimeID = containerID(w.key.ID, v.plan.Name)
	c.Health, c.Restarts = v.health, max(c.Restarts, v.restarts)
	c.NetworkBindings = w.bindings(v.plan)
	if image, ok := w.images[v.plan.Image]; ok {
		c.ImageDigest = image.Digest
	}
	switch phase := v.phase; {
	case phase == ended && v.again() && !w.stopping:
		// it is about to be started again: nobody sees it end
	case phase == ended:
		c.Status, c.ExitCode = state.ContainerStopped, v.exitCode
		if c.Reason == "" {
			c.Reason = v.failure
		}
	case phase == running:
		c.Status = max(c.Status, state.ContainerRunning)
	default:
		c.Status = max(c.Status, state.ContainerPending)
	}
}

// status is the rank the task has reached.
func (w *worker) status() state.TaskStatus {
	switch {
	case w.stage == finished:
		return state.TaskStopped
	case w.stage == cleaning:
		return state.TaskDeprovisioning
	case w.stopping:
		return state.TaskStopping
	case w.stage == living && allUp(w.views):
		return state.TaskRunning
	case w.rec.attached():
		return state.TaskPending
	}
	return state.TaskProvisioning
}

// executionStopped is when an essential container ended; nil while none has.
func (w *worker) executionStopped() *time.Time {
	for _, v := range w.views {
		if !v.plan.Essential || v.phase != ended || !v.started || v.again() && !w.stopping {
			continue
		}
		if v.endedAt.IsZero() { // its end was not seen
			return now()
		}
		at := v.endedAt.UTC().Truncate(time.Millisecond)
		return &at
	}
	return nil
}

// taskHealth follows the essential containers: one UNHEALTHY makes the task
// so, else one UNKNOWN does.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
func taskHealth(views []containerView) string {
	out := health.Healthy
	for _, v := range views {
		if !v.plan.Essential {
			continue
		}
		switch v.health {
		case health.Unhealthy:
			return health.Unhealthy
		case health.Healthy:
		default:
			out = health.Unknown
		}
	}
	return out
}
