package alarm

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Child is what a composite alarm sees of another one.
type Child struct {
	ARN   string
	State types.StateValue
	Since time.Time // when it came into the state
}

// Composed is what a composite alarm's evaluation came to.
type Composed struct {
	State  types.StateValue
	Reason string
	Data   string
}

// Compose evaluates a composite alarm: children has those of its rule that
// there are, by the names of ChildName. One that is gone is in no state but
// INSUFFICIENT_DATA.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
func Compose(c types.CompositeAlarm, r Rule, children map[string]Child) Composed {
	out := Composed{State: types.StateValueOk}
	holds := r.Holds(func(child string) types.StateValue {
		if c, ok := children[ChildName(child)]; ok {
			return c.State
		}
		return types.StateValueInsufficientData
	})
	if holds {
		out.State = types.StateValueAlarm
	}
	var known []Child
	for _, name := range r.Children {
		if child, ok := children[ChildName(name)]; ok && !slices.Contains(known, child) {
			known = append(known, child)
		}
	}
	newest, configured := Child{}, aws.ToTime(c.AlarmConfigurationUpdatedTimestamp)
	for _, child := range known {
		if child.Since.After(newest.Since) {
			newest = child
		}
	}
	if newest.Since.After(configured) {
		out.Reason = newest.ARN + " transitioned to " + string(newest.State) + " at " + spoken(newest.Since)
		known = []Child{newest}
	} else {
		done := " was updated"
		if aws.ToString(c.StateReason) == Created {
			done = " was created"
		}
		out.Reason = aws.ToString(c.AlarmArn) + done + " and its alarm rule evaluates to " + string(out.State)
	}
	out.Data = triggeredBy(known)
	return out
}

// Due tells whether something that a composite alarm's state follows from is
// newer than the state.
func Due(c types.CompositeAlarm, r Rule, children map[string]Child) bool {
	updated := aws.ToTime(c.StateUpdatedTimestamp)
	if !aws.ToTime(c.AlarmConfigurationUpdatedTimestamp).Before(updated) {
		return true
	}
	return slices.ContainsFunc(r.Children, func(name string) bool {
		child, ok := children[ChildName(name)]
		return !ok || child.Since.After(updated)
	})
}

type triggers struct {
	Alarms []trigger `json:"triggeringAlarms"`
}

type trigger struct {
	ARN   string       `json:"arn"`
	State triggerState `json:"state"`
}

type triggerState struct {
	Value     types.StateValue `json:"value"`
	Timestamp string           `json:"timestamp"`
}

func triggeredBy(children []Child) string {
	t := triggers{Alarms: []trigger{}}
	for _, c := range children {
		t.Alarms = append(t.Alarms, trigger{ARN: c.ARN, State: triggerState{Value: c.State, Timestamp: moment(c.Since)}})
	}
	return document(t)
}

// Cyclic tells whether a composite alarm depends on itself. children gives
// those of an alarm, its suppressor among them; none for a metric alarm. Such
// alarms are not evaluated.
func Cyclic(name string, children func(name string) []string) bool {
	seen := map[string]bool{}
	var reaches func(string) bool
	reaches = func(from string) bool {
		for _, child := range children(from) {
			if child == name {
				return true
			}
			if !seen[child] {
				seen[child] = true
				if reaches(child) {
					return true
				}
			}
		}
		return false
	}
	return reaches(name)
}
