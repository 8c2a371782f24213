package ecs

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// joined makes every node a container instance of the cluster, if it is not
// yet one: the machine joins a cluster the first time somebody asks for its
// container instances, as if an agent were started for it there. One that was
// deregistered stays away.
func (s *Service) joined(ctx context.Context, scope state.Scope, cluster *string) error {
	var absent []state.Node
	var name string
	err := s.view(ctx, func(r store.Reader) error {
		c, err := activeCluster(r, scope, cluster)
		name, absent = c.Name, absentNodes(r, scope, c.Name)
		return err
	})
	if err != nil || len(absent) == 0 {
		return err
	}
	return s.update(ctx, func(w store.Writer) error { return s.join(w, scope, name) })
}

// join is joined inside a transaction.
func (s *Service) join(w store.Writer, scope state.Scope, cluster string) error {
	for _, n := range absentNodes(w, scope, cluster) {
		inst := newInstance(w, scope, cluster, n)
		inst.RegisteredAt = s.cfg.Now()
		if err := s.putInstance(w, scope, inst); err != nil {
			return err
		}
	}
	return nil
}

func absentNodes(r store.Reader, scope state.Scope, cluster string) (out []state.Node) {
	if !store.Placement.Of(r).Absent(scope, cluster) {
		return nil
	}
	for _, n := range store.Nodes.List(r, state.Scope{}, "") {
		id := state.ContainerInstanceID(scope, cluster, n.ID)
		if _, ok := store.ContainerInstances.Get(r, scope.Key(state.ContainerInstanceKey(cluster, id))); !ok {
			out = append(out, n)
		}
	}
	return out
}

// newInstance stands in the first default subnet of the region.
func newInstance(r store.Reader, scope state.Scope, cluster string, n state.Node) state.ContainerInstance {
	id := state.ContainerInstanceID(scope, cluster, n.ID)
	out := state.ContainerInstance{
		ID: id, ARN: scope.ContainerInstanceARN(cluster, id), ClusterName: cluster, Node: n.ID,
		EC2InstanceID: state.EC2InstanceID(n.ID), Status: active, Version: 1,
	}
	for _, subnet := range store.Subnets.List(r, scope, "") {
		if subnet.IsDefault && (out.Zone == "" || subnet.AvailabilityZone < out.Zone) {
			out.SubnetID, out.Zone, out.VPCID = subnet.ID, subnet.AvailabilityZone, subnet.VPCID
		}
	}
	return out
}

// instancesOf are the container instances of a cluster, by id.
func instancesOf(r store.Reader, scope state.Scope, cluster string) (out []state.ContainerInstance) {
	for _, inst := range store.ContainerInstances.List(r, scope, state.ContainerInstanceKey(cluster, "")) {
		out = append(out, inst)
	}
	return out
}

// instanceID reads a container instance's id or ARN in the cluster.
func instanceID(scope state.Scope, cluster, id string) (string, error) {
	rest, isARN, err := resource(scope, "container-instance", id)
	if err != nil {
		return "", err
	}
	if isARN {
		c, short, long := strings.Cut(rest, "/")
		switch {
		case !long:
			short = c
		case c != cluster:
			return "", invalid("Invalid identifier: Identifier is for cluster %s. Your cluster is %s", c, cluster)
		}
		rest = short
	}
	if n := len(rest); n != 32 && n != 36 {
		return "", invalid("containerInstanceId length should be one of [32,36]")
	}
	return rest, nil
}

// findInstance reads a container instance by id or ARN.
func findInstance(r store.Reader, scope state.Scope, cluster, given string) (state.ContainerInstance, bool, error) {
	id, err := instanceID(scope, cluster, given)
	if err != nil {
		return state.ContainerInstance{}, false, err
	}
	inst, ok := store.ContainerInstances.Get(r, scope.Key(state.ContainerInstanceKey(cluster, id)))
	return inst, ok, nil
}

