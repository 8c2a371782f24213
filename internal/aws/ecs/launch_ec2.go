package ecs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// networkMode is a definition's; bridge when it names none.
func networkMode(d types.TaskDefinition) types.NetworkMode {
	return types.NetworkMode(state.NetworkMode(d))
}

// networkOf finds where a request's tasks are: in the subnets it names, or,
// without networkMode awsvpc, where the machine is.
func (s *Service) networkOf(r store.Reader, scope state.Scope, d types.TaskDefinition, given *types.NetworkConfiguration) (network, error) {
	if networkMode(d) == types.NetworkModeAwsvpc {
		if err := checkNetwork(given); err != nil {
			return network{}, err
		}
		return resolveNetwork(r, scope, given.AwsvpcConfiguration, s.cfg.StrictNetwork)
	}
	if given != nil && given.AwsvpcConfiguration != nil {
		return network{}, invalid("Network Configuration is not valid for the given networkMode of this task definition.")
	}
	inst := newInstance(r, scope, "", state.Node{})
	subnet, ok := store.Subnets.Get(r, scope.Key(inst.SubnetID))
	if !ok {
		return network{}, invalid("There is no default subnet for the task to be in.")
	}
	return network{places: []placeInNetwork{{subnet: subnet}}}, nil
}

// holds is what an EC2-type task takes of its container instance: the task's
// size, else the sum of its containers, where a reservation counts before a
// limit; and the host ports it names.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters_ec2.html
func holds(task state.Task, def state.TaskDefinition) state.Holds {
	out := state.Holds{CPU: state.Units(task.Spec.CPU), MemoryMiB: state.Units(task.Spec.Memory)}
	var cpu, memory int64
	for _, c := range state.Effective(task, def) {
		cpu += c.CPU
		if c.ReservationMiB > 0 {
			memory += c.ReservationMiB
		} else {
			memory += c.MemoryMiB
		}
	}
	if out.CPU == 0 {
		out.CPU = cpu
	}
	if out.MemoryMiB == 0 {
		out.MemoryMiB = memory
	}
	if mode := networkMode(def.Definition); mode != types.NetworkModeBridge && mode != types.NetworkModeHost {
		return out
	}
	for _, c := range def.Definition.ContainerDefinitions {
		for _, p := range c.PortMappings {
			if port := aws.ToInt32(p.HostPort); port != 0 {
				out.Ports = append(out.Ports, state.HostPort{Port: port, Protocol: string(p.Protocol)})
			}
		}
	}
	return out
}

// errNoInstances refuses a launch where no container instance takes tasks.
var errNoInstances = invalid(noInstances)

const noInstances = "No Container Instances were found in your cluster."

// placeEC2 writes the tasks that a container instance can take.
func (s *Service) placeEC2(w store.Writer, scope state.Scope, cluster state.Cluster, def state.TaskDefinition, tasks []state.Task, l launch, out *placed) error {
	if err := s.join(w, scope, cluster.Name); err != nil {
		return err
	}
	pool := store.Placement.Of(w).Instances(scope, cluster.Name)
	if _, ok := pool.First(); !ok {
		return errNoInstances
	}
	return s.placeOn(w, scope, def, tasks, l, pool, out)
}

// placeNamed puts each task on the container instance that StartTask names for
// it.
func (s *Service) placeNamed(w store.Writer, scope state.Scope, cluster state.Cluster, def state.TaskDefinition, tasks []state.Task, l launch, out *placed) error {
	if err := s.join(w, scope, cluster.Name); err != nil {
		return err
	}
	for i, given := range l.instances {
		id, err := instanceID(scope, cluster.Name, given)
		if err != nil {
			return err
		}
		arn := scope.ContainerInstanceARN(cluster.Name, id)
		inst, ok := store.ContainerInstances.Get(w, scope.Key(state.ContainerInstanceKey(cluster.Name, id)))
		switch {
		case !ok:
			out.failures = append(out.failures, missing(arn))
			continue
		case inst.Status != active:
			out.failures = append(out.failures, failure(arn, inactive, "The container instance is "+inst.Status+"."))
			continue
		}
		n, ok := store.Placement.Of(w).Node(inst.Node)
		if !ok {
			out.failures = append(out.failures, missing(arn))
			continue
		}
		only := sched.Only(sched.Candidate{Standing: n, Instance: &inst})
		if err := s.placeOn(w, scope, def, tasks[i:i+1], l, only, out); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) placeOn(w store.Writer, scope state.Scope, def state.TaskDefinition, tasks []state.Task, l launch, pool sched.Pool, out *placed) error {
	members, err := l.members(def.Definition)
	if err != nil {
		return err
	}
	pending := make([]sched.Request, len(tasks))
	for i, t := range tasks {
		h := t.Spec.Holds
		pending[i] = sched.Request{
			ID: t.ID, CPU: h.CPU, MemoryMiB: h.MemoryMiB, Ports: h.Ports, Exact: true,
			Arch: architecture(def.Definition), Group: sched.Group(t), Distinct: l.distinct(), Members: members,
			Strategies: l.strategies(),
		}
	}
	return s.carryOut(w, scope, def, tasks, s.ranks.Place(s.snapshot(pool), pending, l.seed), pool, out)
}

// privilege is the first thing of a definition that could give a container the
// machine; "" when there is none.
func privilege(d types.TaskDefinition) string {
	switch {
	case networkMode(d) == types.NetworkModeHost:
		return "networkMode 'host'"
	case d.PidMode == types.PidModeHost:
		return "pidMode 'host'"
	case d.IpcMode == types.IpcModeHost:
		return "ipcMode 'host'"
	}
	for _, v := range d.Volumes {
		if v.Host != nil && aws.ToString(v.Host.SourcePath) != "" {
			return "host.sourcePath of volume '" + aws.ToString(v.Name) + "'"
		}
	}
	for _, c := range d.ContainerDefinitions {
		in := " of container '" + aws.ToString(c.Name) + "'"
		l := c.LinuxParameters
		switch {
		case aws.ToBool(c.Privileged):
			return "privileged" + in
		case l != nil && len(l.Devices) > 0:
			return "linuxParameters.devices" + in
		case l != nil && l.Capabilities != nil && slices.ContainsFunc(l.Capabilities.Add, func(s string) bool { return s != "SYS_PTRACE" }):
			return "linuxParameters.capabilities.add" + in
		}
	}
	return ""
}
