package scaling

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/schedule"
	"github.com/hatoba/hatoba/internal/state"
)

// CheckTracking checks a configuration of target tracking, but for the resources
// that a predefined metric names. Its errors are for users.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
func CheckTracking(c *types.TargetTrackingScalingPolicyConfiguration) error {
	switch {
	case c.TargetValue == nil || math.IsNaN(*c.TargetValue) || *c.TargetValue <= 0 || *c.TargetValue > 0x1p360:
		return errors.New("TargetValue must be a number greater than 0 and at most 2^360")
	case aws.ToInt32(c.ScaleInCooldown) < 0 || aws.ToInt32(c.ScaleOutCooldown) < 0:
		return errors.New("a cooldown must not be negative")
	case (c.PredefinedMetricSpecification == nil) == (c.CustomizedMetricSpecification == nil):
		return errors.New("exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified")
	case c.PredefinedMetricSpecification != nil:
		return checkPredefined(c.PredefinedMetricSpecification)
	}
	return checkCustomized(c.CustomizedMetricSpecification)
}

var labelForm = regexp.MustCompile(`^(app/[^/]+/[0-9a-f]+)/(targetgroup/[^/]+/[0-9a-f]+)$`)

func checkPredefined(m *types.PredefinedMetricSpecification) error {
	switch m.PredefinedMetricType {
	case types.MetricTypeECSServiceAverageCPUUtilization, types.MetricTypeECSServiceAverageMemoryUtilization:
		if m.ResourceLabel != nil {
			return errors.New("ResourceLabel can be specified for ALBRequestCountPerTarget alone")
		}
	case types.MetricTypeALBRequestCountPerTarget:
		if !labelForm.MatchString(aws.ToString(m.ResourceLabel)) {
			return fmt.Errorf("ResourceLabel '%s' is not valid for ALBRequestCountPerTarget: it has the form app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/<target-group-id>", aws.ToString(m.ResourceLabel))
		}
	default:
		return fmt.Errorf("the predefined metric %s is not one of ECS services: they have ECSServiceAverageCPUUtilization, ECSServiceAverageMemoryUtilization and ALBRequestCountPerTarget", m.PredefinedMetricType)
	}
	return nil
}

// CheckScheduled checks a scheduled action. Its errors are for users.
func CheckScheduled(a state.ScheduledScaling) error {
	if a.Schedule == "" {
		return errors.New("Schedule is required for a new scheduled action") //nolint:staticcheck // AWS's words
	}
	zone, err := time.LoadLocation(a.Timezone)
	if err != nil || a.Timezone == "Local" {
		return fmt.Errorf("Timezone '%s' is not valid: it is the canonical name of an IANA time zone, such as Asia/Tokyo", a.Timezone) //nolint:staticcheck // for users
	}
	if _, err := schedule.Parse(a.Schedule, zone); err != nil {
		return fmt.Errorf("Schedule expression '%s' is not valid: %w", a.Schedule, err) //nolint:staticcheck // for users
	}
	switch {
	case a.Min == nil && a.Max == nil:
		return errors.New("ScalableTargetAction must have MinCapacity, MaxCapacity or both")
	case a.Min != nil && *a.Min < 0 || a.Max != nil && *a.Max < 0:
		return errors.New("minimum and maximum capacity must not be negative")
	case a.Min != nil && a.Max != nil && *a.Min > *a.Max:
		return errors.New("maximum capacity cannot be less than minimum capacity")
	case a.StartTime != nil && a.EndTime != nil && !a.StartTime.Before(*a.EndTime):
		return errors.New("the end time must be after the start time")
	}
	return nil
}

func checkCustomized(m *types.CustomizedMetricSpecification) error {
	if len(m.Metrics) == 0 {
		if aws.ToString(m.Namespace) == "" || aws.ToString(m.MetricName) == "" || m.Statistic == "" {
			return errors.New("a customized metric needs Namespace, MetricName and Statistic, or Metrics")
		}
		if !slices.Contains(m.Statistic.Values(), m.Statistic) {
			return fmt.Errorf("1 validation error detected: Value '%s' at 'statistic' failed to satisfy constraint: Member must satisfy enum value set: [Average, Minimum, Maximum, SampleCount, Sum]", m.Statistic)
		}
		for _, d := range m.Dimensions {
			if aws.ToString(d.Name) == "" || aws.ToString(d.Value) == "" {
				return errors.New("a dimension needs Name and Value")
			}
		}
		return nil
	}
	if m.Namespace != nil || m.MetricName != nil || m.Statistic != "" || m.Unit != nil || len(m.Dimensions) > 0 {
		return errors.New("a customized metric has Metrics, or one metric's Namespace, MetricName, Dimensions, Statistic and Unit, and not both")
	}
	return checkQueries(m.Metrics)
}

