package service

import (
	"math"
	"slices"

	"github.com/hatoba/hatoba/internal/state"
)

// bounds are how many tasks must stay healthy, and how many there may be.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
func bounds(desired int, minimum, maximum *int32) (lower, upper int) {
	low, high := int32(100), int32(200)
	if minimum != nil {
		low = *minimum
	}
	if maximum != nil {
		high = *maximum
	}
	return int(math.Ceil(float64(desired) * float64(low) / 100)), int(math.Floor(float64(desired) * float64(high) / 100))
}

// counts is what the tasks of one side are.
type counts struct{ all, good, bad int }

func (d *draft) counts(tasks []*Task) (c counts) {
	for _, t := range tasks {
		c.all++
		switch {
		case d.good(t):
			c.good++
		case d.bad(t):
			c.bad++
		}
	}
	return c
}

// replica starts and stops tasks so that the desired count is reached, inside
// the bounds.
func (d *draft) replica() {
	primary, old := d.split()
	desired := d.desired()
	if d.s.Status != state.ServiceActive {
		d.stop(append(primary, old...))
		return
	}
	lower, upper := bounds(desired, d.s.Deployment.MinimumHealthyPercent, d.s.Deployment.MaximumPercent)
	upper = max(upper, desired)
	p, o := d.counts(primary), d.counts(old)
	r := d.s.Primary()
	need := max(0, desired-(p.all-p.bad))
	if r.State == state.RolloutFailed {
		need = 0
	}
	room := max(0, upper-p.all-o.all)
	spare := max(0, p.good+o.good-lower)

	stopped := d.shrinkOld(old, p, o, desired, need, room, lower, upper, &spare)
	stopped += d.shrinkPrimary(primary, p, len(old) > 0, desired, need, room, &spare)
	started := 0
	if stopped == 0 { // what was stopped makes room for the next look, which follows at once
		started = d.grow(r, p, o, need, room, lower)
	}
	d.stuck(started+stopped, need, old)
}

// grow launches what is missing: tasks of the primary, and of an older rollout
// when it lost some that are still needed.
func (d *draft) grow(r *state.Rollout, p, o counts, need, room, lower int) (started int) {
	if n := min(need, room); n > 0 {
		if d.now.Before(r.Backoff.Until) {
			d.wake(r.Backoff.Until)
		} else {
			d.plan.Launch = append(d.plan.Launch, Launch{Revision: r.Revision, N: min(n, atOnce), Unhealthy: min(n, p.bad)})
			room -= n
			started += n
		}
	}
	lost := lower - (o.all - o.bad + p.good)
	for i := range d.s.Rollouts[1:] {
		old := &d.s.Rollouts[i+1]
		have := 0
		for _, t := range d.tasks {
			if t.wanted() && t.Spec.Service.Revision == old.Revision && !d.bad(t) {
				have++
			}
		}
		n := min(lost, room, int(old.Kept)-have)
		if n <= 0 || !d.v.Revisions[old.Revision] {
			continue
		}
		if d.now.Before(old.Backoff.Until) {
			d.wake(old.Backoff.Until)
			continue
		}
		d.plan.Launch = append(d.plan.Launch, Launch{Revision: old.Revision, N: min(n, atOnce)})
		return started + n
	}
	return started
}

// shrinkOld stops tasks of older rollouts: those the primary's healthy tasks
// stand in for, and as many as it takes to make room.
func (d *draft) shrinkOld(old []*Task, p, o counts, desired, need, room, lower, upper int, spare *int) int {
	if len(old) == 0 {
		return 0
	}
	n := len(old) - max(0, desired-p.good)
	n = max(n, p.all+len(old)-upper)
	wanting := need - room
	if d.blocked() {
		wanting = need
	}
	// Those that are still coming count here: what was launched to keep the
	// lower bound is not stopped to make room.
	sound := max(0, o.all-o.bad+p.good-lower)
	stop := d.choose(old, max(n, wanting), sound, spare)
	for _, t := range old { // what never came to work is in the way
		if r := d.s.Rollout(t.Spec.Service.Revision); (r == nil || r.Kept == 0) && !d.serving(t) && !d.protected(t) && !slices.Contains(stop, t) {
			stop = append(stop, t)
		}
	}
	return d.stop(stop)
}

// shrinkPrimary scales in, and stops unhealthy tasks that are replaced, or
// that are in the way of their replacement.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html
func (d *draft) shrinkPrimary(primary []*Task, p counts, rolling bool, desired, need, room int, spare *int) int {
	waiting := p.all - p.good - p.bad
	n := 0
	switch {
	case p.all-p.bad > desired:
		n = p.all - desired
	case p.bad > 0 && p.good >= desired:
		n = p.bad
	case p.bad > 0 && waiting == 0 && p.all > desired:
		n = min(p.bad, p.all-desired)
	case p.bad > 0 && waiting == 0 && need > 0 && room == 0 && !rolling:
		n = 1
	case p.bad > 0 && waiting == 0 && need > 0 && d.blocked():
		n = 1
	}
	return d.stop(d.choose(primary, n, max(0, p.all-p.bad-desired), spare))
}

// stuck tells when the bounds let nothing happen.
func (d *draft) stuck(moves, need int, old []*Task) {
	r := d.s.Primary()
	if moves > 0 || len(old) == 0 || need == 0 || r.State == state.RolloutFailed || d.blocked() || d.now.Before(r.Backoff.Until) {
		if moves > 0 {
			d.clear(complaintConfiguration)
		}
		return
	}
	for _, t := range d.tasks { // something is on its way
		if t.wanted() && !d.good(t) || !t.wanted() && t.Observed.Status < state.TaskStopping {
			return
		}
		if t.wanted() && d.protected(t) {
			return
		}
	}
	d.complain(complaintConfiguration, "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.")
}
