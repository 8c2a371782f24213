package ecs

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// checkRegistries checks a service's registry against its definition and the
// Cloud Map services there are.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRegistry.html
func checkRegistries(r store.Reader, scope state.Scope, given []types.ServiceRegistry, def types.TaskDefinition) error {
	if len(given) > 1 {
		return invalid("service registries can have at most 1 items.")
	}
	for _, registry := range given {
		arn := aws.ToString(registry.RegistryArn)
		if arn == "" {
			return invalid("registryArn can not be blank.")
		}
		svc, ok := discovery.Service(r, scope, arn)
		if !ok || svc.ARN != arn {
			return invalid("The specified service registry %s does not exist.", arn)
		}
		if err := checkRegistryPorts(registry, svc, def); err != nil {
			return err
		}
	}
	return nil
}

func checkRegistryPorts(given types.ServiceRegistry, svc state.DiscoveryService, def types.TaskDefinition) error {
	name, kinds, mode := aws.ToString(given.ContainerName), []string{}, networkMode(def)
	for _, record := range svc.Records {
		kinds = append(kinds, record.Type)
	}
	contained, srv := name != "" || given.ContainerPort != nil, slices.Contains(kinds, "SRV")
	switch {
	case slices.Contains(kinds, "CNAME") || slices.Contains(kinds, "AAAA"):
		return invalid("The service registry %s has records of the types %s: Hatoba's tasks have IPv4 addresses, and are registered by records of the type A or SRV.", *given.RegistryArn, strings.Join(kinds, ", "))
	case contained && (name == "" || given.ContainerPort == nil):
		return invalid("Both containerName and containerPort must be specified for a service registry.")
	case contained && given.Port != nil:
		return invalid("Either the containerName and containerPort combination or the port must be specified for a service registry, but not both.")
	case mode == types.NetworkModeNone:
		return invalid("The network mode none does not support service registries.")
	case mode != types.NetworkModeAwsvpc && len(kinds) > 0 && !srv:
		return invalid("The %s network mode supports service registries with records of the type SRV only.", mode)
	case mode != types.NetworkModeAwsvpc && !contained:
		return invalid("containerName and containerPort must be specified for a service registry with the %s network mode.", mode)
	case srv && !contained && given.Port == nil:
		return invalid("A port, or containerName and containerPort, must be specified for a service registry with records of the type SRV.")
	case given.Port != nil && (*given.Port < 1 || *given.Port > 65535):
		return invalid("The port of a service registry must be between 1 and 65535.")
	case !contained:
		return nil
	}
	i := slices.IndexFunc(def.ContainerDefinitions, func(c types.ContainerDefinition) bool { return aws.ToString(c.Name) == name })
	if i < 0 {
		return invalid("The container %s does not exist in the task definition.", name)
	}
	if !slices.ContainsFunc(def.ContainerDefinitions[i].PortMappings, func(p types.PortMapping) bool { return aws.ToInt32(p.ContainerPort) == *given.ContainerPort }) {
		return invalid("The container %s did not have a container port %d defined.", name, *given.ContainerPort)
	}
	return nil
}

// taskRegistries is what tasks of a revision are registered as.
func taskRegistries(rev state.ServiceRevision, def types.TaskDefinition) (out []state.TaskRegistry) {
	for _, registry := range rev.Registries {
		arn := aws.ToString(registry.RegistryArn)
		r := state.TaskRegistry{Service: arn[strings.LastIndexByte(arn, '/')+1:], Container: aws.ToString(registry.ContainerName), Port: aws.ToInt32(registry.Port)}
		if r.Container != "" {
			r.Port = aws.ToInt32(registry.ContainerPort)
		}
		if mode := networkMode(def); mode != types.NetworkModeAwsvpc {
			r.ByInstance = true
			if mode == types.NetworkModeHost {
				r.HostPort = r.Port
			}
		}
		r.Checked = checkedContainers(def)
		out = append(out, r)
	}
	return out
}
