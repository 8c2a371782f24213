package state

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// HostPlan is what containers have only when they are not in a network of
// their task's own (networkMode awsvpc), or not on Fargate.
type HostPlan struct {
	NetworkMode       string // awsvpc, bridge, host or none
	Hostname          string // "" : the default of the mode
	ExtraHosts        []HostEntry
	Links             []Link
	DisableNetworking bool
	Ports             []PortPlan

	OnInstance      bool // of an EC2-type task
	Privileged      bool
	NoNewPrivileges bool
	Devices         []Device
	SharedMemoryMiB int32  // of /dev/shm, 0: the default
	SwapMiB         *int32 // nil: the machine's own way
	Swappiness      *int32
	PID             string // "host": the machine's processes; "task": the task's; "" : its own
	IPC             string // "host", "task", "none" or ""
}

// HostEntry is a line of a hosts file.
type HostEntry struct{ Name, Address string }

// Link lets a container find another one of its task by name.
type Link struct{ Container, Alias string }

// PortPlan is a run of ports of a container, published on the machine.
type PortPlan struct {
	First, Last int32
	Host        int32 // of the first; 0: any
	Protocol    string
	Range       string // as in the definition, "" for a single port
}

// Device is a device of the machine inside a container.
type Device struct{ Host, Container, Permissions string }

// NetworkMode is a definition's; bridge when it names none.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
func NetworkMode(def ecstypes.TaskDefinition) string {
	if def.NetworkMode == "" {
		return string(ecstypes.NetworkModeBridge)
	}
	return string(def.NetworkMode)
}

// addHost gives a plan what the container has of the machine, and the order of
// starts that links ask for.
func addHost(p *ContainerPlan, task Task, c ecstypes.ContainerDefinition, def ecstypes.TaskDefinition) {
	h := HostPlan{
		NetworkMode: NetworkMode(def), Hostname: aws.ToString(c.Hostname), DisableNetworking: aws.ToBool(c.DisableNetworking),
		OnInstance: task.Spec.LaunchType == string(ecstypes.LaunchTypeEc2),
		Privileged: aws.ToBool(c.Privileged), NoNewPrivileges: slices.ContainsFunc(c.DockerSecurityOptions, isNoNewPrivileges),
		PID: string(def.PidMode), IPC: string(def.IpcMode),
	}
	for _, e := range c.ExtraHosts {
		h.ExtraHosts = append(h.ExtraHosts, HostEntry{aws.ToString(e.Hostname), aws.ToString(e.IpAddress)})
	}
	for _, text := range c.Links {
		l := ParseLink(text)
		h.Links = append(h.Links, l)
		if !slices.ContainsFunc(p.DependsOn, func(d Dependency) bool { return d.Container == l.Container }) {
			p.DependsOn = append(p.DependsOn, Dependency{Container: l.Container, Condition: "START"})
		}
	}
	for _, m := range c.PortMappings {
		h.Ports = append(h.Ports, portPlan(m))
	}
	if l := c.LinuxParameters; l != nil {
		h.SharedMemoryMiB, h.SwapMiB, h.Swappiness = aws.ToInt32(l.SharedMemorySize), l.MaxSwap, l.Swappiness
		for _, d := range l.Devices {
			h.Devices = append(h.Devices, device(d))
		}
	}
	p.Host = h
	for i := range p.MountPoints {
		shareVolume(&p.MountPoints[i], def.Volumes)
	}
}

// shareVolume tells whether a mount point is of a volume that outlives tasks.
func shareVolume(m *MountPoint, volumes []ecstypes.Volume) {
	for _, v := range volumes {
		if d := v.DockerVolumeConfiguration; d != nil && aws.ToString(v.Name) == m.Volume && d.Scope == ecstypes.ScopeShared {
			m.Shared, m.Provision = true, aws.ToBool(d.Autoprovision)
		}
	}
}

func isNoNewPrivileges(option string) bool {
	return option == "no-new-privileges" || option == "no-new-privileges:true"
}

// ParseLink reads NAME or NAME:ALIAS.
func ParseLink(text string) Link {
	name, alias, ok := strings.Cut(text, ":")
	if !ok {
		alias = name
	}
	return Link{name, alias}
}

func portPlan(m ecstypes.PortMapping) PortPlan {
	out := PortPlan{
		First: aws.ToInt32(m.ContainerPort), Last: aws.ToInt32(m.ContainerPort), Host: aws.ToInt32(m.HostPort),
		Protocol: string(m.Protocol), Range: aws.ToString(m.ContainerPortRange),
	}
	if out.Protocol == "" {
		out.Protocol = string(ecstypes.TransportProtocolTcp)
	}
	if first, last, ok := strings.Cut(out.Range, "-"); ok {
		a, _ := strconv.ParseInt(first, 10, 32)
		b, _ := strconv.ParseInt(last, 10, 32)
		out.First, out.Last = int32(a), int32(b)
	}
	return out
}

// device is read, written and made nodes of unless the definition says less.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Device.html
func device(d ecstypes.Device) Device {
	out := Device{Host: aws.ToString(d.HostPath), Container: aws.ToString(d.ContainerPath)}
	if out.Container == "" {
		out.Container = out.Host
	}
	for _, p := range d.Permissions {
		out.Permissions += map[ecstypes.DeviceCgroupPermission]string{"read": "r", "write": "w", "mknod": "m"}[p]
	}
	if out.Permissions == "" {
		out.Permissions = "rwm"
	}
	return out
}
