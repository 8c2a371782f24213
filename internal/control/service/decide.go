package service

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// Decide tells what is to be done about a service now. It is pure; what it is
// given stays as it is.
func Decide(now time.Time, v View) Plan {
	d := open(now, v)
	if at := v.Service.Progress.InactiveAt; v.Service.Status == state.ServiceInactive && at != nil {
		d.wake(at.Add(keepInactive))
		d.plan.Remove = !now.Before(at.Add(keepInactive))
		return d.close()
	}
	d.begin()
	d.ended()
	d.drain()
	d.judge()
	d.fixImages()
	d.requests()
	d.trip()
	if v.Service.Strategy == "DAEMON" && d.s.Status == state.ServiceActive {
		d.daemon()
	} else {
		d.replica()
	}
	d.register() // of those that are still wanted
	d.finish()
	return d.close()
}

func open(now time.Time, v View) *draft {
	s := v.Service
	s.Rollouts = slices.Clone(s.Rollouts)
	s.Progress.Told = maps.Clone(s.Progress.Told)
	d := &draft{now: now, v: v, s: &s, dirty: map[string]bool{}, deps: maps.Clone(v.Deployments), plan: Plan{}}
	for _, t := range v.Tasks {
		d.tasks = append(d.tasks, &t)
	}
	slices.SortFunc(d.tasks, func(a, b *Task) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return compare(a.ID, b.ID)
	})
	return d
}

func (d *draft) close() Plan {
	d.plan.Service = *d.s
	for i := range d.plan.Launch {
		l := &d.plan.Launch[i]
		l.Zones, l.Providers = map[string]int{}, map[string]int{}
		for _, t := range d.tasks {
			if t.wanted() {
				l.Zones[t.Placement.AvailabilityZone]++
				l.Providers[t.Spec.CapacityProviderName]++
			} else if t.Observed.Status < state.TaskStopped {
				l.Leaving = true
			}
		}
	}
	d.plan.Changed = !reflect.DeepEqual(*d.s, d.v.Service)
	for _, t := range d.tasks {
		if d.dirty[t.ID] {
			d.plan.Tasks = append(d.plan.Tasks, t.Task)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.deps)) {
		if dep := d.deps[id]; !reflect.DeepEqual(dep, d.v.Deployments[id]) {
			dep.UpdatedAt = d.now
			d.plan.Deployments = append(d.plan.Deployments, dep)
		}
	}
	return d.plan
}

// desired is how many tasks there are to be.
func (d *draft) desired() int {
	if d.s.Status != state.ServiceActive {
		return 0
	}
	return int(d.s.DesiredCount)
}

// total is how many tasks there are when nothing is missing.
func (d *draft) total() int {
	if d.s.Strategy != "DAEMON" || d.s.Status != state.ServiceActive {
		return d.desired()
	}
	n := 0
	for _, inst := range d.v.Instances {
		if inst.Active {
			n++
		}
	}
	return n
}

// split gives the tasks of the primary rollout that are wanted, and those of others.
func (d *draft) split() (primary, old []*Task) {
	p := d.s.Primary()
	for _, t := range d.tasks {
		switch {
		case !t.wanted():
		case p != nil && t.Spec.Service.Revision == p.Revision:
			primary = append(primary, t)
		default:
			old = append(old, t)
		}
	}
	return primary, old
}

// begin takes up what an operation asked for.
func (d *draft) begin() {
	p := d.s.Primary()
	if p == nil {
		return
	}
	if dep, ok := d.deps[p.Deployment]; ok && dep.Status == "PENDING" {
		dep.Status, dep.StartedAt = "IN_PROGRESS", &d.now
		d.deps[p.Deployment] = dep
		d.fact(Fact{Type: "INFO", Name: "SERVICE_DEPLOYMENT_IN_PROGRESS", Deployment: state.RolloutID(p.Revision), Reason: p.Reason})
	}
	for _, r := range d.s.Rollouts[1:] {
		if r.Deployment == p.Deployment {
			continue
		}
		if dep, ok := d.deps[r.Deployment]; ok && dep.FinishedAt == nil {
			dep.Status, dep.StoppedAt, dep.FinishedAt = "STOPPED", &d.now, &d.now
			dep.StatusReason = "The service deployment was stopped because a new one was started."
			if dep.Breaker.Status == "MONITORING" {
				dep.Breaker.Status = "MONITORING_COMPLETE"
			}
			d.deps[r.Deployment] = dep
		}
	}
}

// ended counts what the ends of tasks mean, and tells the stops that were the
// scheduler's, when no balancer holds them back any more.
func (d *draft) ended() {
	var stopped []*Task
	for _, t := range d.tasks {
		if t.wanted() {
			continue
		}
		if !t.Schedule.Ended {
			t.Schedule.Ended = true
			d.dirty[t.ID] = true
			if t.Desired.StopCode == "" {
				d.note("task %s ended by itself: %s", t.ID, t.Observed.StoppedReason)
				if t.Observed.StopCode != "TerminationNotice" && !t.Schedule.Healthy {
					d.failed(t)
				}
			}
		}
		if t.Desired.StopCode == stopCode && !t.Schedule.Released && t.drained() {
			t.Schedule.Released = true
			d.dirty[t.ID] = true
			stopped = append(stopped, t)
		}
	}
	d.tellTasks("has stopped %d running tasks: %s.", stopped)
	if len(stopped) > 0 {
		d.fact(Fact{Type: "INFO", Name: "TASKS_STOPPED"})
	}
}

// judge notes which tasks became healthy or were found unhealthy.
func (d *draft) judge() {
	for _, t := range d.tasks {
		if !t.wanted() {
			continue
		}
		r := d.s.Rollout(t.Spec.Service.Revision)
		if !t.Schedule.Healthy && d.good(t) {
			t.Schedule.Healthy = true
			d.dirty[t.ID] = true
			if r != nil {
				r.Proven, r.Backoff = true, state.Backoff{}
				d.succeeded(r)
			}
		}
		if t.Schedule.Unhealthy {
			continue
		}
		if reason, group := d.sick(t); reason != "" {
			t.Schedule.Unhealthy = true
			d.dirty[t.ID] = true
			d.tellSick(t, reason, group)
			if r != nil && r.State == state.RolloutInProgress {
				d.count(r)
			}
		}
	}
}

// fixImages keeps the digests of a revision's first task that runs, so that
// the later ones run the same images.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
func (d *draft) fixImages() {
	for _, t := range d.tasks {
		revision := t.Spec.Service.Revision
		if !t.running() || d.v.Images[revision] || d.plan.Images[revision] != nil || !d.v.Revisions[revision] {
			continue
		}
		images := map[string]string{}
		for _, c := range t.Observed.Containers {
			if c.ImageDigest != "" {
				images[c.Name] = c.ImageDigest
			}
		}
		if len(images) == 0 {
			continue
		}
		if d.plan.Images == nil {
			d.plan.Images = map[string]map[string]string{}
		}
		d.plan.Images[revision] = images
	}
}

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

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
