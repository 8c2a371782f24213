package service

import (
	"slices"

	"github.com/hatoba/hatoba/internal/state"
)

// finish completes the rollout when nothing is left to do, and tells when the
// service is steady.
func (d *draft) finish() {
	if d.s.Status == state.ServiceDraining {
		if !slices.ContainsFunc(d.tasks, func(t *Task) bool { return t.Observed.Status < state.TaskStopping }) {
			d.s.Status, d.s.Progress.InactiveAt = state.ServiceInactive, &d.now
			d.abandon()
		}
		return
	}
	if d.s.Status != state.ServiceActive || d.s.Primary() == nil {
		return
	}
	d.forget()
	p := d.s.Primary()
	if !d.settled() {
		d.s.Progress.SteadyAt = nil
		return
	}
	if p.State == state.RolloutInProgress {
		if d.baking(p) {
			return
		}
		d.complete(p)
	}
	d.clear(complaintLaunch, complaintPlacement, complaintConfiguration, complaintProtection)
	if p.State == state.RolloutCompleted && len(d.s.Rollouts) == 1 {
		d.steady()
	}
}

// settled tells whether all that is wanted runs and is healthy, and nothing
// else is left running.
func (d *draft) settled() bool {
	primary, old := d.split()
	if len(old) > 0 || len(primary) != d.total() || len(d.plan.Launch) > 0 {
		return false
	}
	for _, t := range primary {
		if !d.good(t) {
			return false
		}
	}
	return !slices.ContainsFunc(d.tasks, func(t *Task) bool { return !t.wanted() && t.Observed.Status < state.TaskStopping })
}

// steady tells that the service is where it is to be, again every six hours.
func (d *draft) steady() {
	g := &d.s.Progress
	if g.SteadyAt != nil && g.ToldAt != nil && d.now.Sub(*g.ToldAt) < quiet {
		d.wake(g.ToldAt.Add(quiet))
		return
	}
	if g.SteadyAt == nil {
		g.SteadyAt = &d.now
	}
	g.ToldAt = &d.now
	d.wake(d.now.Add(quiet))
	d.tell("has reached a steady state.")
	d.fact(Fact{Type: "INFO", Name: "SERVICE_STEADY_STATE"})
}

// forget drops rollouts that have nothing left and are not the primary.
func (d *draft) forget() {
	has := map[string]bool{}
	for _, t := range d.tasks {
		if t.wanted() || t.Observed.Status < state.TaskStopping {
			has[t.Spec.Service.Revision] = true
		}
	}
	for _, l := range d.plan.Launch {
		has[l.Revision] = true
	}
	settled := d.settled()
	kept := d.s.Rollouts[:1:1]
	for _, r := range d.s.Rollouts[1:] {
		if has[r.Revision] || !settled && r.Kept > 0 {
			kept = append(kept, r)
		}
	}
	d.s.Rollouts = kept
}
