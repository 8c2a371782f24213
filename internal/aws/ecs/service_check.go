package ecs

import (
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

const (
	maxDesired      = 5000
	maxTargetGroups = 5
)

// deploymentConfiguration completes and checks what is given over what is
// there.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
func deploymentConfiguration(have types.DeploymentConfiguration, given *types.DeploymentConfiguration, daemon bool) (types.DeploymentConfiguration, error) {
	low, high := int32(100), int32(200)
	if daemon {
		low, high = 0, 100
	}
	out := have
	if out.MinimumHealthyPercent == nil {
		out.MinimumHealthyPercent, out.MaximumPercent, out.Strategy = &low, &high, types.DeploymentStrategyRolling
		out.DeploymentCircuitBreaker = &types.DeploymentCircuitBreaker{}
	}
	if given == nil {
		return out, nil
	}
	if given.MinimumHealthyPercent != nil {
		out.MinimumHealthyPercent = given.MinimumHealthyPercent
	}
	if given.MaximumPercent != nil {
		out.MaximumPercent = given.MaximumPercent
	}
	if given.DeploymentCircuitBreaker != nil {
		out.DeploymentCircuitBreaker = given.DeploymentCircuitBreaker
	}
	if given.Alarms != nil {
		out.Alarms = given.Alarms
		if err := checkAlarms(given.Alarms); err != nil {
			return out, err
		}
	}
	least, most := *out.MinimumHealthyPercent, *out.MaximumPercent
	switch {
	case least < 0 || least > 100:
		return out, invalid("Minimum healthy percent must be between 0 and 100.")
	case daemon && most != 100:
		return out, invalid("The daemon scheduling strategy does not support values other than 100 for maximumPercent. Specify a maximumPercent of 100 and try again.")
	case most < 100:
		return out, invalid("Maximum percent must be greater than or equal to 100.")
	case least == 100 && most == 100:
		return out, invalid("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")
	}
	return out, checkBreaker(out.DeploymentCircuitBreaker)
}

// checkAlarms checks what a deployment watches; the alarms may be made later.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentAlarms.html
func checkAlarms(c *types.DeploymentAlarms) error {
	if c.Enable && len(c.AlarmNames) == 0 {
		return invalid("At least one alarm name is required when deployment alarms are enabled.")
	}
	for i, name := range c.AlarmNames {
		switch {
		case name == "" || utf8.RuneCountInString(name) > 255:
			return invalid("An alarm name must have 1 to 255 characters.")
		case slices.Contains(c.AlarmNames[:i], name):
			return invalid("The alarm name %s is given twice.", name)
		}
	}
	return nil
}

func checkBreaker(c *types.DeploymentCircuitBreaker) error {
	if c == nil || c.ThresholdConfiguration == nil {
		return nil
	}
	t := c.ThresholdConfiguration
	switch {
	case !slices.Contains(t.Type.Values(), t.Type):
		return invalid("The type of thresholdConfiguration should be one of %v.", t.Type.Values())
	case t.Value < 1 || t.Type != types.ThresholdTypeCount && t.Value > 100:
		return invalid("The value of thresholdConfiguration should be at least 1, and at most 100 for a percentage.")
	}
	return nil
}

// checkDesired bounds a desired count.
func checkDesired(n int32) error {
	switch {
	case n < 0:
		return invalid("The desiredCount cannot be less than 0.")
	case n > maxDesired:
		return invalid("The desiredCount cannot be greater than %d.", maxDesired)
	}
	return nil
}

// checkBalancers checks a service's load balancers against its definition and
// the target groups there are.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html
func checkBalancers(r store.Reader, scope state.Scope, given []types.LoadBalancer, def types.TaskDefinition) error {
	if len(given) > maxTargetGroups {
		return invalid("load balancers can have at most %d items.", maxTargetGroups)
	}
	for _, lb := range given {
		name, arn := aws.ToString(lb.ContainerName), aws.ToString(lb.TargetGroupArn)
		if arn == "" {
			return invalid("targetGroupArn can not be blank.")
		}
		if name == "" || lb.ContainerPort == nil {
			return invalid("Both containerName and containerPort must be specified for a load balancer.")
		}
		id := state.TargetGroupID(arn)
		group, ok := store.TargetGroups.Get(r, scope.Key(id))
		switch {
		case id == "" || !ok || group.ARN != arn:
			return invalid("The specified target group does not exist.")
		case !group.Associated():
			return invalid("The target group with targetGroupArn %s does not have an associated load balancer.", arn)
		}
		i := slices.IndexFunc(def.ContainerDefinitions, func(c types.ContainerDefinition) bool { return aws.ToString(c.Name) == name })
		if i < 0 {
			return invalid("The container %s does not exist in the task definition.", name)
		}
		if !slices.ContainsFunc(def.ContainerDefinitions[i].PortMappings, func(p types.PortMapping) bool { return aws.ToInt32(p.ContainerPort) == *lb.ContainerPort }) {
			return invalid("The container %s did not have a container port %d defined.", name, *lb.ContainerPort)
		}
		if awsvpc := networkMode(def) == types.NetworkModeAwsvpc; awsvpc && group.Type != "ip" {
			return invalid("The provided target group %s has target type %s, which is incompatible with the awsvpc network mode specified in the task definition.", arn, group.Type)
		} else if !awsvpc && group.Type != "instance" {
			return invalid("The provided target group %s has target type %s, which is incompatible with the %s network mode specified in the task definition.", arn, group.Type, networkMode(def))
		}
	}
	return nil
}

// launchOf resolves how a service's tasks come: by a launch type or a strategy
// of capacity providers, the cluster's when neither is given.
func launchOf(cluster state.Cluster, kind types.LaunchType, strategy []types.CapacityProviderStrategyItem) (types.LaunchType, []types.CapacityProviderStrategyItem, error) {
	switch {
	case kind != "" && !slices.Contains(kind.Values(), kind):
		return "", nil, client("launch type should be one of %v", kind.Values())
	case kind != "" && len(strategy) > 0:
		return "", nil, invalid("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	case kind != "":
		return kind, nil, nil
	case len(strategy) == 0:
		strategy = cluster.DefaultCapacityProviderStrategy
	}
	if len(strategy) == 0 {
		return types.LaunchTypeEc2, nil, nil
	}
	return "", strategy, checkStrategy(strategy, cluster.CapacityProviders)
}

// checkPropagate checks propagateTags of a service.
func checkPropagate(p types.PropagateTags) error {
	if p != "" && !slices.Contains(p.Values(), p) {
		return invalid("propagateTags should be one of %v.", p.Values())
	}
	return nil
}

func checkRebalancing(r types.AvailabilityZoneRebalancing) error {
	if r != "" && !slices.Contains(r.Values(), r) {
		return invalid("availabilityZoneRebalancing should be one of %v.", r.Values())
	}
	return nil
}
