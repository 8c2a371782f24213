package service

import (
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// complete ends the primary's rollout well.
func (d *draft) complete(p *state.Rollout) {
	id := state.RolloutID(p.Revision)
	p.State, p.Reason, p.UpdatedAt = state.RolloutCompleted, "ECS deployment "+id+" completed.", d.now
	d.s.LastCompleted = p.Revision
	d.tell("(deployment %s) deployment completed.", id)
	d.fact(Fact{Type: "INFO", Name: "SERVICE_DEPLOYMENT_COMPLETED", Deployment: id, Reason: p.Reason})
	dep, ok := d.deps[p.Deployment]
	if !ok || dep.FinishedAt != nil {
		return
	}
	dep.Status, dep.FinishedAt = "SUCCESSFUL", &d.now
	if dep.RollbackAt != nil {
		dep.Status = "ROLLBACK_SUCCESSFUL"
	}
	unwatch(&dep)
	d.deps[p.Deployment] = dep
}

// requests carries out what StopServiceDeployment asked for.
func (d *draft) requests() {
	p := d.s.Primary()
	if p == nil || p.State != state.RolloutInProgress {
		return
	}
	dep, ok := d.deps[p.Deployment]
	if !ok {
		return
	}
	switch dep.Status {
	case "ROLLBACK_REQUESTED":
		d.rollback(p, "Service deployment rolled back by user request.", "ECS deployment stopped by user request: ")
	case "STOP_REQUESTED":
		p.State, p.Reason, p.UpdatedAt = state.RolloutFailed, "ECS deployment "+state.RolloutID(p.Revision)+" was stopped.", d.now
		dep.Status, dep.StoppedAt, dep.FinishedAt = "STOPPED", &d.now, &d.now
		d.deps[p.Deployment] = dep
	}
}

// rollback makes the last completed revision the primary again; false when
// there is none. why is for the service deployment, who begins the rollout's
// reason.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
func (d *draft) rollback(p *state.Rollout, why, who string) bool {
	to := d.s.LastCompleted
	if to == "" || to == p.Revision || !d.v.Revisions[to] {
		return false
	}
	failed := *p
	if failed.State == state.RolloutInProgress {
		failed.State, failed.Reason, failed.UpdatedAt = state.RolloutFailed, "ECS deployment "+state.RolloutID(p.Revision)+" was stopped.", d.now
	}
	failed.Kept = 0
	back := state.Rollout{Revision: to, CreatedAt: d.now}
	if r := d.s.Rollout(to); r != nil {
		back = *r
	}
	back.Deployment, back.UpdatedAt, back.Kept = failed.Deployment, d.now, 0
	back.State, back.FailedTasks, back.Backoff = state.RolloutInProgress, 0, state.Backoff{}
	back.Reason = who + "rolling back to deploymentId " + state.RolloutID(to) + "."
	others := slices.DeleteFunc(slices.Clone(d.s.Rollouts[1:]), func(r state.Rollout) bool { return r.Revision == to })
	d.s.Rollouts = append([]state.Rollout{back, failed}, others...)
	if dep, ok := d.deps[failed.Deployment]; ok {
		if dep.BakeUntil = nil; dep.Alarms.Status == "MONITORING" {
			dep.Alarms.Status = "MONITORING_COMPLETE"
		}
		dep.Status, dep.RollbackTo, dep.RollbackAt, dep.RollbackWhy = "ROLLBACK_IN_PROGRESS", to, &d.now, why
		d.deps[failed.Deployment] = dep
	}
	d.tell("rolling back to deployment %s.", state.RolloutID(to))
	d.fact(Fact{Type: "INFO", Name: "SERVICE_DEPLOYMENT_IN_PROGRESS", Deployment: state.RolloutID(to), Reason: back.Reason})
	return true
}

// setBack tells whether a time that has passed lies ahead, because the wall
// clock was set back since. Nodes' clocks may differ by a minute.
func setBack(at, now time.Time) bool { return at.After(now.Add(time.Minute)) }

// keepPace has waits begin anew that were counted from a time which now lies
// ahead.
func (d *draft) keepPace() {
	for i := range d.s.Rollouts {
		if b := &d.s.Rollouts[i].Backoff; setBack(b.Since, d.now) {
			b.Since, b.Until = d.now, d.now.Add(backoff(b.Steps))
		}
	}
}

// failed counts a task that ended by itself before it ever was healthy.
func (d *draft) failed(t *Task) {
	r := d.s.Rollout(t.Spec.Service.Revision)
	if r == nil {
		return
	}
	d.count(r)
	if t.CreatedAt.Before(r.Backoff.Since) {
		return // one of those that were launched together
	}
	r.Backoff.Steps++
	r.Backoff.Since = d.now
	r.Backoff.Until = d.now.Add(backoff(r.Backoff.Steps))
	if r.Backoff.Steps >= 3 && d.complain(complaintThrottle, "is unable to consistently start tasks successfully.") {
		d.fact(Fact{Type: "WARN", Name: "SERVICE_TASK_START_IMPAIRED"})
	}
}

// backoff is how long nothing is launched after so many launches in a row that
// came to nothing: nothing after the first, then 1, 2, 4 seconds and so on.
func backoff(steps int) time.Duration {
	if steps <= 1 {
		return 0
	}
	return min(longestBackoff, time.Second<<min(steps-2, 20))
}
