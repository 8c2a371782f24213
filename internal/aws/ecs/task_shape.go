package ecs

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// nodeScope is the scope node records are kept under: they belong to no
// account.
var nodeScope = state.Scope{Account: "-", Region: "-"}

// taskShape is a task as AWS describes it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
func taskShape(r store.Reader, t state.Task, def state.TaskDefinition, withTags bool) types.Task {
	o := t.Observed
	out := types.Task{
		TaskArn: aws.String(t.ARN), ClusterArn: aws.String(t.ClusterARN), TaskDefinitionArn: aws.String(t.Spec.TaskDefinitionARN),
		Attachments: attachments(t), Attributes: taskAttributes(r, t),
		AvailabilityZone: optional(t.Placement.AvailabilityZone), CapacityProviderName: optional(t.Spec.CapacityProviderName),
		Connectivity: types.Connectivity(o.Connectivity), ConnectivityAt: o.ConnectivityAt,
		Containers: containers(t, def), Cpu: optional(t.Spec.CPU), Memory: optional(t.Spec.Memory),
		CreatedAt: moment(t.CreatedAt), DesiredStatus: aws.String(t.Desired.Status.String()), LastStatus: aws.String(o.Status.String()),
		EnableExecuteCommand: t.Spec.EnableExecuteCommand,
		ContainerInstanceArn: optional(t.Placement.ContainerInstance),
		Group:                optional(t.Spec.Group), HealthStatus: health(o.Health),
		LaunchType: types.LaunchType(t.Spec.LaunchType), PlatformFamily: optional(t.Spec.PlatformFamily), PlatformVersion: optional(t.Spec.PlatformVersion),
		Overrides:     echoed(t.Spec.Overrides, def.Definition),
		PullStartedAt: o.PullStartedAt, PullStoppedAt: o.PullStoppedAt, StartedAt: o.StartedAt, StartedBy: optional(t.Spec.StartedBy),
		ExecutionStoppedAt: o.ExecutionStoppedAt, StoppingAt: o.StoppingAt, StoppedAt: o.StoppedAt,
		Tags: []types.Tag{}, Version: t.Version,
	}
	if withTags {
		out.Tags = listed(t.Tags)
	}
	if gib := t.Spec.EphemeralStorageGiB; gib > 0 {
		out.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: gib}
		out.FargateEphemeralStorage = &types.TaskEphemeralStorage{SizeInGiB: gib}
	}
	if t.Desired.Status == state.TaskStopped && t.Observed.Status == state.TaskRunning && len(t.Spec.Service.Ports)+len(t.Spec.Service.Registries) > 0 {
		out.LastStatus = aws.String(state.TaskDeactivating.String()) // it runs on until no balancer sends to it and no name leads to it
	}
	shapeStop(&out, t)
	return out
}

// shapeStop tells why a task stops: whoever asked first.
func shapeStop(out *types.Task, t state.Task) {
	code, reason := t.Desired.StopCode, t.Desired.StoppedReason
	if code == "" {
		code, reason = t.Observed.StopCode, t.Observed.StoppedReason
	}
	out.StopCode, out.StoppedReason = types.TaskStopCode(code), optional(reason)
	if out.StoppingAt == nil && t.Desired.Status == state.TaskStopped {
		out.StoppingAt = moment(t.Desired.At)
	}
}

// attachments are those of a task with networkMode awsvpc.
func attachments(t state.Task) []types.Attachment {
	if t.Spec.AttachmentID == "" {
		return []types.Attachment{}
	}
	return []types.Attachment{attachment(t)}
}

// attachment is the task's network interface. Its subnet is shown under the
// name the caller gave it.
func attachment(t state.Task) types.Attachment {
	eni := t.Observed.ENI
	out := types.Attachment{
		Id: aws.String(t.Spec.AttachmentID), Type: aws.String("ElasticNetworkInterface"), Status: aws.String(eni.Status),
		Details: []types.KeyValuePair{},
	}
	subnet := t.Spec.RequestedSubnet
	if subnet == "" {
		subnet = eni.SubnetID
	}
	for _, d := range []struct{ name, value string }{
		{"subnetId", subnet}, {"networkInterfaceId", eni.ID}, {"macAddress", eni.MAC},
		{"privateDnsName", eni.PrivateDNS}, {"privateIPv4Address", eni.PrivateIPv4},
	} {
		if d.value != "" {
			out.Details = append(out.Details, types.KeyValuePair{Name: aws.String(d.name), Value: aws.String(d.value)})
		}
	}
	return out
}

