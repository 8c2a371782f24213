package autoscaling

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/scaling"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// checkTracking checks a configuration of target tracking, and whether there is
// what a predefined metric names.
func checkTracking(r store.Reader, scope state.Scope, c *types.TargetTrackingScalingPolicyConfiguration) error {
	if err := scaling.CheckTracking(c); err != nil {
		return invalid("%s", sentence(err))
	}
	m := c.PredefinedMetricSpecification
	if m == nil || m.PredefinedMetricType != types.MetricTypeALBRequestCountPerTarget {
		return nil
	}
	balancer, group, _ := strings.Cut(aws.ToString(m.ResourceLabel), "/targetgroup/")
	arn := scope.ARN("elasticloadbalancing", "targetgroup/"+group)
	if _, ok := store.TargetGroups.Get(r, scope.Key(state.TargetGroupID(arn))); !ok {
		return invalid("The target group of the resource label does not exist: %s", arn)
	}
	arn = scope.ARN("elasticloadbalancing", "loadbalancer/"+balancer)
	if _, ok := store.LoadBalancers.Get(r, scope.Key(state.LoadBalancerID(arn))); !ok {
		return invalid("The load balancer of the resource label does not exist: %s", arn)
	}
	return nil
}

func checkSteps(c *types.StepScalingPolicyConfiguration) error {
	if err := scaling.CheckSteps(c); err != nil {
		return invalid("%s", sentence(err))
	}
	return nil
}

// sentence is an error as AWS's messages begin.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
