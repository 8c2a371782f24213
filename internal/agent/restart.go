package agent

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/hatoba/hatoba/internal/agent/health"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// again tells whether an ended container's policy starts it once more. It
// follows from how it ended alone, so that it is the same after a restart of
// ours. What the engine could not tell, or could not start, stays ended.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-restart-policy.html
func (c containerView) again() bool {
	return c.phase == ended && c.started && c.exitCode != nil &&
		c.plan.Restart.Restarts(*c.exitCode, c.endedAt.Sub(c.startedAt))
}

// restart begins a container's next life. The intent is on disk before the
// engine is asked: an interrupted one is made good by recovery.
func (w *worker) restart(ctx context.Context, i int) {
	v := &w.views[i]
	rec := w.rec.Containers[v.plan.Name]
	w.log.Info("container is restarted", "container", v.plan.Name, "exit_code", *v.exitCode, "restarts", rec.Restarts+1)
	rec.Restarting, rec.Ended, rec.Failure = true, false, ""
	if err := w.rec.save(w.dir); err != nil {
		w.log.Error("cannot save the task's record", "error", err)
	}
	w.startAgain(ctx, i)
}

// startAgain asks the engine for the next life.
func (w *worker) startAgain(ctx context.Context, i int) {
	v := &w.views[i]
	v.phase, v.exitCode, v.failure, v.health = starting, nil, "", health.Unknown
	plan, material := v.plan, w.material
	w.spawn(func() func() {
		err := error(nil)
		if len(plan.Secrets)+len(plan.EnvironmentFiles) > 0 && material.Environment == nil { // they went with the Hatoba that had them
			err = w.a.link.call(ctx, func(s protocol.Session) (err error) {
				material, err = s.Material(ctx, w.key)
				return err
			})
		}
		if err == nil {
			if err = w.a.cfg.Engine.Restart(ctx, containerID(w.key.ID, plan.Name), secretEnvironment(material, plan)); err != nil {
				err = fmt.Errorf("CannotStartContainerError: %w", err)
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		at := time.Now()
		return func() {
			w.material = material
			if err != nil {
				w.rec.Containers[plan.Name].Restarting = false
				w.fail(i, err.Error())
				return
			}
			w.startedAgain(ctx, i, at)
		}
	})
}

// startedAgain counts a restart that has happened.
func (w *worker) startedAgain(ctx context.Context, i int, at time.Time) {
	rec := w.rec.Containers[w.plans[i].Name]
	rec.Restarting = false
	rec.Restarts++
	w.views[i].restarts = rec.Restarts
	text := fmt.Sprintf("restarted by its policy, for the %d. time", rec.Restarts)
	if rec.ExitCode != nil {
		text += fmt.Sprintf(", after exit code %d", *rec.ExitCode)
	}
	w.noteAt(at, state.EventRestarted, w.plans[i].Name, text, "restarts", strconv.Itoa(rec.Restarts))
	w.started(ctx, i, at)
}

// takeUpRestart goes on with a restart that our own end has interrupted. It
// has happened if the process started later than the one before.
func (w *worker) takeUpRestart(ctx context.Context, i int, c runtime.Status, exists bool) {
	v := &w.views[i]
	rec := w.rec.Containers[v.plan.Name]
	v.started, v.restarts, v.startedAt, v.endedAt = true, rec.Restarts, rec.StartedAt, rec.EndedAt
	switch {
	case exists && c.Phase != runtime.Created && c.StartedAt.After(rec.StartedAt):
		w.startedAgain(ctx, i, c.StartedAt)
	case exists && !w.stopping:
		w.startAgain(ctx, i)
	default:
		v.phase, v.exitCode = ended, rec.ExitCode
		rec.Ended, rec.Restarting = true, false
		w.dirty = true
		w.pumpLogs(i)
		w.finishLogs(i)
	}
}
