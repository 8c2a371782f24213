package scaling

import (
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
)

// track is the capacity that would bring the metric to its target, rounded up:
// enough is added, and not too much taken away. From nothing the first task is
// the start.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
func track(c *types.TargetTrackingScalingPolicyConfiguration, a Alarm, base int32) (int32, bool) {
	if len(a.Values) == 0 {
		return 0, false
	}
	if base == 0 {
		if a.Low {
			return 0, true
		}
		return 1, true
	}
	value := a.Values[len(a.Values)-1]
	if a.Low {
		value = slices.Max(a.Values)
	}
	// A little less than the quotient, so that 50.000000001 of 50 is not more.
	want := math.Ceil(float64(base)*value / *c.TargetValue - 1e-9)
	return int32(min(max(want, 0), math.MaxInt32/2)), true
}

// step is the capacity that the step for a value's distance from the threshold
// gives.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
func step(c *types.StepScalingPolicyConfiguration, a Alarm, running int32) (int32, bool) {
	if len(a.Values) == 0 {
		return 0, false
	}
	distance := aggregate(c.MetricAggregationType, a.Values) - a.Threshold
	for _, s := range c.StepAdjustments {
		if within(s, distance, a.Low) {
			return adjust(c, *s.ScalingAdjustment, running), true
		}
	}
	return 0, false
}

// aggregate makes one value of an alarm's.
func aggregate(kind types.MetricAggregationType, values []float64) float64 {
	switch kind {
	case types.MetricAggregationTypeMinimum:
		return slices.Min(values)
	case types.MetricAggregationTypeMaximum:
		return slices.Max(values)
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// within tells whether a step is for a distance. Above the threshold its lower
// bound belongs to it, below the threshold its upper bound does.
func within(s types.StepAdjustment, distance float64, low bool) bool {
	lower, upper := math.Inf(-1), math.Inf(1)
	if s.MetricIntervalLowerBound != nil {
		lower = *s.MetricIntervalLowerBound
	}
	if s.MetricIntervalUpperBound != nil {
		upper = *s.MetricIntervalUpperBound
	}
	if distance > 0 || distance == 0 && !low {
		return lower <= distance && distance < upper
	}
	return lower < distance && distance <= upper
}

// adjust is the capacity after an adjustment. Percents are rounded towards
// nothing, but what is less than one counts as one.
func adjust(c *types.StepScalingPolicyConfiguration, by, running int32) int32 {
	switch c.AdjustmentType {
	case types.AdjustmentTypeExactCapacity:
		return by
	case types.AdjustmentTypePercentChangeInCapacity:
		delta := int64(running) * int64(by) / 100
		least := int64(max(aws.ToInt32(c.MinAdjustmentMagnitude), 1))
		switch {
		case by == 0:
		case by > 0:
			delta = max(delta, least)
		default:
			delta = min(delta, -least)
		}
		return bounded(int64(running) + delta)
	}
	return bounded(int64(running) + int64(by))
}

func bounded(n int64) int32 { return int32(min(max(n, 0), math.MaxInt32/2)) }

func exact(p Policy) bool {
	return p.Step != nil && p.Step.AdjustmentType == types.AdjustmentTypeExactCapacity
}

// cooldown is a policy's for a direction.
func cooldown(p Policy, out bool) time.Duration {
	seconds := (*int32)(nil)
	switch {
	case p.Step != nil:
		seconds = p.Step.Cooldown
	case out:
		seconds = p.Tracking.ScaleOutCooldown
	default:
		seconds = p.Tracking.ScaleInCooldown
	}
	if seconds == nil {
		return DefaultCooldown
	}
	return time.Duration(*seconds) * time.Second
}
