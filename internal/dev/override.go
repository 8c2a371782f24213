package dev

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

var ecrHost = regexp.MustCompile(`^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/`)

// Target finds the container whose image is built: the one that is named, the
// only one, or the only one whose image is in ECR, where a team's own images are.
func (p *Project) Target() (*ecstypes.ContainerDefinition, error) {
	all := p.TaskDef.ContainerDefinitions
	names := make([]string, len(all))
	var own []int
	for i, c := range all {
		names[i] = aws.ToString(c.Name)
		if names[i] == p.Settings.Container && names[i] != "" {
			return &all[i], nil
		}
		if ecrHost.MatchString(aws.ToString(c.Image)) {
			own = append(own, i)
		}
	}
	switch {
	case len(all) == 0:
		return nil, errors.New("the task definition has no containerDefinitions")
	case p.Settings.Container != "":
		return nil, fmt.Errorf("there is no container %s; there is %s", p.Settings.Container, strings.Join(names, ", "))
	case len(all) == 1:
		return &all[0], nil
	case len(own) == 1:
		return &all[own[0]], nil
	}
	return nil, fmt.Errorf("which of %s is built here? Say so with --container, or container: in %s", strings.Join(names, ", "), SettingsName)
}

// Repository is the repository of a reference, without registry, tag and digest.
func Repository(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndex(ref, ":"); i > strings.LastIndex(ref, "/") {
		ref = ref[:i]
	}
	host, rest, ok := strings.Cut(ref, "/")
	if ok && (strings.ContainsAny(host, ".:") || host == "localhost") {
		ref = rest
	}
	return strings.TrimPrefix(ref, "library/")
}

// Override is what a loop changes of a definition, outside of its file.
type Override struct {
	Container string // that is built
	Image     string
	Env       map[string]string
	Mounts    []Mount // sources are absolute
	Role      string  // execution role, where an ECR image asks for one and there is none
	LogGroup  string  // for containers that log nowhere
	Region    string
}

// Apply gives the definition to register. What is given stays as it was.
func (o Override) Apply(given *ecs.RegisterTaskDefinitionInput) (*ecs.RegisterTaskDefinitionInput, error) {
	def, err := copied(given)
	if err != nil {
		return nil, err
	}
	for i := range def.ContainerDefinitions {
		c := &def.ContainerDefinitions[i]
		if c.LogConfiguration == nil {
			c.LogConfiguration = &ecstypes.LogConfiguration{LogDriver: ecstypes.LogDriverAwslogs, Options: map[string]string{
				"awslogs-group": o.LogGroup, "awslogs-region": o.Region, "awslogs-stream-prefix": "dev", "awslogs-create-group": "true",
			}}
		}
		if aws.ToString(c.Name) != o.Container {
			continue
		}
		c.Image = &o.Image
		c.Environment = withEnv(c.Environment, o.Env)
		c.Secrets = slices.DeleteFunc(c.Secrets, func(s ecstypes.Secret) bool { _, ok := o.Env[aws.ToString(s.Name)]; return ok })
		for n, m := range o.Mounts {
			volume := fmt.Sprintf("hatoba-dev-%d", n)
			def.Volumes = append(def.Volumes, ecstypes.Volume{Name: &volume, Host: &ecstypes.HostVolumeProperties{SourcePath: aws.String(m.Source)}})
			c.MountPoints = append(slices.DeleteFunc(c.MountPoints, func(p ecstypes.MountPoint) bool {
				return path.Clean(aws.ToString(p.ContainerPath)) == path.Clean(m.Path)
			}), ecstypes.MountPoint{SourceVolume: &volume, ContainerPath: aws.String(m.Path), ReadOnly: aws.Bool(m.ReadOnly)})
		}
	}
	if def.ExecutionRoleArn == nil && slices.ContainsFunc(def.ContainerDefinitions, func(c ecstypes.ContainerDefinition) bool {
		return ecrHost.MatchString(aws.ToString(c.Image)) || c.LogConfiguration.LogDriver == ecstypes.LogDriverAwslogs
	}) && slices.Contains(def.RequiresCompatibilities, ecstypes.CompatibilityFargate) {
		def.ExecutionRoleArn = &o.Role
	}
	if len(o.Mounts) > 0 { // Fargate has no folders of the machine
		def.RequiresCompatibilities = []ecstypes.Compatibility{ecstypes.CompatibilityEc2}
		def.EphemeralStorage = nil
	}
	return def, nil
}

// withEnv sets variables, in the order of their names behind those there are.
func withEnv(given []ecstypes.KeyValuePair, env map[string]string) []ecstypes.KeyValuePair {
	given = slices.DeleteFunc(given, func(kv ecstypes.KeyValuePair) bool { _, ok := env[aws.ToString(kv.Name)]; return ok })
	for _, name := range slices.Sorted(maps.Keys(env)) {
		given = append(given, ecstypes.KeyValuePair{Name: aws.String(name), Value: aws.String(env[name])})
	}
	return given
}

func copied(given *ecs.RegisterTaskDefinitionInput) (*ecs.RegisterTaskDefinitionInput, error) {
	text, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	out := &ecs.RegisterTaskDefinitionInput{}
	return out, json.Unmarshal(text, out)
}

// Onto gives a service definition for tasks with mounts: they run as type EC2.
func (o Override) Onto(s ecs.CreateServiceInput) ecs.CreateServiceInput {
	if len(o.Mounts) == 0 {
		return s
	}
	s.LaunchType, s.CapacityProviderStrategy, s.PlatformVersion = ecstypes.LaunchTypeEc2, nil, nil
	s.NetworkConfiguration = Private(s.NetworkConfiguration)
	return s
}

// Private is a network configuration without public addresses, which tasks of
// type EC2 cannot have.
func Private(n *ecstypes.NetworkConfiguration) *ecstypes.NetworkConfiguration {
	if n == nil || n.AwsvpcConfiguration == nil {
		return n
	}
	v := *n.AwsvpcConfiguration
	v.AssignPublicIp = ""
	return &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &v}
}

// absolute makes the mounts' sources absolute, from the project's folder.
func (p *Project) absolute(mounts []Mount) ([]Mount, error) {
	out := slices.Clone(mounts)
	for i := range out {
		abs, err := filepath.Abs(p.at(out[i].Source))
		if err != nil {
			return nil, err
		}
		out[i].Source = abs
	}
	return out, nil
}