func taskAttributes(r store.Reader, t state.Task) []types.Attribute {
	n, ok := store.Nodes.Get(r, nodeScope.Key(t.Placement.Node))
	if !ok || n.Arch == "" {
		return []types.Attribute{}
	}
	return []types.Attribute{{Name: aws.String("ecs.cpu-architecture"), Value: aws.String(n.Arch)}}
}

// containers are in the order of the definition.
func containers(t state.Task, def state.TaskDefinition) []types.Container {
	out := []types.Container{}
	for _, plan := range state.Effective(t, def) {
		c := types.Container{
			ContainerArn: aws.String(t.Spec.ContainerARNs[plan.Name]), TaskArn: aws.String(t.ARN),
			Name: aws.String(plan.Name), Image: aws.String(plan.Image), Cpu: aws.String(strconv.FormatInt(plan.CPU, 10)),
			LastStatus: aws.String(state.ContainerPending.String()), HealthStatus: types.HealthStatusUnknown,
			NetworkBindings: []types.NetworkBinding{}, NetworkInterfaces: []types.NetworkInterface{},
		}
		if plan.MemoryMiB > 0 {
			c.Memory = aws.String(strconv.FormatInt(plan.MemoryMiB, 10))
		}
		if plan.ReservationMiB > 0 {
			c.MemoryReservation = aws.String(strconv.FormatInt(plan.ReservationMiB, 10))
		}
		if ip := t.Observed.ENI.PrivateIPv4; ip != "" {
			c.NetworkInterfaces = append(c.NetworkInterfaces, types.NetworkInterface{
				AttachmentId: aws.String(t.Spec.AttachmentID), PrivateIpv4Address: aws.String(ip),
			})
		}
		for _, o := range t.Observed.Containers {
			if o.Name == plan.Name {
				observe(&c, o)
			}
		}
		if t.Spec.EnableExecuteCommand {
			c.ManagedAgents = []types.ManagedAgent{execAgent(t, aws.ToString(c.LastStatus))}
		}
		out = append(out, c)
	}
	return out
}

// execAgent tells whether ECS Exec reaches a container. Nothing runs inside it
// for that: it is reached when and only when it runs.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedAgent.html
func execAgent(t state.Task, container string) types.ManagedAgent {
	out := types.ManagedAgent{Name: types.ManagedAgentNameExecuteCommandAgent, LastStatus: aws.String(container)}
	if container == state.ContainerRunning.String() {
		out.LastStartedAt = t.Observed.StartedAt
	}
	return out
}

func observe(c *types.Container, o state.ContainerObserved) {
	if o.Status != 0 {
		c.LastStatus = aws.String(o.Status.String())
	}
	c.HealthStatus = health(o.Health)
	c.RuntimeId, c.ImageDigest, c.Reason = optional(o.RuntimeID), optional(o.ImageDigest), optional(o.Reason)
	c.ExitCode = o.ExitCode
	for _, b := range o.NetworkBindings {
		binding := types.NetworkBinding{BindIP: optional(b.BindIP), Protocol: types.TransportProtocol(b.Protocol)}
		if b.ContainerPortRange != "" {
			binding.ContainerPortRange, binding.HostPortRange = optional(b.ContainerPortRange), optional(b.HostPortRange)
		} else {
			binding.ContainerPort, binding.HostPort = aws.Int32(b.ContainerPort), aws.Int32(b.HostPort)
		}
		c.NetworkBindings = append(c.NetworkBindings, binding)
	}
}

func health(s string) types.HealthStatus {
	if s == "" {
		return types.HealthStatusUnknown
	}
	return types.HealthStatus(s)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
