package ecs

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/sched"
)

const maxConstraints = 10

// checkPlacement checks placement constraints and strategies.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementStrategy.html
func checkPlacement(constraints []types.PlacementConstraint, strategies []types.PlacementStrategy) error {
	if len(constraints) > maxConstraints {
		return invalid("placementConstraints can have at most %d items.", maxConstraints)
	}
	if len(strategies) > sched.MaxStrategies {
		return invalid("placementStrategy can have at most %d items.", sched.MaxStrategies)
	}
	for _, c := range constraints {
		if !slices.Contains(c.Type.Values(), c.Type) {
			return invalid("The placement constraint type should be one of %v.", c.Type.Values())
		}
		if c.Type == types.PlacementConstraintTypeDistinctInstance && aws.ToString(c.Expression) != "" {
			return invalid("The placement constraint distinctInstance takes no expression.")
		}
		if c.Type == types.PlacementConstraintTypeMemberOf {
			if _, err := parseQuery(c.Expression); err != nil {
				return err
			}
		}
	}
	for _, s := range strategies {
		field := aws.ToString(s.Field)
		switch s.Type {
		case types.PlacementStrategyTypeRandom:
			if field != "" {
				return invalid("The placement strategy random takes no field.")
			}
		case types.PlacementStrategyTypeBinpack:
			if field != "cpu" && field != "memory" && field != "CPU" && field != "MEMORY" {
				return invalid("The field of the placement strategy binpack should be one of [cpu memory].")
			}
		case types.PlacementStrategyTypeSpread:
			if _, attribute := strings.CutPrefix(field, "attribute:"); field != "instanceId" && field != "host" && !attribute {
				return invalid("The placement strategy spread needs a field: instanceId, host or an attribute.")
			}
		default:
			return invalid("The placement strategy type should be one of %v.", s.Type.Values())
		}
	}
	return nil
}

// distinct tells whether the tasks must be on instances without another task
// of their group.
func (l launch) distinct() bool {
	return slices.ContainsFunc(l.in.PlacementConstraints, func(c types.PlacementConstraint) bool {
		return c.Type == types.PlacementConstraintTypeDistinctInstance
	})
}

// strategies are those of the request. Without one RunTask places at random,
// and a service over zones and then instances.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html
func (l launch) strategies() (out []sched.Strategy) {
	for _, s := range l.in.PlacementStrategy {
		field := aws.ToString(s.Field)
		switch {
		case field == "host":
			field = sched.ByInstance
		case s.Type == types.PlacementStrategyTypeBinpack:
			field = strings.ToLower(field)
		}
		out = append(out, sched.Strategy{Type: string(s.Type), Field: field})
	}
	switch {
	case len(out) > 0:
		return out
	case strings.HasPrefix(aws.ToString(l.in.Group), "service:"):
		return []sched.Strategy{{Type: sched.Spread, Field: sched.ByZone}, {Type: sched.Spread, Field: sched.ByInstance}}
	}
	return []sched.Strategy{{Type: sched.Random}}
}
