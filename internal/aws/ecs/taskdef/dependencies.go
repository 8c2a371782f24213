package taskdef

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// checkDependencies checks dependsOn: the targets exist and can reach the
// condition, and nothing waits for itself.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
func checkDependencies(def types.TaskDefinition) error {
	byName := map[string]types.ContainerDefinition{}
	for _, c := range def.ContainerDefinitions {
		byName[aws.ToString(c.Name)] = c
	}
	for _, c := range def.ContainerDefinitions {
		for _, d := range c.DependsOn {
			target, ok := byName[aws.ToString(d.ContainerName)]
			if !ok {
				return refuse("Cannot depend on container + '%s' because it does not exist", aws.ToString(d.ContainerName))
			}
			switch d.Condition {
			case types.ContainerConditionStart:
			case types.ContainerConditionComplete, types.ContainerConditionSuccess:
				if aws.ToBool(target.Essential) {
					return refuse("A dependency container with SUCCESS or COMPLETE condition cannot be an essential container")
				}
			case types.ContainerConditionHealthy:
				if target.HealthCheck == nil {
					return refuse("A dependency container with HEALTHY condition must have a health check; '%s' has none", *target.Name)
				}
			default:
				return refuseContainer(c, "The dependency condition should be one of %v.", d.Condition.Values())
			}
		}
	}
	if cycle := findCycle(def.ContainerDefinitions, byName); cycle != nil {
		return refuse("Container dependencies cannot be circular: %s", strings.Join(cycle, " -> "))
	}
	return nil
}

// findCycle returns the names along a cycle, nil when there is none.
func findCycle(all []types.ContainerDefinition, byName map[string]types.ContainerDefinition) []string {
	finished := map[string]bool{}
	var path []string
	var visit func(name string) []string
	visit = func(name string) []string {
		if i := slices.Index(path, name); i >= 0 {
			return append(slices.Clone(path[i:]), name)
		}
		if finished[name] {
			return nil
		}
		path = append(path, name)
		for _, d := range byName[name].DependsOn {
			if cycle := visit(aws.ToString(d.ContainerName)); cycle != nil {
				return cycle
			}
		}
		path = path[:len(path)-1]
		finished[name] = true
		return nil
	}
	for _, c := range all {
		if cycle := visit(aws.ToString(c.Name)); cycle != nil {
			return cycle
		}
	}
	return nil
}
