package autoscaling

import (
	"cmp"
	"math"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// checkTracking checks a configuration of target tracking.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
func checkTracking(r store.Reader, scope state.Scope, c *types.TargetTrackingScalingPolicyConfiguration) error {
	switch {
	case c.TargetValue == nil || math.IsNaN(*c.TargetValue) || *c.TargetValue <= 0 || *c.TargetValue > 0x1p360:
		return invalid("TargetValue must be a number greater than 0 and at most 2^360")
	case aws.ToInt32(c.ScaleInCooldown) < 0 || aws.ToInt32(c.ScaleOutCooldown) < 0:
		return invalid("A cooldown must not be negative")
	case (c.PredefinedMetricSpecification == nil) == (c.CustomizedMetricSpecification == nil):
		return invalid("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified")
	case c.PredefinedMetricSpecification != nil:
		return checkPredefined(r, scope, c.PredefinedMetricSpecification)
	}
	return checkCustomized(c.CustomizedMetricSpecification)
}

var labelForm = regexp.MustCompile(`^(app/[^/]+/[0-9a-f]+)/(targetgroup/[^/]+/[0-9a-f]+)$`)

func checkPredefined(r store.Reader, scope state.Scope, m *types.PredefinedMetricSpecification) error {
	switch m.PredefinedMetricType {
	case types.MetricTypeECSServiceAverageCPUUtilization, types.MetricTypeECSServiceAverageMemoryUtilization:
		if m.ResourceLabel != nil {
			return invalid("ResourceLabel can be specified for ALBRequestCountPerTarget alone")
		}
	case types.MetricTypeALBRequestCountPerTarget:
		parts := labelForm.FindStringSubmatch(aws.ToString(m.ResourceLabel))
		if parts == nil {
			return invalid("ResourceLabel '%s' is not valid for ALBRequestCountPerTarget: it has the form app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/<target-group-id>", aws.ToString(m.ResourceLabel))
		}
		group := scope.ARN("elasticloadbalancing", parts[2])
		if _, ok := store.TargetGroups.Get(r, scope.Key(state.TargetGroupID(group))); !ok {
			return invalid("The target group of the resource label does not exist: %s", group)
		}
		balancer := scope.ARN("elasticloadbalancing", "loadbalancer/"+parts[1])
		if _, ok := store.LoadBalancers.Get(r, scope.Key(state.LoadBalancerID(balancer))); !ok {
			return invalid("The load balancer of the resource label does not exist: %s", balancer)
		}
	default:
		return invalid("The predefined metric %s is not one of ECS services: they have ECSServiceAverageCPUUtilization, ECSServiceAverageMemoryUtilization and ALBRequestCountPerTarget", m.PredefinedMetricType)
	}
	return nil
}

func checkCustomized(m *types.CustomizedMetricSpecification) error {
	if len(m.Metrics) == 0 {
		if aws.ToString(m.Namespace) == "" || aws.ToString(m.MetricName) == "" || m.Statistic == "" {
			return invalid("A customized metric needs Namespace, MetricName and Statistic, or Metrics")
		}
		if !slices.Contains(m.Statistic.Values(), m.Statistic) {
			return invalid("1 validation error detected: Value '%s' at 'statistic' failed to satisfy constraint: Member must satisfy enum value set: [Average, Minimum, Maximum, SampleCount, Sum]", m.Statistic)
		}
		for _, d := range m.Dimensions {
			if aws.ToString(d.Name) == "" || aws.ToString(d.Value) == "" {
				return invalid("A dimension needs Name and Value")
			}
		}
		return nil
	}
	if m.Namespace != nil || m.MetricName != nil || m.Statistic != "" || m.Unit != nil || len(m.Dimensions) > 0 {
		return invalid("A customized metric has Metrics, or one metric's Namespace, MetricName, Dimensions, Statistic and Unit, and not both")
	}
	return checkQueries(m.Metrics)
}

var queryForm = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,254}$`)

// checkQueries checks metric math: one of the queries is what is tracked.
func checkQueries(list []types.TargetTrackingMetricDataQuery) error {
	returned, seen := 0, map[string]bool{}
	for _, q := range list {
		id := aws.ToString(q.Id)
		switch {
		case !queryForm.MatchString(id):
			return invalid("'%s' is no id of a metric: it begins with a lowercase letter and has letters, digits and underscores", id)
		case seen[id]:
			return invalid("The id %s is used twice", id)
		case (q.Expression == nil) == (q.MetricStat == nil):
			return invalid("The metric %s needs one of Expression and MetricStat", id)
		case q.MetricStat != nil && (q.MetricStat.Metric == nil || aws.ToString(q.MetricStat.Metric.Namespace) == "" || aws.ToString(q.MetricStat.Metric.MetricName) == "" || aws.ToString(q.MetricStat.Stat) == ""):
			return invalid("The MetricStat of %s needs Metric, with Namespace and MetricName, and Stat", id)
		}
		seen[id] = true
		if q.ReturnData == nil || *q.ReturnData {
			returned++
		}
	}
	if returned != 1 {
		return invalid("Exactly one of Metrics must have ReturnData true; it is true where it is not given")
	}
	return nil
}

// checkSteps checks a configuration of steps: without a gap, without an overlap.
//
// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html
func checkSteps(c *types.StepScalingPolicyConfiguration) error {
	switch {
	case !slices.Contains(c.AdjustmentType.Values(), c.AdjustmentType):
		return invalid("AdjustmentType must be one of ChangeInCapacity, PercentChangeInCapacity and ExactCapacity")
	case len(c.StepAdjustments) == 0 || len(c.StepAdjustments) > 20:
		return invalid("A step scaling policy needs 1 to 20 step adjustments")
	case aws.ToInt32(c.Cooldown) < 0:
		return invalid("A cooldown must not be negative")
	case aws.ToInt32(c.MinAdjustmentMagnitude) < 0 || aws.ToInt32(c.MinAdjustmentMagnitude) > 0 && c.AdjustmentType != types.AdjustmentTypePercentChangeInCapacity:
		return invalid("MinAdjustmentMagnitude can be specified for PercentChangeInCapacity alone, and is not negative")
	case c.MetricAggregationType != "" && !slices.Contains(c.MetricAggregationType.Values(), c.MetricAggregationType):
		return invalid("MetricAggregationType must be one of Average, Minimum and Maximum")
	}
	steps := slices.Clone(c.StepAdjustments)
	slices.SortFunc(steps, func(a, b types.StepAdjustment) int { return cmp.Compare(lower(a), lower(b)) })
	for i, s := range steps {
		switch {
		case s.ScalingAdjustment == nil:
			return invalid("A step adjustment needs ScalingAdjustment")
		case c.AdjustmentType == types.AdjustmentTypeExactCapacity && *s.ScalingAdjustment < 0:
			return invalid("The ScalingAdjustment of ExactCapacity must not be negative")
		case s.MetricIntervalLowerBound == nil && s.MetricIntervalUpperBound == nil:
			return invalid("A step adjustment needs MetricIntervalLowerBound, MetricIntervalUpperBound or both")
		case lower(s) >= upper(s):
			return invalid("The upper bound of a step adjustment must be greater than its lower bound")
		case i > 0 && lower(s) != upper(steps[i-1]):
			return invalid("The step adjustments must not overlap or leave a gap: one ends at %v and the next begins at %v", upper(steps[i-1]), lower(s))
		}
	}
	switch first, last := lower(steps[0]), upper(steps[len(steps)-1]); {
	case first < 0 && !math.IsInf(first, -1):
		return invalid("With a negative lower bound there must be a step adjustment with a null lower bound")
	case last > 0 && !math.IsInf(last, 1):
		return invalid("With a positive upper bound there must be a step adjustment with a null upper bound")
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
