package service

import (
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
)

func (t *Task) wanted() bool  { return t.Desired.Status == state.TaskRunning }
func (t *Task) running() bool { return t.wanted() && t.Observed.Status == state.TaskRunning }

// drained tells that no balancer sends to the task.
func (t *Task) drained() bool {
	for _, target := range t.Targets {
		if target.Known {
			return false
		}
	}
	return true
}

// graced tells whether a bad health is not held against the task yet.
func (d *draft) graced(t *Task) bool {
	grace := time.Duration(0)
	if g := d.s.GracePeriod; g != nil {
		grace = time.Duration(*g) * time.Second
	}
	if grace == 0 || t.Observed.StartedAt == nil {
		return false
	}
	if setBack(*t.Observed.StartedAt, d.now) {
		return false
	}
	end := t.Observed.StartedAt.Add(grace)
	d.wake(end)
	return d.now.Before(end)
}

// sick tells why a task is unhealthy, "" when it is not.
func (d *draft) sick(t *Task) (reason string, group string) {
	if !t.running() {
		return "", ""
	}
	if t.Health == string(ecstypes.HealthStatusUnhealthy) && !d.graced(t) {
		return "container", ""
	}
	for _, target := range t.Targets {
		if target.Known && target.State == "unhealthy" && !d.graced(t) {
			return target.Description, target.Group
		}
	}
	return "", ""
}

// bad tells whether a task is to be replaced: it is unhealthy, or its
// container instance is to be emptied.
func (d *draft) bad(t *Task) bool {
	reason, _ := d.sick(t)
	return reason != "" || d.leaving(t)
}

func (d *draft) leaving(t *Task) bool {
	if t.Placement.ContainerInstance == "" {
		return false
	}
	for _, inst := range d.v.Instances {
		if inst.ARN == t.Placement.ContainerInstance {
			return !inst.Active || !inst.Member
		}
	}
	return true
}

// serving tells whether a task runs and all that is asked about its health
// says that it is.
func (d *draft) serving(t *Task) bool {
	if !t.running() || d.leaving(t) {
		return false
	}
	if t.Health != "" && t.Health != string(ecstypes.HealthStatusHealthy) {
		return false
	}
	for _, target := range t.Targets {
		if !target.Known || target.State != "healthy" {
			return false
		}
	}
	if len(t.Spec.Service.Ports) > 0 && len(t.Targets) < len(t.Spec.Service.Ports) {
		return false
	}
	return true
}

// good tells whether a task counts as healthy.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
func (d *draft) good(t *Task) bool {
	if !d.serving(t) {
		return false
	}
	if t.Health != "" || len(t.Targets) > 0 {
		return true
	}
	if r := d.s.Rollout(t.Spec.Service.Revision); r == nil || r.Proven || t.Observed.StartedAt == nil || setBack(*t.Observed.StartedAt, d.now) {
		return true
	}
	end := t.Observed.StartedAt.Add(proof)
	d.wake(end)
	return !d.now.Before(end)
}
