package agent

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// history is the part of a task's history that is not durable elsewhere yet.
type history struct {
	Last    int64            // sequence number of the latest event
	Count   int              // of all events
	Status  state.TaskStatus // the last one told
	Pending []state.TaskEvent
}

// Bounds of a history. Health may change for as long as a task lives.
const (
	maxEvents  = 10_000 // of one task; then only states are told
	maxHealth  = 1_000  // then health is not
	maxPending = 512    // while nobody takes them
	gather     = 250 * time.Millisecond
	lastShip   = 10 * time.Second // a finished task waits no longer for its history to be taken
)

// note adds to the task's history. data is names and values in turns. Numbers
// follow the clock, so that one that a crash forgot is not given again.
func (w *worker) note(kind, container, text string, data ...string) {
	w.noteAt(time.Now(), kind, container, text, data...)
}

func (w *worker) noteAt(at time.Time, kind, container, text string, data ...string) {
	h := &w.rec.History
	if h.Count >= maxEvents && kind != state.EventStatus || h.Count >= maxHealth && kind == state.EventHealth {
		return
	}
	h.Count++
	h.Last = max(h.Last+1, time.Now().UnixMicro())
	e := state.TaskEvent{Seq: h.Last, At: at.UTC().Truncate(time.Millisecond), Type: kind, Container: container, Text: text}
	for i := 0; i+1 < len(data); i += 2 {
		if data[i+1] == "" {
			continue
		}
		if e.Data == nil {
			e.Data = map[string]string{}
		}
		e.Data[data[i]] = data[i+1]
	}
	if len(h.Pending) >= maxPending {
		h.Pending = h.Pending[1:]
	}
	h.Pending = append(h.Pending, e)
}

// shipHistory hands pending events up, a short while after the first, and keeps
// them until they are durable.
func (w *worker) shipHistory(ctx context.Context) {
	if w.shipping || w.gone || len(w.rec.History.Pending) == 0 {
		return
	}
	w.shipping = true
	wait := gather
	if w.stage == finished {
		wait = 0
	}
	w.spawn(func() func() {
		if !pause(ctx, wait) {
			return nil
		}
		return func() { w.shipNow(ctx) }
	})
}

func (w *worker) shipNow(ctx context.Context) {
	events := append([]state.TaskEvent(nil), w.rec.History.Pending...)
	w.spawn(func() func() {
		bounded, cancel := context.WithTimeout(ctx, lastShip)
		defer cancel()
		err := w.a.link.call(bounded, func(s protocol.Session) error { return s.RecordHistory(bounded, w.key, events) })
		if ctx.Err() != nil {
			return nil
		}
		return func() {
			w.shipping = false
			if err != nil {
				w.log.Warn("the task's history could not be handed on", "error", err)
			}
			if err == nil || w.stage == finished {
				w.rec.History.forget(events)
			}
		}
	})
}

// forget drops events that are done with.
func (h *history) forget(events []state.TaskEvent) {
	last := events[len(events)-1].Seq
	for len(h.Pending) > 0 && h.Pending[0].Seq <= last {
		h.Pending = h.Pending[1:]
	}
}

// noteArrival begins the history, or goes on with it after a restart of ours.
func (w *worker) noteArrival() {
	task := w.rec.Assignment.Task
	if w.rec.History.Count > 0 {
		if w.rec.Observed.Status < state.TaskStopped {
			w.note(state.EventTakenUp, "", "Hatoba was restarted and goes on with the task")
		}
		return
	}
	w.noteAt(task.CreatedAt, state.EventPlaced, "",
		fmt.Sprintf("%s:%d is placed on node %s, in subnet %s", task.Spec.Family, task.Spec.Revision, task.Placement.Node, task.Placement.SubnetID),
		"node", task.Placement.Node, "subnet", task.Placement.SubnetID, "group", task.Spec.Group, "startedBy", task.Spec.StartedBy)
	w.rec.History.Status = state.TaskProvisioning
	w.noteAt(task.CreatedAt, state.EventStatus, "", "PROVISIONING: its network is made", "status", state.TaskProvisioning.String())
}