// instanceTasks are the tasks on a container instance that have not stopped.
func instanceTasks(r store.Reader, scope state.Scope, arn string) (out []state.Task) {
	for _, t := range store.Tasks.List(r, scope, "") {
		if t.Placement.ContainerInstance == arn && t.Observed.Status < state.TaskStopped {
			out = append(out, t)
		}
	}
	return out
}

// checkTargets bounds a list of ids that an operation names.
func checkTargets(field string, ids []string, limit int) error {
	switch n := len(ids); {
	case n == 0:
		return invalid("%s cannot be empty.", field)
	case n > limit:
		return invalid("%s cannot have more than %d elements.", field, limit)
	}
	return nil
}

// reservedPorts are never given to a task.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
var reservedPorts = []state.HostPort{
	{Port: 22, Protocol: "tcp"}, {Port: 2375, Protocol: "tcp"}, {Port: 2376, Protocol: "tcp"},
	{Port: 51678, Protocol: "tcp"}, {Port: 51679, Protocol: "tcp"}, {Port: 51680, Protocol: "tcp"},
}

// heldPorts are the ports of a machine no task may have.
func (s *Service) heldPorts() []state.HostPort {
	return slices.Concat(reservedPorts, s.cfg.OwnPorts)
}

// builtInAttributes are those the machine has by itself. What is listed under
// a capability's name it can do.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
func (s *Service) builtInAttributes(inst state.ContainerInstance, n state.Node) (out []types.Attribute) {
	for _, p := range []struct{ name, value string }{
		{"ecs.availability-zone", inst.Zone}, {"ecs.cpu-architecture", n.Arch}, {"ecs.instance-type", "hatoba.local"},
		{"ecs.os-family", "LINUX"}, {"ecs.os-type", "linux"}, {"ecs.subnet-id", inst.SubnetID}, {"ecs.vpc-id", inst.VPCID},
	} {
		if p.value != "" {
			out = append(out, types.Attribute{Name: aws.String(p.name), Value: aws.String(p.value)})
		}
	}
	if !s.cfg.DenyPrivileged {
		out = append(out, types.Attribute{Name: aws.String("com.amazonaws.ecs.capability.privileged-container")})
	}
	for _, name := range instanceCapabilities {
		out = append(out, types.Attribute{Name: aws.String(name)})
	}
	return out
}

// instanceCapabilities are what task definitions may require.
var instanceCapabilities = strings.Fields(`
	com.amazonaws.ecs.capability.docker-remote-api.1.17 com.amazonaws.ecs.capability.docker-remote-api.1.18
	com.amazonaws.ecs.capability.docker-remote-api.1.19 com.amazonaws.ecs.capability.docker-remote-api.1.20
	com.amazonaws.ecs.capability.docker-remote-api.1.21 com.amazonaws.ecs.capability.docker-remote-api.1.22
	com.amazonaws.ecs.capability.docker-remote-api.1.23 com.amazonaws.ecs.capability.docker-remote-api.1.24
	com.amazonaws.ecs.capability.docker-remote-api.1.25 com.amazonaws.ecs.capability.docker-remote-api.1.26
	com.amazonaws.ecs.capability.docker-remote-api.1.27 com.amazonaws.ecs.capability.docker-remote-api.1.28
	com.amazonaws.ecs.capability.docker-remote-api.1.29 com.amazonaws.ecs.capability.docker-remote-api.1.30
	com.amazonaws.ecs.capability.docker-remote-api.1.31 com.amazonaws.ecs.capability.docker-remote-api.1.32
	com.amazonaws.ecs.capability.ecr-auth com.amazonaws.ecs.capability.logging-driver.awslogs
	com.amazonaws.ecs.capability.task-iam-role ecs.capability.container-health-check ecs.capability.container-ordering
	ecs.capability.container-port-range ecs.capability.docker-plugin.local ecs.capability.pid-ipc-namespace-sharing
	ecs.capability.execution-role-awslogs ecs.capability.execution-role-ecr-pull
	ecs.capability.secrets.asm.environment-variables ecs.capability.secrets.ssm.environment-variables
	ecs.capability.task-cpu-mem-limit ecs.capability.task-eni`)
