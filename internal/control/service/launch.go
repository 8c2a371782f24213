package service

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Launcher makes tasks and places them. It is the part of the ECS front door
// that RunTask has in common with services.
type Launcher interface {
	// LaunchForService writes the tasks that have a place, inside the caller's
	// transaction. An error is one of the service's configuration: nothing was
	// written, and its text is for the service's events.
	LaunchForService(w store.Writer, l state.ServiceLaunch) (Launched, error)
	// MembersForService tells which container instances the service's
	// placement constraints, and its definition's, let its tasks be on.
	MembersForService(r store.Reader, scope state.Scope, s state.Service) func(state.ContainerInstance) bool
}

// Launched is what became of a launch.
type Launched = sched.Launched

// told notes what became of a launch. It is pure.
func told(p *Plan, l Launch, out Launched, err error) {
	d := draft{now: out.At, s: &p.Service, plan: *p}
	r := p.Service.Rollout(l.Revision)
	defer func() { p.Events, p.Facts = d.plan.Events, d.plan.Facts }()
	if err != nil {
		why := err.Error()
		var api smithy.APIError
		if errors.As(err, &api) {
			why = api.ErrorMessage()
		}
		if d.complain(complaintLaunch, "failed to launch a task with (error %s).", strings.TrimSuffix(why, ".")) {
			d.fact(Fact{Type: "ERROR", Name: "SERVICE_TASK_CONFIGURATION_FAILURE", Reason: why})
		}
		if r != nil {
			r.FailedTasks++
			r.Backoff.Steps++
			r.Backoff.Since, r.Backoff.Until = d.now, d.now.Add(max(backoff(r.Backoff.Steps), backoff(2)))
			r.UpdatedAt = d.now
			d.wake(r.Backoff.Until)
			p.Wake = d.plan.Wake
		}
		return
	}
	if len(out.Tasks) > 0 {
		d.clear(complaintLaunch)
		p.Service.Progress.SteadyAt = nil
		d.started(out.Tasks, l.Unhealthy)
	}
	if len(out.Refused) == 0 {
		if len(out.Tasks) > 0 {
			d.clear(complaintPlacement)
		}
		return
	}
	if first := out.Refused[0]; !l.Leaving && d.complain(complaintPlacement, "%s", placement(out, first)) {
		d.fact(Fact{Type: "ERROR", Name: "SERVICE_TASK_PLACEMENT_FAILURE", Reason: first.Reason})
	}
}

// started tells which tasks were started, some in place of unhealthy ones.
func (d *draft) started(ids []string, unhealthy int) {
	for len(ids) > 0 {
		n := min(perEvent, len(ids))
		text := "has started " + number(n) + " tasks: " + named(ids[:n]) + "."
		if k := min(unhealthy, n); k > 0 {
			text += "  Amazon ECS replaced " + number(k) + " tasks due to an unhealthy status."
			unhealthy -= k
		}
		d.tell("%s", text)
		ids = ids[n:]
	}
}

// placement says why there is no place, in AWS's words.
func placement(out Launched, r sched.Refused) string {
	if !out.Instances {
		return "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone. (" + r.Reason + ": " + r.Detail + ")"
	}
	const more = " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
	if out.Closest == "" {
		return "was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster." + more
	}
	what := map[string]string{
		"RESOURCE:CPU": "has insufficient CPU units available", "RESOURCE:MEMORY": "has insufficient memory available",
		"RESOURCE:PORTS": "is already using a port required by your task", "AGENT": `encountered error "AGENT"`,
	}[r.Reason]
	if what == "" {
		what = "does not meet them (" + r.Reason + ": " + r.Detail + ")"
	}
	return "was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance " + out.Closest + ") " + what + "." + more
}
