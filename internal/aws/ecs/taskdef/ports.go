package taskdef

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

var portName = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,63}$`)

const maxPortRanges = 100

// span is a run of ports of one protocol.
type span struct {
	protocol    types.TransportProtocol
	first, last int32
}

func checkPorts(def types.TaskDefinition) error {
	names := map[string]bool{}
	for _, c := range def.ContainerDefinitions {
		if len(c.PortMappings) > 0 && def.NetworkMode == types.NetworkModeNone {
			return refuseContainer(c, "Port mappings are not allowed when networkMode=none.")
		}
		var taken []span
		ranges := 0
		for _, p := range c.PortMappings {
			s, err := checkPort(c, p, def.NetworkMode)
			if err != nil {
				return err
			}
			if s.first != s.last {
				ranges++
			}
			for _, t := range taken {
				if t.protocol == s.protocol && s.first <= t.last && t.first <= s.last {
					return refuseContainer(c, "The container port %d/%s is mapped more than once.", max(s.first, t.first), s.protocol)
				}
			}
			taken = append(taken, s)
			if n := aws.ToString(p.Name); n != "" {
				if !portName.MatchString(n) {
					return refuseContainer(c, "The port mapping name '%s' is invalid. Up to 64 lowercase letters, numbers, underscores and hyphens are allowed, not starting with a hyphen.", n)
				}
				if names[n] {
					return refuse("The port mapping name '%s' is used more than once.", n)
				}
				names[n] = true
			}
		}
		if ranges > maxPortRanges {
			return refuseContainer(c, "At most %d container port ranges are allowed.", maxPortRanges)
		}
	}
	return nil
}

func checkPort(c types.ContainerDefinition, p types.PortMapping, mode types.NetworkMode) (span, error) {
	if err := oneOf("protocol", p.Protocol, p.Protocol.Values()); err != nil {
		return span{}, err
	}
	if err := oneOf("appProtocol", p.AppProtocol, p.AppProtocol.Values()); err != nil {
		return span{}, err
	}
	if p.ContainerPortRange != nil {
		if mode == types.NetworkModeHost {
			return span{}, refuseContainer(c, "The 'containerPortRange' is only supported when networkMode is bridge or awsvpc.")
		}
		return checkRange(c, p)
	}
	port, host := aws.ToInt32(p.ContainerPort), aws.ToInt32(p.HostPort)
	if port < 1 || port > 65535 || host < 0 || host > 65535 {
		return span{}, refuseContainer(c, "The container and host ports of a port mapping must be between 1 and 65535.")
	}
	if host != port {
		switch mode {
		case types.NetworkModeAwsvpc, types.NetworkModeHost:
			return span{}, refuse("When networkMode=%s, the host ports and container ports in port mappings must match.", mode)
		}
	}
	return span{p.Protocol, port, port}, nil
}

func checkRange(c types.ContainerDefinition, p types.PortMapping) (span, error) {
	if aws.ToInt32(p.ContainerPort) != 0 || aws.ToInt32(p.HostPort) != 0 {
		return span{}, refuseContainer(c, "A port mapping with a containerPortRange cannot have a containerPort or hostPort.")
	}
	first, last, err := portRange(*p.ContainerPortRange)
	if err != nil {
		return span{}, refuseContainer(c, "The containerPortRange '%s' is invalid: %s.", *p.ContainerPortRange, err)
	}
	return span{p.Protocol, first, last}, nil
}

func portRange(text string) (first, last int32, err error) {
	a, b, ok := strings.Cut(text, "-")
	x, errA := strconv.ParseUint(a, 10, 16)
	y, errB := strconv.ParseUint(b, 10, 16)
	switch {
	case !ok || errA != nil || errB != nil || x < 1:
		return 0, 0, fmt.Errorf("it must be two ports between 1 and 65535, as in 8000-8010")
	case x >= y:
		return 0, 0, fmt.Errorf("the first port must be less than the last")
	}
	return int32(x), int32(y), nil
}
