package service

import "github.com/hatoba/hatoba/internal/state"

// daemon keeps one task of the primary on each container instance that is
// ACTIVE and meets the placement constraints; elsewhere there is none. An older
// one goes first, as far as the lower bound lets it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html
func (d *draft) daemon() {
	primary, old := d.split()
	low := int32(0)
	if m := d.s.Deployment.MinimumHealthyPercent; m != nil {
		low = *m
	}
	lower, _ := bounds(d.total(), &low, nil)
	p, o := d.counts(primary), d.counts(old)
	spare := max(0, p.good+o.good-lower)
	on := map[string]bool{} // instances with a task that is wanted
	var gone []*Task
	for _, t := range primary {
		if d.bad(t) || on[t.Placement.ContainerInstance] {
			gone = append(gone, t)
		} else {
			on[t.Placement.ContainerInstance] = true
		}
	}
	moved := d.stop(gone)
	r := d.s.Primary()
	if r.State != state.RolloutFailed {
		moved += d.stop(d.choose(old, len(old), len(old), &spare))
	}
	for _, t := range old {
		if t.wanted() {
			on[t.Placement.ContainerInstance] = true
		}
	}
	if moved > 0 || r.State == state.RolloutFailed {
		return
	}
	var ids []string
	for _, inst := range d.v.Instances {
		if inst.Active && inst.Member && !on[inst.ARN] {
			ids = append(ids, inst.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	if d.now.Before(r.Backoff.Until) {
		d.wake(r.Backoff.Until)
		return
	}
	ids = ids[:min(len(ids), atOnce)]
	d.plan.Launch = append(d.plan.Launch, Launch{Revision: r.Revision, N: len(ids), Instances: ids})
}
