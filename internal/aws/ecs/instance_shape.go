package ecs

import (
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/clusterquery"
	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// instanceShape is a container instance as AWS describes it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html
func (s *Service) instanceShape(r store.Reader, scope state.Scope, inst state.ContainerInstance, include []types.ContainerInstanceField) types.ContainerInstance {
	n, _ := store.Nodes.Get(r, nodeScope.Key(inst.Node))
	out := types.ContainerInstance{
		ContainerInstanceArn: aws.String(inst.ARN), Ec2InstanceId: aws.String(inst.EC2InstanceID), Status: aws.String(inst.Status),
		Version: inst.Version, VersionInfo: &types.VersionInfo{DockerVersion: optional(n.RuntimeName)},
		AgentConnected: n.Connected && inst.Status != inactive, RegisteredAt: moment(inst.RegisteredAt),
		Attributes:  slices.Concat(s.builtInAttributes(inst, n), inst.Attributes),
		Attachments: []types.Attachment{}, Tags: []types.Tag{},
	}
	for _, t := range instanceTasks(r, scope, inst.ARN) {
		if t.Desired.Status == state.TaskRunning {
			if t.Observed.Status < state.TaskRunning {
				out.PendingTasksCount++
			} else {
				out.RunningTasksCount++
			}
		}
	}
	held := s.heldPorts()
	var left sched.Left
	if standing, ok := store.Placement.Of(r).Node(n.ID); ok {
		left = sched.Remaining(standing, s.cfg.Overcommit, held)
	}
	out.RegisteredResources = resources(n.CPU, n.MemoryMiB, held)
	out.RemainingResources = resources(left.CPU, left.MemoryMiB, left.Ports)
	if slices.Contains(include, types.ContainerInstanceFieldTags) {
		out.Tags = listed(inst.Tags)
	}
	if slices.Contains(include, types.ContainerInstanceFieldContainerInstanceHealth) {
		out.HealthStatus = instanceHealth(n.Connected, inst.RegisteredAt)
	}
	return out
}

// resources are what AWS lists: CPU and memory, and the ports that are taken.
func resources(cpu, memory int64, ports []state.HostPort) []types.Resource {
	tcp, udp := []string{}, []string{}
	for _, p := range ports {
		text := strconv.Itoa(int(p.Port))
		if p.Protocol == "udp" {
			udp = append(udp, text)
		} else {
			tcp = append(tcp, text)
		}
	}
	integer := func(name string, v int64) types.Resource {
		return types.Resource{Name: aws.String(name), Type: aws.String("INTEGER"), IntegerValue: int32(v)}
	}
	set := func(name string, v []string) types.Resource {
		return types.Resource{Name: aws.String(name), Type: aws.String("STRINGSET"), StringSetValue: v}
	}
	return []types.Resource{integer("CPU", cpu), integer("MEMORY", memory), set("PORTS", tcp), set("PORTS_UDP", udp)}
}

// instanceHealth is that of the container engine, which runs in the agent.
func instanceHealth(connected bool, since time.Time) *types.ContainerInstanceHealthStatus {
	status := types.InstanceHealthCheckStateImpaired
	if connected {
		status = types.InstanceHealthCheckStateOk
	}
	return &types.ContainerInstanceHealthStatus{
		OverallStatus: status,
		Details: []types.InstanceHealthCheckResult{{
			Type: types.InstanceHealthCheckTypeContainerRuntime, Status: status, LastStatusChange: moment(since), LastUpdated: moment(since),
		}},
	}
}

// snapshot is what placement sees of a pool.
func (s *Service) snapshot(pool sched.Pool) sched.Snapshot {
	return sched.Snapshot{
		Pool: pool, Overcommit: s.cfg.Overcommit, Ports: s.heldPorts(),
		Facts:     func(c sched.Candidate) clusterquery.Facts { return s.facts(*c.Instance, c.Node) },
		Attribute: s.attribute,
	}
}

// attribute is the value of a container instance's attribute, "" without it.
func (s *Service) attribute(c sched.Candidate, name string) string {
	if c.Instance == nil {
		return ""
	}
	if name == "ecs.availability-zone" {
		return c.Instance.Zone
	}
	for _, list := range [][]types.Attribute{c.Instance.Attributes, s.builtInAttributes(*c.Instance, c.Node)} {
		for _, a := range list {
			if aws.ToString(a.Name) == name {
				return aws.ToString(a.Value)
			}
		}
	}
	return ""
}
