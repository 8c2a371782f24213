package service

import (
	"maps"
	"reflect"
	"slices"
	"strings"
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
	d.keepPace()
	d.begin()
	d.ended()
	d.drain()
	d.judge()
	d.fixImages()
	d.requests()
	d.trip()
	d.alarmed()
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
		return strings.Compare(a.ID, b.ID)
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
		if inst.Active && inst.Member {
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
			unwatch(&dep)
			d.deps[r.Deployment] = dep
		}
	}
}
