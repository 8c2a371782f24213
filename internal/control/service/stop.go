package service

import (
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// stopCode is AWS's for a stop by the scheduler.
const stopCode = "ServiceSchedulerInitiated"

// blocked tells whether the last launch found no place.
func (d *draft) blocked() bool {
	_, told := d.s.Progress.Told[complaintPlacement]
	return told
}

func (d *draft) protected(t *Task) bool {
	if !t.Protected.Until.After(d.now) || d.s.Status != state.ServiceActive {
		return false
	}
	d.wake(t.Protected.Until)
	return true
}

// choose picks n tasks to stop: unhealthy ones first, then those not there
// yet, then those where there are most. At most sound of them are not
// unhealthy, healthy ones are taken as long as some can be spared, protected
// ones never.
func (d *draft) choose(tasks []*Task, n, sound int, spare *int) (out []*Task) {
	if n <= 0 {
		return nil
	}
	crowd := map[string]int{}
	for _, t := range tasks {
		crowd[t.Placement.AvailabilityZone]++
	}
	class := func(t *Task) int {
		switch {
		case d.bad(t):
			return 0
		case !d.serving(t):
			return 1
		}
		return 2
	}
	left, held := slices.Clone(tasks), 0
	for len(out) < n && len(left) > 0 {
		best := slices.MinFunc(left, func(a, b *Task) int {
			if c := class(a) - class(b); c != 0 {
				return c
			}
			if c := crowd[b.Placement.AvailabilityZone] - crowd[a.Placement.AvailabilityZone]; c != 0 {
				return c
			}
			if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
				return c
			}
			return strings.Compare(b.ID, a.ID)
		})
		left = slices.DeleteFunc(left, func(t *Task) bool { return t == best })
		if d.protected(best) {
			held++
			continue
		}
		if class(best) > 0 {
			if sound == 0 {
				break
			}
			sound--
		}
		if class(best) == 2 {
			if *spare == 0 {
				break
			}
			*spare--
		}
		crowd[best.Placement.AvailabilityZone]--
		out = append(out, best)
	}
	if held > 0 && len(out) < n {
		d.complain(complaintProtection, "was unable to reach steady state because task set (%s) was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks.",
			state.RolloutID(tasks[0].Spec.Service.Revision))
	}
	return out
}

// stop wants tasks stopped.
func (d *draft) stop(tasks []*Task) int {
	tasks = tasks[:min(len(tasks), atOnce)]
	for _, t := range tasks {
		t.Desired = state.Desired{Status: state.TaskStopped, StopCode: stopCode, StoppedReason: d.stopReason(t), At: d.now}
		t.Schedule.Ended = true
		t.Version++
		d.dirty[t.ID] = true
	}
	if len(tasks) > 0 {
		d.drain()
		d.ended()
	}
	return len(tasks)
}

// stopReason is AWS's for a task the scheduler stops.
func (d *draft) stopReason(t *Task) string {
	reason, group := d.sick(t)
	switch {
	case group != "":
		return "Task failed ELB health checks in (target-group " + d.groupARN(group) + ")"
	case reason != "":
		return "Task failed container health checks"
	}
	return "Scaling activity initiated by (deployment " + state.RolloutID(t.Spec.Service.Revision) + ")"
}
