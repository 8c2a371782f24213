package scaling

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/state"
)

// called is a policy that an alarm calls now.
type called struct {
	policy Policy
	alarm  Alarm
}

func (c called) cause() string {
	return fmt.Sprintf("monitor alarm %s in state ALARM triggered policy %s", c.alarm.Name, c.policy.Name)
}

// proposal is the desired count that a call would give.
type proposal struct {
	called
	to int32
}

// dueAt is when an alarm calls its policy: when it comes to ALARM and again
// every minute.
func dueAt(now time.Time, v View, a Alarm) time.Time {
	last := v.Target.Progress.Acted[a.Name]
	if t := v.Looked[a.Name]; t.After(last) {
		last = t
	}
	if last.IsZero() || last.Before(a.Since) || last.After(now) {
		return minTime(a.Since, now) // what lies ahead was written before the clock was set back
	}
	return last.Add(repeat)
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// calls are the policies that are called by a time.
func calls(now time.Time, v View) (out []called, next time.Time) {
	for _, p := range v.Policies {
		for _, a := range p.Alarms {
			if !a.InAlarm {
				continue
			}
			at := dueAt(now, v, a)
			if !at.After(now) {
				out = append(out, called{p, a})
				at = now.Add(repeat)
			}
			if next.IsZero() || at.Before(next) {
				next = at
			}
		}
	}
	return out, next
}

// Wanted are the alarms whose values a decision needs now, by name.
func Wanted(now time.Time, v View) []string {
	due, _ := calls(now, v)
	if !slices.ContainsFunc(due, func(c called) bool { return !idle(v, c) }) {
		return nil
	}
	var names []string
	for _, p := range v.Policies {
		for _, a := range p.Alarms {
			if a.InAlarm {
				names = append(names, a.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// idle tells of a call that cannot do anything, whatever the values: to scale in
// what is at its minimum.
func idle(v View, c called) bool {
	return c.policy.Tracking != nil && c.alarm.Low && v.Service.Desired <= v.Target.Min
}

// forgetAlarms drops what is remembered of alarms that left ALARM.
func (d *draft) forgetAlarms() {
	in := map[string]bool{}
	for _, p := range d.v.Policies {
		for _, a := range p.Alarms {
			in[a.Name] = in[a.Name] || a.InAlarm
		}
	}
	maps.DeleteFunc(d.plan.Progress.Acted, func(name string, _ time.Time) bool { return !in[name] })
}

// answerAlarms does what the policies say that alarms call now. Out goes before
// in, and the largest capacity counts.
func (d *draft) answerAlarms() {
	due, next := calls(d.now, d.v)
	d.plan.wakeAt(next)
	var out, in []called
	for _, c := range due {
		d.plan.Looked = append(d.plan.Looked, c.alarm.Name)
		switch d.direction(c) {
		case +1:
			out = append(out, c)
		case -1:
			in = append(in, c)
		}
	}
	if len(out) > 0 {
		d.scaleOut(out)
	} else if len(in) > 0 {
		d.scaleIn(in)
	}
}

// direction is +1 for a call that wants more, -1 for less, 0 for neither.
func (d *draft) direction(c called) int {
	switch {
	case c.policy.Tracking != nil && !c.alarm.Low:
		return +1
	case c.policy.Tracking != nil:
		if aws.ToBool(c.policy.Tracking.DisableScaleIn) {
			return 0
		}
		return -1
	}
	to, ok := d.capacity(c)
	if !ok {
		return 0
	}
	return cmp.Compare(to, d.base(c))
}

// capacity is what a call would have instead of what runs; false where it is
// not known.
func (d *draft) capacity(c called) (int32, bool) {
	if c.policy.Tracking != nil {
		return track(c.policy.Tracking, c.alarm, d.base(c))
	}
	return step(c.policy.Step, c.alarm, d.base(c))
}

// base is the capacity that a call's value is of: what runs. A value that was
// measured before the last change out was fulfilled is that of fewer tasks; to
// take it for all would add the same again.
func (d *draft) base(c called) int32 {
	running := d.v.Service.Running
	if last := d.plan.Progress.Out; last != nil && c.policy.Tracking != nil && !c.alarm.Low && (last.EndAt == nil || c.alarm.At.Before(*last.EndAt)) {
		return min(running, last.From)
	}
	return running
}

// scaleOut takes the largest capacity that is proposed. In a cooldown what was
// added since it began counts as part of what is to be added.
func (d *draft) scaleOut(list []called) {
	if aws.ToBool(d.v.Target.Suspended.DynamicScalingOutSuspended) {
		return
	}
	last := d.plan.Progress.Out
	cooling := last.Cooling(d.now)
	var best proposal
	for _, c := range list {
		to, ok := d.capacity(c)
		if !ok {
			continue
		}
		if cooling && !exact(c.policy) {
			to = last.From + to - d.base(c)
		}
		if best.to < to {
			best = proposal{c, to}
		}
	}
	switch {
	case best.to == 0: // no values
	case d.plan.Desired >= d.plan.Max:
		d.refrain(best.called, types.NotScaledReason{Code: aws.String("AlreadyAtMaxCapacity"), MaxCapacity: aws.Int32(d.plan.Max), CurrentCapacity: aws.Int32(d.plan.Desired)})
	case best.to <= d.plan.Desired && cooling:
	case best.to <= d.plan.Desired && d.plan.Desired >= d.plan.Min:
		d.refrain(best.called, types.NotScaledReason{Code: aws.String("AlreadyAtDesiredCapacity"), CurrentCapacity: aws.Int32(d.plan.Desired)})
	default:
		best.to = max(min(best.to, d.plan.Max), d.plan.Min)
		now := d.scaled(best)
		if cooling {
			now.From = min(last.From, now.From)
		}
		d.plan.Progress.Out, d.plan.Progress.In = now, nil // which cuts the other's cooldown short
		d.act(best)
	}
}

// scaleIn takes the largest capacity that is proposed, if all policies of target
// tracking agree. Those of steps need not be asked.
func (d *draft) scaleIn(list []called) {
	if aws.ToBool(d.v.Target.Suspended.DynamicScalingInSuspended) {
		return
	}
	first := list[0]
	switch {
	case d.plan.Desired <= d.plan.Min:
		d.refrain(first, types.NotScaledReason{Code: aws.String("AlreadyAtMinCapacity"), MinCapacity: aws.Int32(d.plan.Min), CurrentCapacity: aws.Int32(d.plan.Desired)})
		return
	case d.v.Service.Deploying:
		d.refrain(first, types.NotScaledReason{Code: aws.String("TargetServicePutResourceAsUnscalable")})
		return
	case d.plan.Progress.In.Cooling(d.now):
		return
	}
	tracking, agreed := d.agreement()
	list = slices.DeleteFunc(slices.Clone(list), func(c called) bool { return c.policy.Tracking != nil })
	if agreed && slices.ContainsFunc(d.plan.Looked, func(name string) bool {
		return slices.ContainsFunc(tracking, func(c called) bool { return c.alarm.Name == name })
	}) {
		list = append(list, tracking...)
	}
	var best proposal
	for _, c := range list {
		to, ok := d.capacity(c)
		if !ok {
			return // nobody knows what would be taken away
		}
		if to = max(to, d.plan.Min, 0); best.policy.Name == "" || to > best.to {
			best = proposal{c, to}
		}
	}
	best.to = min(best.to, d.plan.Max)
	switch {
	case best.policy.Name == "": // some policy of target tracking does not agree
	case best.to >= d.plan.Desired && best.policy.Tracking != nil:
		d.refrain(best.called, types.NotScaledReason{Code: aws.String("AutoScalingAnticipatedFlapping"), CurrentCapacity: aws.Int32(d.plan.Desired)})
	case best.to >= d.plan.Desired:
		d.refrain(best.called, types.NotScaledReason{Code: aws.String("AlreadyAtDesiredCapacity"), CurrentCapacity: aws.Int32(d.plan.Desired)})
	default:
		d.plan.Progress.Out, d.plan.Progress.In = nil, d.scaled(best) // what was added is no more
		d.act(best)
	}
}

// agreement are the calls of all policies of target tracking to scale in, and
// whether each that may has one.
func (d *draft) agreement() (out []called, all bool) {
	for _, p := range d.v.Policies {
		if p.Tracking == nil || aws.ToBool(p.Tracking.DisableScaleIn) {
			continue
		}
		i := slices.IndexFunc(p.Alarms, func(a Alarm) bool { return a.Low && a.InAlarm })
		if i < 0 {
			return nil, false
		}
		out = append(out, called{p, p.Alarms[i]})
	}
	return out, true
}

func (d *draft) scaled(p proposal) *state.Scaled {
	return &state.Scaled{At: d.now, From: d.plan.Desired, To: p.to, Cooldown: cooldown(p.policy, p.to > d.plan.Desired)}
}

// act carries a proposal out. All alarms that were looked at have had their
// answer.
func (d *draft) act(p proposal) {
	d.answered()
	d.set(p.to, p.cause())
}

// refrain tells why nothing is done, once.
func (d *draft) refrain(c called, why types.NotScaledReason) {
	told := *why.Code + " " + c.alarm.Name
	if d.plan.Progress.Told == told {
		return
	}
	d.answered()
	d.plan.Progress.Told = told
	a := state.ScalingActivity{
		ResourceID: d.v.Target.ResourceID, Description: "Attempting to scale due to alarm triggered", Cause: c.cause(), StartTime: d.now, EndTime: aws.Time(d.now),
		Status: types.ScalingActivityStatusCodeFailed, NotScaled: []types.NotScaledReason{why},
	}
	// What begins stays the last.
	at := len(d.plan.Activities)
	if d.plan.Began {
		at--
	}
	d.plan.Activities = slices.Insert(d.plan.Activities, at, a)
}

func (d *draft) answered() {
	if d.plan.Progress.Acted == nil {
		d.plan.Progress.Acted = map[string]time.Time{}
	}
	for _, name := range d.plan.Looked {
		d.plan.Progress.Acted[name] = d.now
	}
}
