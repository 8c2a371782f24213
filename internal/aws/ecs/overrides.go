package ecs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
	"github.com/hatoba/hatoba/internal/aws/ecs/taskdef"
	"github.com/hatoba/hatoba/internal/state"
)

const maxOverrides = 8192

// size is what a task asks for after overrides.
type size struct{ cpu, memory string }

// checkOverrides checks RunTask's overrides against the definition and returns
// the task's effective size.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
func checkOverrides(o *types.TaskOverride, def types.TaskDefinition, kind types.LaunchType) (size, error) {
	out := size{aws.ToString(def.Cpu), aws.ToString(def.Memory)}
	if o == nil {
		return out, nil
	}
	n, err := fields.JSONSize(o)
	if err != nil {
		return out, err
	}
	if n > maxOverrides {
		return out, invalid("The overrides have %d characters. The maximum is %d.", n, maxOverrides)
	}
	role := def.ExecutionRoleArn
	if o.ExecutionRoleArn != nil {
		role = o.ExecutionRoleArn
	}
	for _, c := range o.ContainerOverrides {
		if err := checkContainerOverride(c, def, role); err != nil {
			return out, err
		}
	}
	if err := taskdef.CheckEphemeralStorage(o.EphemeralStorage); err != nil {
		return out, err
	}
	if out, err = overrideSize(out, o); err != nil {
		return out, err
	}
	if kind == types.LaunchTypeFargate {
		if err := taskdef.CheckFargateSize(out.cpu, out.memory); err != nil {
			return out, err
		}
	}
	return out, checkContainersFit(o, def, out)
}

func checkContainerOverride(c types.ContainerOverride, def types.TaskDefinition, role *string) error {
	name := aws.ToString(c.Name)
	if name == "" {
		return invalid("Container override name can not be empty.")
	}
	known := slices.ContainsFunc(def.ContainerDefinitions, func(d types.ContainerDefinition) bool { return aws.ToString(d.Name) == name })
	if !known {
		return invalid("Override for container named %s is not a container in the TaskDefinition.", name)
	}
	for _, e := range c.Environment {
		if aws.ToString(e.Name) == "" {
			return invalid("Environment variable names can not be empty (override of container %s).", name)
		}
	}
	if err := taskdef.CheckEnvironmentFiles(c.EnvironmentFiles, role); err != nil {
		return invalid("%s (override of container %s)", err, name)
	}
	for _, v := range []*int32{c.Cpu, c.Memory, c.MemoryReservation} {
		if v != nil && *v < 0 {
			return invalid("The cpu and memory of an override can not be negative (container %s).", name)
		}
	}
	return nil
}

func overrideSize(out size, o *types.TaskOverride) (size, error) {
	cpu, err := taskdef.Size("cpu", aws.ToString(o.Cpu))
	if err != nil {
		return out, err
	}
	memory, err := taskdef.Size("memory", aws.ToString(o.Memory))
	if err != nil {
		return out, err
	}
	if cpu != "" {
		out.cpu = cpu
	}
	if memory != "" {
		out.memory = memory
	}
	return out, nil
}

// checkContainersFit keeps the overridden containers inside the task.
func checkContainersFit(o *types.TaskOverride, def types.TaskDefinition, s size) error {
	task := state.Task{Spec: state.TaskSpec{Overrides: o}}
	var cpu int64
	for _, c := range state.Effective(task, state.TaskDefinition{Definition: def}) {
		cpu += c.CPU
		if s.memory != "" && max(c.MemoryMiB, c.ReservationMiB) > state.Units(s.memory) {
			return invalid("Invalid setting for container '%s'. The 'memory' and 'memoryReservation' cannot be greater than the value of the task 'memory'.", c.Name)
		}
	}
	if s.cpu != "" && cpu > state.Units(s.cpu) {
		return invalid("The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.")
	}
	return nil
}

// echoed is the overrides as a task shows them: one entry for each container.
func echoed(o *types.TaskOverride, def types.TaskDefinition) *types.TaskOverride {
	out := &types.TaskOverride{}
	if o != nil {
		copied := *o
		out = &copied
	}
	given := out.ContainerOverrides
	out.ContainerOverrides = []types.ContainerOverride{}
	for _, c := range def.ContainerDefinitions {
		entry := types.ContainerOverride{Name: c.Name}
		for _, g := range given {
			if aws.ToString(g.Name) == aws.ToString(c.Name) {
				entry = g
			}
		}
		out.ContainerOverrides = append(out.ContainerOverrides, entry)
	}
	return out
}
