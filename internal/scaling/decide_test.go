package scaling

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/state"
)

var start = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// stage plays a target through time: what a plan says is what the next view has.
type stage struct {
	t   *testing.T
	now time.Time
	v   View
}

func newStage(t *testing.T, low, high, count int32, policies ...Policy) *stage {
	return &stage{t: t, now: start, v: View{
		Target:   state.ScalableTarget{ResourceID: "service/default/web", Min: low, Max: high},
		Service:  Service{Desired: count, Running: count},
		Policies: policies, Looked: map[string]time.Time{},
	}}
}

// look decides and carries out. The tasks that are wanted do not run yet.
func (s *stage) look() Plan {
	s.t.Helper()
	plan := Decide(s.now, s.v)
	s.v.Target.Min, s.v.Target.Max, s.v.Service.Desired, s.v.Target.Progress = plan.Min, plan.Max, plan.Desired, plan.Progress
	if plan.Finished != nil {
		s.v.Pending = nil
	}
	if plan.Began {
		a := plan.Activities[len(plan.Activities)-1]
		s.v.Pending, s.v.Target.Progress.Pending = &a, "pending"
	}
	for _, name := range plan.Looked {
		s.v.Looked[name] = s.now
	}
	for i, a := range s.v.Actions {
		if at, ran := plan.Ran[a.Name]; ran {
			s.v.Actions[i].RanAt = &at
		}
	}
	return plan
}

// pass lets time pass, and tasks start or stop as wanted.
func (s *stage) pass(d time.Duration) {
	s.now = s.now.Add(d)
	s.v.Service.Running = s.v.Service.Desired
}

// value has a policy's alarm with a value; none takes it out of ALARM.
func (s *stage) value(alarm string, values ...float64) {
	for i := range s.v.Policies {
		for j := range s.v.Policies[i].Alarms {
			a := &s.v.Policies[i].Alarms[j]
			if a.Name != alarm {
				continue
			}
			if a.InAlarm != (len(values) > 0) {
				a.Since = s.now
			}
			a.InAlarm, a.Values, a.At = len(values) > 0, values, s.now
		}
	}
}

func (s *stage) want(desired int32, what string) {
	s.t.Helper()
	if s.v.Service.Desired != desired {
		s.t.Errorf("%s: %d tasks are wanted, want %d", what, s.v.Service.Desired, desired)
	}
}

func tracking(name string, target float64) Policy {
	return Policy{
		ScalingPolicy: state.ScalingPolicy{Name: name, Tracking: &types.TargetTrackingScalingPolicyConfiguration{TargetValue: &target}},
		Alarms:        []Alarm{{Name: name + "-high", Threshold: target}, {Name: name + "-low", Threshold: target * 0.9, Low: true}},
	}
}

// stepping has steps as lower bound, upper bound, adjustment; NaN-free "-" is open.
func stepping(name string, kind types.AdjustmentType, threshold float64, low bool, steps ...string) Policy {
	c := &types.StepScalingPolicyConfiguration{AdjustmentType: kind}
	for _, text := range steps {
		var by int32
		var lower, upper string
		if _, err := fmt.Sscan(text, &lower, &upper, &by); err != nil {
			panic(err)
		}
		s := types.StepAdjustment{ScalingAdjustment: &by}
		for _, b := range []struct {
			text string
			to   **float64
		}{{lower, &s.MetricIntervalLowerBound}, {upper, &s.MetricIntervalUpperBound}} {
			if b.text != "-" {
				var f float64
				fmt.Sscan(b.text, &f)
				*b.to = &f
			}
		}
		c.StepAdjustments = append(c.StepAdjustments, s)
	}
	return Policy{ScalingPolicy: state.ScalingPolicy{Name: name, Step: c}, Alarms: []Alarm{{Name: name + "-alarm", Threshold: threshold, Low: low}}}
}