// steps tells why a task enters a state.
var steps = []struct {
	status state.TaskStatus
	why    string
}{
	{state.TaskPending, "its network stands; images, secrets and containers are prepared"},
	{state.TaskActivating, "every container is up; nothing is left to register"},
	{state.TaskRunning, "every container is up"},
	{state.TaskDeactivating, "it takes no part in anything any more"},
	{state.TaskStopping, "its containers are stopped"},
	{state.TaskDeprovisioning, "its containers have ended; last lines are stored, then containers and network are removed"},
	{state.TaskStopped, "nothing of it is left on the node"},
}

// noteStatus tells of every state up to one, also of those that take no time
// here. One that never ran was neither activated nor deactivated.
func (w *worker) noteStatus(after state.TaskStatus) {
	before := w.rec.History.Status
	w.rec.History.Status = max(before, after)
	for _, s := range steps {
		ran := w.rec.Observed.StartedAt != nil
		if s.status <= before || s.status > after || !ran && s.status > state.TaskPending && s.status < state.TaskStopping {
			continue
		}
		if s.status == state.TaskPending && !w.rec.attached() {
			continue // it ended before it had a network
		}
		w.note(state.EventStatus, "", s.status.String()+": "+s.why, "status", s.status.String())
	}
}

// noteEnd tells why the task is to stop.
func (w *worker) noteEnd(why *cause) {
	at, code, reason := time.Now(), "", "the control plane has forgotten the task"
	switch d := w.rec.Assignment.Task.Desired; {
	case why != nil:
		code, reason = why.Code, why.Reason
	case d.StopCode != "":
		code, reason = d.StopCode, d.StoppedReason
		if !d.At.IsZero() {
			at = d.At
		}
	}
	w.noteAt(at, state.EventEnds, "", reason, "stopCode", code)
}

// endReason is why the task stops, in a few words.
func (w *worker) endReason() string {
	if w.rec.Cause != nil {
		return w.rec.Cause.Reason
	}
	return w.rec.Assignment.Task.Desired.StoppedReason
}

// noteExit tells how a container's process ended.
func (w *worker) noteExit(v *containerView) {
	ran := v.endedAt.Sub(v.startedAt).Round(time.Millisecond)
	if v.exitCode == nil {
		w.note(state.EventExited, v.plan.Name, v.failure)
		return
	}
	text := fmt.Sprintf("ended with exit code %d after %s", *v.exitCode, ran)
	switch {
	case v.failure != "":
		text += ": " + v.failure
	case v.killed:
		text += ": killed, it had not ended by itself"
	case *v.exitCode > 128 && *v.exitCode < 128+65:
		text += fmt.Sprintf(": by signal %d", *v.exitCode-128)
	}
	w.noteAt(v.endedAt, state.EventExited, v.plan.Name, text, "exitCode", strconv.Itoa(int(*v.exitCode)), "ran", ran.String())
}

// notePullRetry tells what stood in the way of a pull; safe from any goroutine.
func (w *worker) notePullRetry(container, ref string, wait time.Duration, err error) {
	text := errorText(err)
	var r *protocol.Refusal
	if errors.As(err, &r) {
		text = r.Reason
	}
	w.post(func() {
		w.note(state.EventPullRetry, container, fmt.Sprintf("image %s could not be pulled, again in %s: %s", ref, wait.Round(time.Millisecond), text), "image", ref)
	})
}

// notePulled tells of an image that is present; safe from any goroutine.
func (w *worker) notePulled(ref string, image runtime.Image, took time.Duration) {
	text, spent := "image "+ref+" was pulled", took.Round(time.Millisecond).String()
	if image.Present {
		text = "image " + ref + " was present"
	}
	bytes := ""
	if image.Size > 0 {
		text, bytes = text+", "+size(image.Size), strconv.FormatInt(image.Size, 10)
	}
	w.post(func() {
		w.note(state.EventPulled, "", text+", in "+spent, "image", ref, "digest", image.Digest, "bytes", bytes, "took", spent)
	})
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}
