package taskdef

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// complete fills in what AWS fills in: the lists it always returns, essential,
// port protocols and host ports, health check times.
func complete(def *types.TaskDefinition) {
	def.Volumes = list(def.Volumes)
	def.PlacementConstraints = list(def.PlacementConstraints)
	for i := range def.ContainerDefinitions {
		c := &def.ContainerDefinitions[i]
		c.Environment = list(c.Environment)
		c.MountPoints = list(c.MountPoints)
		c.VolumesFrom = list(c.VolumesFrom)
		c.SystemControls = list(c.SystemControls)
		if c.Essential == nil {
			c.Essential = aws.Bool(true)
		}
		c.PortMappings = list(slices.Clone(c.PortMappings))
		for j := range c.PortMappings {
			completePort(&c.PortMappings[j], def.NetworkMode)
		}
		c.HealthCheck = completeHealth(c.HealthCheck)
	}
}

func completePort(p *types.PortMapping, mode types.NetworkMode) {
	if p.Protocol == "" {
		p.Protocol = types.TransportProtocolTcp
	}
	if p.ContainerPortRange != nil {
		return
	}
	if aws.ToInt32(p.HostPort) != 0 {
		return
	}
	p.HostPort = aws.Int32(0)
	if mode == types.NetworkModeAwsvpc || mode == types.NetworkModeHost {
		p.HostPort = p.ContainerPort
	}
}

func completeHealth(h *types.HealthCheck) *types.HealthCheck {
	if h == nil || (len(h.Command) == 0 && h.Interval == nil && h.Timeout == nil && h.Retries == nil && h.StartPeriod == nil) {
		return nil
	}
	out := *h
	out.Interval = orElse(h.Interval, 30)
	out.Timeout = orElse(h.Timeout, 5)
	out.Retries = orElse(h.Retries, 3)
	return &out
}

func orElse(v *int32, otherwise int32) *int32 {
	if v == nil {
		return &otherwise
	}
	return v
}

// list makes an absent list an empty one, which is returned as [].
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
