package scaling

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"pgregory.net/rapid"
)

// Whatever metrics and users do: policies never leave the bounds, never scale in
// within the cooldown of scaling in unless they scaled out since, never against
// a deployment, and the same view gives the same plan.
func TestPoliciesKeepTheirPromises(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		low := rapid.Int32Range(0, 5).Draw(rt, "min")
		high := low + rapid.Int32Range(0, 20).Draw(rt, "more")
		s := newStage(t, low, high, rapid.Int32Range(low, high).Draw(rt, "count"),
			tracking("cpu", 50), tracking("memory", 80),
			stepping("out", types.AdjustmentTypePercentChangeInCapacity, 60, false, "0 20 10", "20 - 30"),
			stepping("in", types.AdjustmentTypeChangeInCapacity, 20, true, "- 0 -1"))
		var lastIn time.Time
		for range rapid.IntRange(1, 60).Draw(rt, "looks") {
			for _, p := range s.v.Policies {
				for _, a := range p.Alarms {
					if !rapid.Bool().Draw(rt, a.Name) {
						s.value(a.Name)
						continue
					}
					if v := rapid.Float64Range(0, 100).Draw(rt, "of"); a.Low {
						s.value(a.Name, v*a.Threshold/100)
					} else {
						s.value(a.Name, a.Threshold+v)
					}
				}
			}
			s.v.Service.Deploying = rapid.IntRange(0, 5).Draw(rt, "deploying") == 0
			before := s.v.Service.Desired
			if again := Decide(s.now, s.v); !reflect.DeepEqual(again, Decide(s.now, s.v)) {
				rt.Fatal("the same view gave two plans")
			}
			s.look()
			after := s.v.Service.Desired
			switch {
			case after > high || after < low && after != before:
				rt.Fatalf("from %d to %d, outside of %d to %d", before, after, low, high)
			case after > before:
				lastIn = time.Time{}
			case after < before && s.v.Service.Deploying:
				rt.Fatalf("from %d to %d in a deployment", before, after)
			case after < before && !lastIn.IsZero() && s.now.Before(lastIn.Add(DefaultCooldown)):
				rt.Fatalf("from %d to %d, %s after it was scaled in", before, after, s.now.Sub(lastIn))
			case after < before:
				lastIn = s.now
			}
			s.now = s.now.Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "seconds")) * time.Second)
			s.v.Service.Running = rapid.Int32Range(min(s.v.Service.Running, after), max(s.v.Service.Running, after)).Draw(rt, "running")
		}
	})
}

// More load never means fewer tasks.
func TestTargetTrackingIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := tracking("cpu", rapid.Float64Range(1, 100).Draw(t, "target"))
		running := rapid.Int32Range(0, 1000).Draw(t, "running")
		a, b := rapid.Float64Range(0, 1000).Draw(t, "a"), rapid.Float64Range(0, 1000).Draw(t, "b")
		less, _ := track(p.Tracking, Alarm{Values: []float64{min(a, b)}}, running)
		more, _ := track(p.Tracking, Alarm{Values: []float64{max(a, b)}}, running)
		if less > more {
			t.Fatalf("%v gives %d and %v gives %d", min(a, b), less, max(a, b), more)
		}
	})
}

// Steps without a gap give every distance exactly one adjustment.
func TestEveryDistanceHasOneStep(t *testing.T) {
	p := stepping("out", types.AdjustmentTypeChangeInCapacity, 50, false, "- -10 -2", "-10 0 -1", "0 10 1", "10 - 2")
	rapid.Check(t, func(t *rapid.T) {
		distance := float64(rapid.IntRange(-40, 40).Draw(t, "half")) / 2
		n := 0
		for _, s := range p.Step.StepAdjustments {
			if within(s, distance, false) {
				n++
			}
		}
		if n != 1 {
			t.Fatalf("%v is in %d steps", distance, n)
		}
	})
}
