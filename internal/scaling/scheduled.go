package scaling

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/schedule"
	"github.com/hatoba/hatoba/internal/state"
)

// due is a scheduled action and when it was due.
type due struct {
	action state.ScheduledScaling
	at     time.Time
}

// runScheduled does the scheduled actions that are due, in their order. What was
// due several times, because nobody was here, is done once.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html
func (d *draft) runScheduled() {
	var list []due
	for _, a := range d.v.Actions {
		last, next := When(a, d.now)
		d.plan.wakeAt(next)
		if !last.IsZero() {
			list = append(list, due{a, last})
		}
	}
	slices.SortStableFunc(list, func(a, b due) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.action.Name, b.action.Name)
	})
	for _, x := range list {
		if d.plan.Ran == nil {
			d.plan.Ran = map[string]time.Time{}
		}
		d.plan.Ran[x.action.Name] = x.at
		if !aws.ToBool(d.v.Target.Suspended.ScheduledScalingSuspended) {
			d.rebound(x.action)
		}
	}
}

// rebound takes over the bounds of a scheduled action.
func (d *draft) rebound(action state.ScheduledScaling) {
	low, high, what := d.plan.Min, d.plan.Max, ""
	if action.Min != nil {
		low, what = *action.Min, fmt.Sprintf("min capacity to %d", *action.Min)
	}
	if action.Max != nil {
		if what != "" {
			what += " and "
		}
		high, what = *action.Max, what+fmt.Sprintf("max capacity to %d", *action.Max)
	}
	a := state.ScalingActivity{
		ResourceID: d.v.Target.ResourceID, Description: "Setting " + what, Cause: "scheduled action name " + action.Name + " was triggered",
		StartTime: d.now, EndTime: aws.Time(d.now), Status: types.ScalingActivityStatusCodeSuccessful, Message: "Successfully set " + what,
	}
	if low > high {
		a.Status, a.Message = types.ScalingActivityStatusCodeFailed, fmt.Sprintf("Failed to set %s. Reason: the minimum capacity %d would be greater than the maximum capacity %d", what, low, high)
	} else {
		d.plan.Min, d.plan.Max = low, high
	}
	d.plan.Activities = append(d.plan.Activities, a)
}

// When tells when a scheduled action was last due and is not done (zero for
// never), and when it is due next (zero for never).
func When(a state.ScheduledScaling, now time.Time) (last, next time.Time) {
	zone, err := time.LoadLocation(a.Timezone)
	if err != nil {
		return
	}
	s, err := schedule.Parse(a.Schedule, zone)
	if err != nil {
		return
	}
	after, anchor := a.UpdatedAt, a.UpdatedAt
	if a.StartTime != nil && a.StartTime.After(after) {
		anchor = *a.StartTime
		after = anchor.Add(-1) // the start itself counts
		if s.Kind() == schedule.Rate && a.RanAt == nil && !now.Before(anchor) {
			last = anchor // a rate begins with its start
		} else if s.Kind() == schedule.Rate && a.RanAt == nil {
			return last, anchor
		}
	}
	if a.RanAt != nil && a.RanAt.After(after) {
		after = *a.RanAt
	}
	at, _ := s.Last(after, anchor, now)
	if !at.IsZero() && (a.EndTime == nil || !at.After(*a.EndTime)) {
		last = at
	}
	next, _ = s.Next(now, anchor)
	if a.StartTime != nil && next.Before(*a.StartTime) && !next.IsZero() {
		next, _ = s.Next(a.StartTime.Add(-1), anchor)
	}
	if a.EndTime != nil && next.After(*a.EndTime) {
		next = time.Time{}
	}
	return last, next
}