// The example of "Step adjustments" in AWS's guide: capacity 10, bounds 4 and
// 40, threshold 50.
func TestExampleOfStepAdjustments(t *testing.T) {
	s := newStage(t, 4, 40, 10,
		stepping("out", types.AdjustmentTypePercentChangeInCapacity, 50, false, "0 10 0", "10 20 10", "20 - 30"),
		stepping("in", types.AdjustmentTypePercentChangeInCapacity, 50, true, "-10 0 0", "-20 -10 -10", "- -20 -30"))
	s.value("out-alarm", 59.9)
	s.look()
	s.want(10, "between 50 and 60 nothing changes")
	for _, c := range []struct {
		alarm string
		value float64
		want  int32
	}{
		{"out-alarm", 60, 11}, {"out-alarm", 70, 14}, {"in-alarm", 40, 13}, {"in-alarm", 30, 10},
	} {
		s.value("out-alarm")
		s.value("in-alarm")
		s.pass(time.Second)
		s.look()
		s.pass(10 * time.Minute)
		s.value(c.alarm, c.value)
		s.look()
		s.want(c.want, fmt.Sprintf("%s at %v", c.alarm, c.value))
	}
}

// "The previous increase of 2 is considered part of the current capacity. Only
// 1 is added."
func TestALargerScaleOutCountsWhatWasAdded(t *testing.T) {
	s := newStage(t, 1, 100, 10, stepping("out", types.AdjustmentTypeChangeInCapacity, 50, false, "0 10 2", "10 - 3"))
	s.value("out-alarm", 55)
	s.look()
	s.want(12, "the first step")
	s.pass(time.Minute)
	s.look()
	s.want(12, "the same step within the cooldown")
	s.value("out-alarm", 65)
	s.pass(time.Minute)
	s.look()
	s.want(13, "a larger step within the cooldown")
}

// The rounding of percents, as AWS's guide lists it, and its example of
// MinAdjustmentMagnitude.
func TestRoundingOfPercents(t *testing.T) {
	for _, c := range []struct {
		running, by, least, want int32
	}{
		{127, 10, 0, 139}, {6, 10, 0, 7}, {6, -11, 0, 5}, {67, -10, 0, 61}, {4, 25, 2, 6}, {4, 25, 0, 5}, {100, -1, 5, 95}, {0, 50, 0, 1}, {3, -200, 0, 0}, {3, 0, 0, 3},
	} {
		got := adjust(&types.StepScalingPolicyConfiguration{AdjustmentType: types.AdjustmentTypePercentChangeInCapacity, MinAdjustmentMagnitude: &c.least}, c.by, c.running)
		if got != c.want {
			t.Errorf("%d%% of %d, at least %d: %d, want %d", c.by, c.running, c.least, got, c.want)
		}
	}
}

// "One policy increases by 3, another by 200 percent, and the capacity is 10: 30."
func TestTheLargestCapacityCounts(t *testing.T) {
	s := newStage(t, 1, 100, 10,
		stepping("three", types.AdjustmentTypeChangeInCapacity, 50, false, "0 - 3"),
		stepping("twice", types.AdjustmentTypePercentChangeInCapacity, 50, false, "0 - 200"))
	s.value("three-alarm", 60)
	s.value("twice-alarm", 60)
	s.look()
	s.want(30, "of both")
}

func TestBounds(t *testing.T) {
	exact := func(by int) Policy {
		return stepping("exact", types.AdjustmentTypeExactCapacity, 50, false, fmt.Sprintf("0 - %d", by))
	}
	plus := stepping("plus", types.AdjustmentTypeChangeInCapacity, 50, false, "0 - 1")
	minus := stepping("minus", types.AdjustmentTypeChangeInCapacity, 50, true, "- 0 -1")
	for _, c := range []struct {
		what                   string
		policy                 Policy
		low, high, count, want int32
		code                   string
	}{
		{"out goes to the maximum", exact(50), 2, 10, 4, 10, ""},
		{"out from below the minimum raises to it", plus, 5, 10, 1, 5, ""},
		{"out from above the maximum stays", plus, 2, 10, 12, 12, "AlreadyAtMaxCapacity"},
		{"out at the maximum", plus, 2, 10, 10, 10, "AlreadyAtMaxCapacity"},
		{"in from above the maximum lowers to it", minus, 2, 10, 14, 10, ""},
		{"in from below the minimum stays", minus, 5, 10, 3, 3, "AlreadyAtMinCapacity"},
		{"in at the minimum", minus, 5, 10, 5, 5, "AlreadyAtMinCapacity"},
	} {
		s := newStage(t, c.low, c.high, c.count, c.policy)
		s.value(c.policy.Name+"-alarm", map[bool]float64{true: 40, false: 60}[c.policy.Alarms[0].Low])
		plan := s.look()
		s.want(c.want, c.what)
		code := ""
		if len(plan.Activities) == 1 && len(plan.Activities[0].NotScaled) == 1 {
			code = *plan.Activities[0].NotScaled[0].Code
		}
		if code != c.code {
			t.Errorf("%s: the reason is %q, want %q", c.what, code, c.code)
		}
		s.pass(time.Minute)
		if again := s.look(); c.code != "" && len(again.Activities) > 0 {
			t.Errorf("%s: told again: %+v", c.what, again.Activities)
		}
	}
}

