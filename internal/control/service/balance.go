package service

import (
	"maps"
	"slices"

	"github.com/hatoba/hatoba/internal/state"
)

// register registers the targets of tasks that run.
func (d *draft) register() {
	byGroup := map[string]int{}
	for _, t := range d.tasks {
		if !t.running() || t.Schedule.Registered || len(t.Spec.Service.Ports) == 0 || len(t.Targets) < len(t.Spec.Service.Ports) {
			continue
		}
		t.Schedule.Registered = true
		d.dirty[t.ID] = true
		for _, target := range t.Targets {
			if !d.v.Groups[target.Group] {
				d.tell("task set (%s) (task %s) is not healthy in (target-group %s) due to TARGET GROUP IS NOT FOUND",
					state.RolloutID(t.Spec.Service.Revision), t.ID, d.groupARN(target.Group))
				continue
			}
			d.plan.Register = append(d.plan.Register, Registration{TargetPlace: target.TargetPlace, Task: t.ID})
			byGroup[target.Group]++
		}
	}
	for _, g := range sorted(byGroup) {
		d.tell("registered %d targets in (target-group %s)", byGroup[g], d.groupARN(g))
	}
}

// drain deregisters the targets of tasks that are wanted no more. Their stop
// is held back from the node until nothing of them is left.
func (d *draft) drain() {
	byGroup, byRevision := map[string]int{}, map[string]int{}
	for _, t := range d.tasks {
		if t.wanted() || t.Schedule.Draining {
			continue
		}
		any := false
		for _, target := range t.Targets {
			if !target.Known || target.Since != nil {
				continue
			}
			d.plan.Drain = append(d.plan.Drain, target.ID())
			byGroup[target.Group]++
			any = true
		}
		if any {
			t.Schedule.Draining = true
			d.dirty[t.ID] = true
			byRevision[t.Spec.Service.Revision]++
		}
	}
	for _, r := range sorted(byRevision) {
		d.plan.Events = append(d.plan.Events, "(service "+d.s.Name+", taskSet "+state.RolloutID(r)+") has begun draining connections on "+number(byRevision[r])+" tasks.")
	}
	for _, g := range sorted(byGroup) {
		d.tell("deregistered %d targets in (target-group %s)", byGroup[g], d.groupARN(g))
	}
}

// groupARN is a target group's ARN by its store id.
func (d *draft) groupARN(id string) string {
	return d.v.Scope.ARN("elasticloadbalancing", "targetgroup/"+id)
}

func sorted(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