var queryForm = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)

// checkQueries checks metric math: one of the queries is what is tracked.
func checkQueries(list []types.TargetTrackingMetricDataQuery) error {
	returned, seen := 0, map[string]bool{}
	var queries []cw.MetricDataQuery
	for _, q := range list {
		id := aws.ToString(q.Id)
		switch {
		case !queryForm.MatchString(id):
			return fmt.Errorf("'%s' is no id of a metric: it begins with a lowercase letter and has letters, digits and underscores", id)
		case seen[id]:
			return fmt.Errorf("the id %s is used twice", id)
		case (q.Expression == nil) == (q.MetricStat == nil):
			return fmt.Errorf("the metric %s needs one of Expression and MetricStat", id)
		case q.MetricStat != nil && (q.MetricStat.Metric == nil || aws.ToString(q.MetricStat.Metric.Namespace) == "" || aws.ToString(q.MetricStat.Metric.MetricName) == "" || aws.ToString(q.MetricStat.Stat) == ""):
			return fmt.Errorf("the MetricStat of %s needs Metric, with Namespace and MetricName, and Stat", id)
		}
		seen[id] = true
		queries = append(queries, query(q))
		if q.ReturnData == nil || *q.ReturnData {
			returned++
		}
	}
	if returned != 1 {
		return errors.New("exactly one of Metrics must have ReturnData true; it is true where it is not given")
	}
	if _, err := plan(queries); err != nil {
		return fmt.Errorf("the metrics cannot be calculated: %w", err)
	}
	return nil
}

// CheckSteps checks a configuration of steps: without a gap, without an overlap.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html
func CheckSteps(c *types.StepScalingPolicyConfiguration) error {
	switch {
	case !slices.Contains(c.AdjustmentType.Values(), c.AdjustmentType):
		return errors.New("AdjustmentType must be one of ChangeInCapacity, PercentChangeInCapacity and ExactCapacity")
	case len(c.StepAdjustments) == 0 || len(c.StepAdjustments) > 20:
		return errors.New("a step scaling policy needs 1 to 20 step adjustments")
	case aws.ToInt32(c.Cooldown) < 0:
		return errors.New("a cooldown must not be negative")
	case aws.ToInt32(c.MinAdjustmentMagnitude) < 0 || aws.ToInt32(c.MinAdjustmentMagnitude) > 0 && c.AdjustmentType != types.AdjustmentTypePercentChangeInCapacity:
		return errors.New("MinAdjustmentMagnitude can be specified for PercentChangeInCapacity alone, and is not negative")
	case c.MetricAggregationType != "" && !slices.Contains(c.MetricAggregationType.Values(), c.MetricAggregationType):
		return errors.New("MetricAggregationType must be one of Average, Minimum and Maximum")
	}
	steps := slices.Clone(c.StepAdjustments)
	slices.SortFunc(steps, func(a, b types.StepAdjustment) int { return cmp.Compare(lower(a), lower(b)) })
	for i, s := range steps {
		switch {
		case s.ScalingAdjustment == nil:
			return errors.New("a step adjustment needs ScalingAdjustment")
		case c.AdjustmentType == types.AdjustmentTypeExactCapacity && *s.ScalingAdjustment < 0:
			return errors.New("the ScalingAdjustment of ExactCapacity must not be negative")
		case s.MetricIntervalLowerBound == nil && s.MetricIntervalUpperBound == nil:
			return errors.New("a step adjustment needs MetricIntervalLowerBound, MetricIntervalUpperBound or both")
		case lower(s) >= upper(s):
			return errors.New("the upper bound of a step adjustment must be greater than its lower bound")
		case i > 0 && lower(s) != upper(steps[i-1]):
			return fmt.Errorf("the step adjustments must not overlap or leave a gap: one ends at %v and the next begins at %v", upper(steps[i-1]), lower(s))
		}
	}
	switch first, last := lower(steps[0]), upper(steps[len(steps)-1]); {
	case first < 0 && !math.IsInf(first, -1):
		return errors.New("with a negative lower bound there must be a step adjustment with a null lower bound")
	case last > 0 && !math.IsInf(last, 1):
		return errors.New("with a positive upper bound there must be a step adjustment with a null upper bound")
	}
	return nil
}

func lower(s types.StepAdjustment) float64 {
	if s.MetricIntervalLowerBound == nil {
		return math.Inf(-1)
	}
	return *s.MetricIntervalLowerBound
}

func upper(s types.StepAdjustment) float64 {
	if s.MetricIntervalUpperBound == nil {
		return math.Inf(1)
	}
	return *s.MetricIntervalUpperBound
}