// Out by the proportion, in when all agree, never back and forth.
func TestTargetTracking(t *testing.T) {
	s := newStage(t, 1, 20, 2, tracking("cpu", 50), tracking("requests", 1000))
	s.value("cpu-high", 55, 80, 95)
	plan := s.look()
	s.want(4, "95 of 50 with two tasks")
	if got := plan.Activities[0].Cause; got != "monitor alarm cpu-high in state ALARM triggered policy cpu" {
		t.Errorf("the cause is %q", got)
	}
	if !strings.HasPrefix(plan.Events[0], "Message: Successfully set desired count to 4. ") {
		t.Errorf("the event is %q", plan.Events)
	}
	s.pass(time.Minute)
	if plan = s.look(); plan.Finished == nil || plan.Finished.Message != "Successfully set desired count to 4. Change successfully fulfilled by ecs." {
		t.Errorf("once it runs: %+v", plan.Finished)
	}
	s.want(4, "95 is still that of two tasks")
	s.pass(time.Minute)
	s.value("cpu-high", 95, 60, 60)
	s.look()
	s.want(4, "60 of 50 adds one, which is less than was added, in the cooldown")
	s.pass(time.Minute)
	s.value("cpu-high", 60, 60, 90)
	s.look()
	s.want(6, "90 of 50 adds four, of which two were added")
	s.v.Service.Desired = 4
	s.value("cpu-high")
	s.value("cpu-low", 30, 20, 20)
	s.pass(20 * time.Minute)
	s.look()
	s.want(4, "the other policy does not agree")
	s.value("requests-low", 700, 100)
	s.pass(time.Minute)
	s.look()
	s.want(3, "the highest of the window counts, and the largest capacity")
	s.value("cpu-low", 10)
	s.value("requests-low", 10)
	s.pass(time.Minute)
	s.look()
	s.want(3, "in the cooldown of scaling in")
	s.value("cpu-low")
	s.value("cpu-high", 90)
	s.look()
	s.want(6, "scaling out cuts it short")
}

func TestScaleInThatWouldFlap(t *testing.T) {
	s := newStage(t, 1, 20, 2, tracking("cpu", 50))
	s.value("cpu-low", 44)
	if plan := s.look(); len(plan.Activities) != 1 || *plan.Activities[0].NotScaled[0].Code != "AutoScalingAnticipatedFlapping" {
		t.Errorf("told %+v", plan.Activities)
	}
	s.want(2, "one task would have 88")
}

func TestWhatHoldsScalingBack(t *testing.T) {
	for what, change := range map[string]func(*stage){
		"a deployment":  func(s *stage) { s.v.Service.Deploying = true },
		"suspension":    func(s *stage) { s.v.Target.Suspended.DynamicScalingInSuspended = aws.Bool(true) },
		"DisableScale":  func(s *stage) { s.v.Policies[0].Tracking.DisableScaleIn = aws.Bool(true) },
		"missing value": func(s *stage) { s.v.Policies[0].Alarms[1].Values = nil },
	} {
		s := newStage(t, 1, 20, 10, tracking("cpu", 50))
		s.value("cpu-low", 5)
		change(s)
		s.look()
		s.want(10, what)
	}
	s := newStage(t, 1, 20, 10, tracking("cpu", 50))
	s.v.Service.Deploying = true
	s.value("cpu-high", 60)
	s.look()
	s.want(12, "a deployment does not hold back scaling out")
	s = newStage(t, 1, 20, 10, tracking("cpu", 50))
	s.v.Target.Suspended.DynamicScalingOutSuspended = aws.Bool(true)
	s.value("cpu-high", 60)
	s.look()
	s.want(10, "suspended scaling out")
	s = newStage(t, 0, 20, 0, tracking("queue", 100))
	s.value("queue-high", 5000)
	s.look()
	s.want(1, "the first task from nothing")
}

