package scaling

import (
	"fmt"
	"maps"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/state"
)

// draft is a decision in the making.
type draft struct {
	now  time.Time
	v    View
	plan Plan
}

// Decide tells what to do about a target now. The same view at the same time
// gives the same plan.
func Decide(now time.Time, v View) Plan {
	d := &draft{now: now, v: v, plan: Plan{Min: v.Target.Min, Max: v.Target.Max, Desired: v.Service.Desired, Progress: v.Target.Progress}}
	d.plan.Progress.Acted = maps.Clone(v.Target.Progress.Acted)
	d.finish()
	d.runScheduled()
	if d.plan.Progress.Bounds != v.Target.Bounds || d.plan.Min != v.Target.Min || d.plan.Max != v.Target.Max {
		d.bring()
	}
	d.forgetAlarms()
	d.answerAlarms()
	return d.plan
}

// Changes tells whether a plan writes anything.
func (p Plan) Changes(v View) bool {
	before := v.Target.Progress
	if len(before.Acted) == 0 && len(p.Progress.Acted) == 0 {
		before.Acted, p.Progress.Acted = nil, nil
	}
	return p.Desired != v.Service.Desired || p.Min != v.Target.Min || p.Max != v.Target.Max || len(p.Ran) > 0 || p.Finished != nil ||
		len(p.Activities) > 0 || len(p.Events) > 0 || !reflect.DeepEqual(before, p.Progress)
}

// finish ends the pending activity when its capacity runs, when somebody else
// changed it, or when it takes too long.
func (d *draft) finish() {
	if d.v.Pending == nil {
		d.plan.Progress.Pending = ""
		return
	}
	a := *d.v.Pending
	running := d.v.Service.Running
	switch late := minTime(a.StartTime, d.now).Add(patience); {
	case d.v.Service.Desired != a.To:
		d.end(a, types.ScalingActivityStatusCodeOverridden, fmt.Sprintf("Successfully set desired count to %d. Found it was later changed to %d.", a.To, d.v.Service.Desired))
	case running == a.To, running > a.To && d.v.Service.Deploying:
		d.end(a, types.ScalingActivityStatusCodeSuccessful, fmt.Sprintf("Successfully set desired count to %d. Change successfully fulfilled by ecs.", a.To))
	case !d.now.Before(late):
		d.end(a, types.ScalingActivityStatusCodeUnfulfilled, fmt.Sprintf("Successfully set desired count to %d. Change has not been fulfilled by ecs.", a.To))
	default:
		d.plan.wakeAt(late)
	}
}

func (d *draft) end(a state.ScalingActivity, status types.ScalingActivityStatusCode, message string) {
	a.Status, a.Message, a.EndTime = status, message, aws.Time(d.now)
	d.plan.Finished, d.plan.Progress.Pending = &a, ""
	for _, s := range []**state.Scaled{&d.plan.Progress.Out, &d.plan.Progress.In} {
		if *s != nil && (*s).EndAt == nil {
			done := **s
			done.EndAt = aws.Time(d.now)
			*s = &done
		}
	}
	if status != types.ScalingActivityStatusCodeOverridden {
		d.tell(a)
	}
}

// tell writes an activity into the service's events.
func (d *draft) tell(a state.ScalingActivity) {
	d.plan.Events = append(d.plan.Events, "Message: "+a.Message+" Cause: "+a.Cause)
}

// set changes the desired count. A change that is still under way is overridden.
func (d *draft) set(to int32, cause string) {
	if p := d.v.Pending; p != nil && d.plan.Finished == nil {
		d.end(*p, types.ScalingActivityStatusCodeOverridden, fmt.Sprintf("Successfully set desired count to %d. Found it was later changed to %d.", p.To, to))
	}
	a := state.ScalingActivity{
		ResourceID: d.v.Target.ResourceID, Description: fmt.Sprintf("Setting desired count to %d.", to), Cause: cause, StartTime: d.now,
		Status: types.ScalingActivityStatusCodeInProgress, Message: fmt.Sprintf("Successfully set desired count to %d. Waiting for change to be fulfilled by ecs.", to),
		From: d.plan.Desired, To: to,
	}
	if d.plan.Began { // in the same decision: what it began is not even under way
		earlier := &d.plan.Activities[len(d.plan.Activities)-1]
		earlier.Status, earlier.EndTime = types.ScalingActivityStatusCodeOverridden, aws.Time(d.now)
		earlier.Message = fmt.Sprintf("Successfully set desired count to %d. Found it was later changed to %d.", earlier.To, to)
	}
	d.plan.Desired, d.plan.Began, d.plan.Progress.Told = to, true, ""
	d.plan.Activities = append(d.plan.Activities, a)
	d.plan.wakeAt(d.now.Add(patience))
	d.tell(a)
}

// bring brings the desired count between bounds that changed.
func (d *draft) bring() {
	d.plan.Progress.Bounds = d.v.Target.Bounds
	switch {
	case d.plan.Desired < d.plan.Min:
		d.set(d.plan.Min, fmt.Sprintf("minimum capacity was set to %d", d.plan.Min))
	case d.plan.Desired > d.plan.Max:
		d.set(d.plan.Max, fmt.Sprintf("maximum capacity was set to %d", d.plan.Max))
	}
}
