package ecs

import (
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

var (
	discoveryName = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,63}$`)
	aliasName     = regexp.MustCompile(`^[a-z0-9_.][a-z0-9_.-]{0,126}$`)
)

const maxTimeoutSeconds = 2147483647

// checkConnect checks what a configuration of Service Connect says by itself.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectConfiguration.html
func checkConnect(c *types.ServiceConnectConfiguration) error {
	if c == nil {
		return nil
	}
	if !c.Enabled && len(c.Services) > 0 {
		return invalid("Service Connect services cannot be specified when Service Connect is not enabled.")
	}
	discovery, aliases := map[string]bool{}, map[aliasKey]bool{}
	for _, s := range c.Services {
		port, name := aws.ToString(s.PortName), aws.ToString(s.DiscoveryName)
		if port == "" {
			return invalid("portName can not be blank.")
		}
		if name == "" {
			name = port
		}
		switch {
		case !discoveryName.MatchString(name):
			return invalid("The discoveryName '%s' is invalid. Up to 64 lowercase letters, numbers, underscores and hyphens are allowed, not starting with a hyphen.", name)
		case discovery[name]:
			return invalid("The discoveryName '%s' is used more than once in the Service Connect configuration.", name)
		case len(s.ClientAliases) > 1:
			return invalid("clientAliases can have at most 1 items.")
		case s.IngressPortOverride != nil && !isPort(*s.IngressPortOverride):
			return invalid("ingressPortOverride must be between 1 and 65535.")
		}
		discovery[name] = true
		for _, a := range s.ClientAliases {
			switch dns := aws.ToString(a.DnsName); {
			case a.Port == nil || !isPort(*a.Port):
				return invalid("The port of a client alias must be between 1 and 65535.")
			case dns != "" && !aliasName.MatchString(dns):
				return invalid("The dnsName '%s' is invalid. Up to 127 lowercase letters, numbers, underscores, hyphens and periods are allowed, not starting with a hyphen.", dns)
			case dns != "" && aliases[aliasKey{dns, *a.Port}]:
				return invalid("The client alias %s:%d is used more than once in the Service Connect configuration.", dns, *a.Port)
			default:
				aliases[aliasKey{dns, *a.Port}] = true
			}
		}
		if err := checkTimeout(s.Timeout); err != nil {
			return err
		}
	}
	return nil
}

// aliasKey is what a client alias is told apart by.
type aliasKey struct {
	name string
	port int32
}

func isPort(n int32) bool { return n >= 1 && n <= 65535 }

func checkTimeout(t *types.TimeoutConfiguration) error {
	if t == nil {
		return nil
	}
	for _, v := range []*int32{t.IdleTimeoutSeconds, t.PerRequestTimeoutSeconds} {
		if v != nil && *v < 0 {
			return invalid("The timeouts of Service Connect must be between 0 and %d seconds.", maxTimeoutSeconds)
		}
	}
	return nil
}

// namedPort finds the port mapping of a name and its container.
func namedPort(def types.TaskDefinition, name string) (types.PortMapping, types.ContainerDefinition, bool) {
	for _, c := range def.ContainerDefinitions {
		i := slices.IndexFunc(c.PortMappings, func(p types.PortMapping) bool { return aws.ToString(p.Name) == name })
		if i >= 0 {
			return c.PortMappings[i], c, true
		}
	}
	return types.PortMapping{}, types.ContainerDefinition{}, false
}

// checkConnectPort checks a service of Service Connect against the definition
// that its tasks are made of.
func checkConnectPort(s types.ServiceConnectService, def types.TaskDefinition) error {
	name := aws.ToString(s.PortName)
	p, _, ok := namedPort(def, name)
	switch {
	case !ok:
		return invalid("The portName '%s' in the Service Connect configuration does not match the name of any port mapping in the task definition.", name)
	case p.Protocol == types.TransportProtocolUdp:
		return invalid("The port mapping '%s' has the protocol udp. Service Connect supports tcp only.", name)
	case p.ContainerPortRange != nil:
		return invalid("The port mapping '%s' has a containerPortRange. Service Connect needs a containerPort.", name)
	case p.AppProtocol == "" && s.Timeout != nil && aws.ToInt32(s.Timeout.PerRequestTimeoutSeconds) != 0:
		return invalid("perRequestTimeoutSeconds can only be set when the appProtocol of the port mapping '%s' is not TCP.", name)
	}
	if s.IngressPortOverride == nil {
		return nil
	}
	if networkMode(def) != types.NetworkModeAwsvpc {
		return invalid("ingressPortOverride is not supported by Hatoba with networkMode=%s: the port of the machine that the mapping has is used; remove it.", networkMode(def))
	}
	for _, c := range def.ContainerDefinitions {
		if slices.ContainsFunc(c.PortMappings, func(m types.PortMapping) bool { return aws.ToInt32(m.ContainerPort) == *s.IngressPortOverride }) {
			return invalid("The ingressPortOverride %d is a containerPort of the task definition.", *s.IngressPortOverride)
		}
	}
	return nil
}