func TestScheduledActions(t *testing.T) {
	s := newStage(t, 1, 10, 2)
	s.v.Actions = []state.ScheduledScaling{
		{Name: "morning", Schedule: "cron(0 13 * * ? *)", UpdatedAt: start, Min: aws.Int32(4), Max: aws.Int32(20)},
		{Name: "evening", Schedule: "cron(0 20 * * ? *)", UpdatedAt: start, Min: aws.Int32(1), Max: aws.Int32(3)},
	}
	plan := s.look()
	if want := start.Add(time.Hour); !plan.Wake.Equal(want) || plan.Changes(s.v) {
		t.Errorf("before: %+v", plan)
	}
	s.pass(time.Hour)
	plan = s.look()
	s.want(4, "in the morning")
	if len(plan.Activities) != 2 || plan.Activities[0].Message != "Successfully set min capacity to 4 and max capacity to 20" || plan.Activities[1].Cause != "minimum capacity was set to 4" {
		t.Errorf("told %+v", plan.Activities)
	}
	s.pass(time.Minute)
	if plan = s.look(); len(plan.Ran) > 0 {
		t.Errorf("done again: %v", plan.Ran)
	}
	s.v.Service.Desired = 15
	s.pass(30 * time.Hour) // nobody was here on the second day; the evening of the first was the last
	s.look()
	s.want(15, "what was due last counts: the second morning")
	s.pass(6 * time.Hour)
	s.look()
	s.want(3, "in the evening")
	s.v.Target.Suspended.ScheduledScalingSuspended = aws.Bool(true)
	s.pass(17 * time.Hour)
	s.look()
	s.want(3, "suspended")
}

// A moment that comes once is done once, and nobody wakes for it again.
func TestAMomentThatHasPassed(t *testing.T) {
	s := newStage(t, 1, 10, 2)
	s.v.Actions = []state.ScheduledScaling{{Name: "once", Schedule: "at(" + start.Add(time.Hour).Format("2006-01-02T15:04:05") + ")", UpdatedAt: start, Min: aws.Int32(4)}}
	if plan := s.look(); !plan.Wake.Equal(start.Add(time.Hour)) {
		t.Errorf("before: %s", plan.Wake)
	}
	s.pass(time.Hour)
	s.look()
	s.want(4, "when it comes")
	s.pass(11 * time.Minute) // the change has its time to be fulfilled
	s.look()
	if last, next := When(s.v.Actions[0], s.now); !next.IsZero() {
		t.Errorf("afterwards: %s, %s", last, next)
	}
	if plan := s.look(); !plan.Wake.IsZero() || plan.Changes(s.v) {
		t.Errorf("afterwards: %+v", plan)
	}
}

func TestBoundsAreBroughtAboutOnce(t *testing.T) {
	s := newStage(t, 3, 10, 1)
	s.look()
	s.want(1, "nobody changed them")
	s.v.Target.Bounds++
	s.look()
	s.want(3, "they changed")
	s.v.Service.Desired = 2
	s.pass(time.Minute)
	plan := s.look()
	s.want(2, "somebody may go below")
	if plan.Finished == nil || plan.Finished.Message != "Successfully set desired count to 3. Found it was later changed to 2." {
		t.Errorf("the activity ended as %+v", plan.Finished)
	}
}

func TestAChangeThatIsNotFulfilled(t *testing.T) {
	s := newStage(t, 1, 10, 1, tracking("cpu", 50))
	s.value("cpu-high", 90)
	plan := s.look()
	s.value("cpu-high")
	if plan.Wake.IsZero() {
		t.Fatal("nobody looks again")
	}
	s.now = s.now.Add(patience) // without a task that starts
	if plan = s.look(); plan.Finished == nil || plan.Finished.Status != types.ScalingActivityStatusCodeUnfulfilled {
		t.Errorf("ended as %+v", plan.Finished)
	}
}
