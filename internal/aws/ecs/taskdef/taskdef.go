// Package taskdef checks and completes a task definition as
// RegisterTaskDefinition does. It is pure: the same input gives the same
// definition or the same error, in AWS's words where they are known.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
package taskdef

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
)

const (
	maxContainers = 10
	maxBytes      = 64 << 10
)

// Name is what AWS allows as the name of a family, container or volume.
var name = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)

// refusals is the table of what is not supported.
var refusals = fields.RegisterTaskDefinition()

// Build returns the definition that in describes, complete but for what the
// registration itself gives: revision, ARN, status, time and registrar. in is
// left as it is. The error is a *types.ClientException.
func Build(in *ecs.RegisterTaskDefinitionInput) (types.TaskDefinition, error) {
	def := types.TaskDefinition{
		Family: in.Family, TaskRoleArn: absentIfEmpty(in.TaskRoleArn), ExecutionRoleArn: absentIfEmpty(in.ExecutionRoleArn),
		NetworkMode: in.NetworkMode, ContainerDefinitions: slices.Clone(in.ContainerDefinitions),
		Volumes: slices.Clone(in.Volumes), PlacementConstraints: in.PlacementConstraints,
		RequiresCompatibilities: in.RequiresCompatibilities, Cpu: in.Cpu, Memory: in.Memory,
		PidMode: in.PidMode, IpcMode: in.IpcMode, EphemeralStorage: in.EphemeralStorage,
		RuntimePlatform: in.RuntimePlatform, EnableFaultInjection: in.EnableFaultInjection,
	}
	if err := checkShape(in); err != nil {
		return def, err
	}
	if err := normalizeSize(&def); err != nil {
		return def, err
	}
	complete(&def)
	wantsFargate := slices.Contains(def.RequiresCompatibilities, types.CompatibilityFargate)
	if err := checkFargateTask(def); wantsFargate && err != nil {
		return def, err
	}
	for _, check := range checks() {
		if err := check(def); err != nil {
			return def, err
		}
	}
	unfit := checkFargate(def)
	if wantsFargate && unfit != nil {
		return def, unfit
	}
	if r := refusals.Check(in); r != nil {
		return def, refuse("%s", r)
	}
	def.Compatibilities = compatibilities(def, unfit == nil)
	def.RequiresAttributes = attributes(def)
	return def, nil
}

// checks run in this order; the first complaint is the answer.
func checks() []func(types.TaskDefinition) error {
	return []func(types.TaskDefinition) error{
		checkContainers, checkMemory, checkPorts, checkHealth, checkDependencies,
		checkEnvironment, checkLogs, checkVolumes, checkEFS, checkLimits, checkRestart, checkSystemControls, checkNetworking, checkInstance,
	}
}

func checkShape(in *ecs.RegisterTaskDefinitionInput) error {
	if aws.ToString(in.Family) == "" {
		return refuse("Family should not be null or empty.")
	}
	if !name.MatchString(*in.Family) {
		return refuse("Family contains invalid characters. Up to 255 letters (uppercase and lowercase), numbers, hyphens, and underscores are allowed.")
	}
	if len(in.ContainerDefinitions) == 0 {
		return refuse("Container definitions should not be empty")
	}
	if n := len(in.ContainerDefinitions); n > maxContainers {
		return refuse("Too many container definitions: %d. A task definition can have at most %d.", n, maxContainers)
	}
	size, err := fields.JSONSize(in)
	if err != nil {
		return err
	}
	if size > maxBytes {
		return refuse("Actual length: '%d'. Max allowed length is '%d' bytes.", size, maxBytes)
	}
	for _, c := range in.RequiresCompatibilities {
		if err := oneOf("requiresCompatibilities", c, c.Values()); err != nil {
			return err
		}
	}
	if err := oneOf("networkMode", in.NetworkMode, in.NetworkMode.Values()); err != nil {
		return err
	}
	if err := oneOf("pidMode", in.PidMode, in.PidMode.Values()); err != nil {
		return err
	}
	if err := oneOf("ipcMode", in.IpcMode, in.IpcMode.Values()); err != nil {
		return err
	}
	return checkPlatform(in.RuntimePlatform)
}

func checkPlatform(p *types.RuntimePlatform) error {
	if p == nil {
		return nil
	}
	if err := oneOf("runtimePlatform.cpuArchitecture", p.CpuArchitecture, p.CpuArchitecture.Values()); err != nil {
		return err
	}
	return oneOf("runtimePlatform.operatingSystemFamily", p.OperatingSystemFamily, p.OperatingSystemFamily.Values())
}

// refuse is AWS's answer to nearly every broken rule.
func refuse(format string, args ...any) error {
	return &types.ClientException{Message: aws.String(fmt.Sprintf(format, args...))}
}

// refuseContainer is refuse in the form AWS uses for a container's setting.
func refuseContainer(c types.ContainerDefinition, format string, args ...any) error {
	return refuse("Invalid setting for container '%s'. %s", aws.ToString(c.Name), fmt.Sprintf(format, args...))
}

func oneOf[E ~string](field string, value E, allowed []E) error {
	if value == "" || slices.Contains(allowed, value) {
		return nil
	}
	return refuse("%s should be one of %v.", field, allowed)
}

func absentIfEmpty(s *string) *string {
	if aws.ToString(s) == "" {
		return nil
	}
	return s
}
