package service

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
)

func (d *draft) breaker() *ecstypes.DeploymentCircuitBreaker {
	if c := d.s.Deployment.DeploymentCircuitBreaker; c != nil && c.Enable {
		return c
	}
	return nil
}

// count notes a failed task of a rollout.
func (d *draft) count(r *state.Rollout) {
	r.FailedTasks++
	r.UpdatedAt = d.now
	d.monitor(r)
}

// succeeded notes a healthy task of a rollout.
func (d *draft) succeeded(r *state.Rollout) {
	d.clear(complaintThrottle)
	if c := d.breaker(); r.FailedTasks == 0 || c != nil && c.ResetOnHealthyTask != nil && !aws.ToBool(c.ResetOnHealthyTask) {
		return
	}
	r.FailedTasks = 0
	r.UpdatedAt = d.now
	d.monitor(r)
}

// monitor keeps what a service deployment tells of its circuit breaker.
func (d *draft) monitor(r *state.Rollout) {
	dep, ok := d.deps[r.Deployment]
	if !ok || dep.FinishedAt != nil || dep.Breaker.Status != "MONITORING" || r.State != state.RolloutInProgress {
		return
	}
	dep.Breaker.Failures, dep.Breaker.Threshold = r.FailedTasks, int32(state.BreakerThreshold(d.desired(), d.breaker()))
	d.deps[r.Deployment] = dep
}

// trip fails the primary's rollout when too many of its tasks failed, and goes
// back to the last one that completed, if that is wanted and there is one.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
func (d *draft) trip() {
	p, c := d.s.Primary(), d.breaker()
	if p == nil || c == nil || p.State != state.RolloutInProgress || int(p.FailedTasks) < state.BreakerThreshold(d.desired(), c) {
		return
	}
	id := state.RolloutID(p.Revision)
	p.State, p.Reason, p.UpdatedAt = state.RolloutFailed, "ECS deployment circuit breaker: tasks failed to start.", d.now
	d.tell("(deployment %s) deployment failed: tasks failed to start.", id)
	d.fact(Fact{Type: "ERROR", Name: "SERVICE_DEPLOYMENT_FAILED", Deployment: id, Reason: "ECS deployment circuit breaker: task failed to start."})
	dep, ok := d.deps[p.Deployment]
	again := ok && dep.RollbackAt != nil // this was the way back
	if ok {
		if dep.Breaker.Status == "MONITORING" {
			dep.Breaker.Status = "TRIGGERED"
		}
		unwatch(&dep)
		d.deps[p.Deployment] = dep
	}
	if c.Rollback && !again && d.rollback(p, p.Reason, "ECS deployment circuit breaker: ") {
		return
	}
	if ok {
		dep.Status, dep.StatusReason, dep.FinishedAt, dep.StoppedAt = "STOPPED", p.Reason, &d.now, &d.now
		if again {
			dep.Status = "ROLLBACK_FAILED"
		}
		d.deps[p.Deployment] = dep
	}
}

// abandon ends the deployments of a service that is gone.
func (d *draft) abandon() {
	for id, dep := range d.deps {
		if dep.FinishedAt == nil {
			dep.Status, dep.StatusReason, dep.StoppedAt, dep.FinishedAt = "STOPPED", "The service was deleted.", &d.now, &d.now
			d.deps[id] = dep
		}
	}
}
