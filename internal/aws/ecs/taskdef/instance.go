package taskdef

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/clusterquery"
	"github.com/hatoba/hatoba/internal/state"
)

var hostName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,253}[a-zA-Z0-9])?$`)

// checkInstance checks what only container instances have: links, names and
// devices of the machine, its memory and its volumes.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters_ec2.html
func checkInstance(def types.TaskDefinition) error {
	checks := []func(types.TaskDefinition, types.ContainerDefinition) error{checkLinks, checkNames, checkSecurity, checkDevices, checkShared}
	for _, c := range def.ContainerDefinitions {
		for _, s := range c.SystemControls {
			net := strings.HasPrefix(aws.ToString(s.Namespace), "net.")
			if net && def.NetworkMode == types.NetworkModeHost {
				return refuseContainer(c, "The system control '%s' is not supported when networkMode=host.", *s.Namespace)
			}
			if !net && def.IpcMode == types.IpcModeHost {
				return refuseContainer(c, "The system control '%s' is not supported when ipcMode=host.", aws.ToString(s.Namespace))
			}
		}
		for _, check := range checks {
			if err := check(def, c); err != nil {
				return err
			}
		}
	}
	if err := checkLinkOrder(def); err != nil {
		return err
	}
	if err := checkConstraints(def); err != nil {
		return err
	}
	return checkDockerVolumes(def)
}

// maxConstraints bounds those of a definition.
const maxConstraints = 10

// checkConstraints reads the expressions of placement constraints, of which a
// definition has the type memberOf only.
func checkConstraints(def types.TaskDefinition) error {
	if len(def.PlacementConstraints) > maxConstraints {
		return refuse("placementConstraints can have at most %d items.", maxConstraints)
	}
	for _, c := range def.PlacementConstraints {
		if err := oneOf("placementConstraints type", c.Type, c.Type.Values()); err != nil {
			return err
		}
		if _, err := clusterquery.Parse(aws.ToString(c.Expression)); err != nil {
			return refuse("Invalid expression '%s': %s.", aws.ToString(c.Expression), err)
		}
	}
	return nil
}

func checkLinks(def types.TaskDefinition, c types.ContainerDefinition) error {
	for _, text := range c.Links {
		link := state.ParseLink(text)
		known := slices.ContainsFunc(def.ContainerDefinitions, func(d types.ContainerDefinition) bool { return aws.ToString(d.Name) == link.Container })
		switch {
		case state.NetworkMode(def) != string(types.NetworkModeBridge):
			return refuseContainer(c, "The 'links' parameter is only supported when networkMode=bridge.")
		case !known:
			return refuseContainer(c, "Unknown container '%s' in 'links'.", link.Container)
		case !hostName.MatchString(link.Alias):
			return refuseContainer(c, "The alias '%s' in 'links' is not a host name.", link.Alias)
		}
	}
	return nil
}

// checkLinkOrder treats links as what they are: a wait for the other's start.
func checkLinkOrder(def types.TaskDefinition) error {
	def.ContainerDefinitions = slices.Clone(def.ContainerDefinitions)
	for i := range def.ContainerDefinitions {
		c := &def.ContainerDefinitions[i]
		c.DependsOn = slices.Clone(c.DependsOn)
		for _, text := range c.Links {
			c.DependsOn = append(c.DependsOn, types.ContainerDependency{
				ContainerName: aws.String(state.ParseLink(text).Container), Condition: types.ContainerConditionStart,
			})
		}
	}
	return checkDependencies(def)
}

func checkNames(def types.TaskDefinition, c types.ContainerDefinition) error {
	if h := aws.ToString(c.Hostname); h != "" && !hostName.MatchString(h) {
		return refuseContainer(c, "The 'hostname' '%s' is not a host name.", h)
	}
	for _, e := range c.ExtraHosts {
		if _, err := netip.ParseAddr(aws.ToString(e.IpAddress)); err != nil || !hostName.MatchString(aws.ToString(e.Hostname)) {
			return refuseContainer(c, "The 'extraHosts' entry '%s' must have a host name and an IP address.", aws.ToString(e.Hostname))
		}
	}
	if !aws.ToBool(c.DisableNetworking) {
		return nil
	}
	if state.NetworkMode(def) != string(types.NetworkModeBridge) {
		return refuseContainer(c, "The 'disableNetworking' parameter is only supported when networkMode=bridge.")
	}
	if len(c.PortMappings)+len(c.Links) > 0 {
		return refuseContainer(c, "A container with 'disableNetworking' can have neither port mappings nor links.")
	}
	return nil
}

// checkSecurity takes what the machine can do: it has neither SELinux labels
// nor AppArmor profiles of ours.
func checkSecurity(_ types.TaskDefinition, c types.ContainerDefinition) error {
	for _, option := range c.DockerSecurityOptions {
		if option != "no-new-privileges" && option != "no-new-privileges:true" {
			return refuse("containerDefinitions['%s'].dockerSecurityOptions '%s' is not supported by Hatoba: there are no SELinux labels, AppArmor profiles or credential specs; use 'no-new-privileges'", aws.ToString(c.Name), option)
		}
	}
	return nil
}

func checkDevices(_ types.TaskDefinition, c types.ContainerDefinition) error {
	if c.LinuxParameters == nil {
		return nil
	}
	for _, d := range c.LinuxParameters.Devices {
		host, inside := aws.ToString(d.HostPath), aws.ToString(d.ContainerPath)
		if !strings.HasPrefix(host, "/") || inside != "" && !strings.HasPrefix(inside, "/") {
			return refuseContainer(c, "The hostPath and containerPath of a device must be absolute paths; they are '%s' and '%s'.", host, inside)
		}
		for _, p := range d.Permissions {
			if !slices.Contains(p.Values(), p) {
				return refuseContainer(c, "The permissions of the device '%s' should be some of %v.", host, p.Values())
			}
		}
	}
	return nil
}

func checkShared(_ types.TaskDefinition, c types.ContainerDefinition) error {
	l := c.LinuxParameters
	if l == nil {
		return nil
	}
	switch {
	case aws.ToInt32(l.SharedMemorySize) < 0:
		return refuseContainer(c, "The 'sharedMemorySize' should not be negative.")
	case aws.ToInt32(l.MaxSwap) < 0:
		return refuseContainer(c, "The 'maxSwap' should not be negative.")
	case l.Swappiness != nil && (*l.Swappiness < 0 || *l.Swappiness > 100):
		return refuseContainer(c, "The 'swappiness' should be between 0 and 100.")
	}
	return nil
}

// checkDockerVolumes takes volumes of the driver local.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DockerVolumeConfiguration.html
func checkDockerVolumes(def types.TaskDefinition) error {
	for _, v := range def.Volumes {
		n := aws.ToString(v.Name)
		if v.Host != nil && aws.ToString(v.Host.SourcePath) != "" && !strings.HasPrefix(*v.Host.SourcePath, "/") {
			return refuse("The host.sourcePath of the volume '%s' must be an absolute path; it is '%s'.", n, *v.Host.SourcePath)
		}
		d := v.DockerVolumeConfiguration
		if d == nil {
			continue
		}
		if err := oneOf("scope", d.Scope, d.Scope.Values()); err != nil {
			return err
		}
		if aws.ToBool(d.Autoprovision) && d.Scope != types.ScopeShared {
			return refuse("The volume '%s': autoprovision is only allowed when the scope is shared.", n)
		}
	}
	return nil
}
