package metadata

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/state"
)

// task is the answer of …/task. Names and order are AWS's.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html
type task struct {
	Cluster               string
	TaskARN               string
	Family                string
	Revision              string
	DesiredStatus         string
	KnownStatus           string
	Limits                *taskLimits `json:",omitempty"`
	PullStartedAt         *time.Time  `json:",omitempty"`
	PullStoppedAt         *time.Time  `json:",omitempty"`
	ExecutionStoppedAt    *time.Time  `json:",omitempty"`
	AvailabilityZone      string      `json:",omitempty"`
	LaunchType            string      `json:",omitempty"`
	Containers            []container
	TaskTags              map[string]string `json:",omitempty"`
	ServiceName           string            `json:",omitempty"`
	Group                 string            `json:",omitempty"`
	ClockDrift            *clockDrift       `json:",omitempty"`
	EphemeralStorage      *storage          `json:"EphemeralStorageMetrics,omitempty"`
	FaultInjectionEnabled *bool             `json:",omitempty"`
}

// taskLimits are vCPUs and MiB.
type taskLimits struct {
	CPU    float64 `json:",omitempty"`
	Memory int64   `json:",omitempty"`
}

type clockDrift struct {
	ClockErrorBound            float64
	ReferenceTimestamp         time.Time
	ClockSynchronizationStatus string
}

// storage is in MiB.
type storage struct {
	Utilized int64
	Reserved int64
}

// container is the answer of the URI itself.
type container struct {
	DockerID      string `json:"DockerId"`
	Name          string
	DockerName    string
	Image         string
	ImageID       string
	Ports         []port            `json:",omitempty"`
	Labels        map[string]string `json:",omitempty"`
	DesiredStatus string
	KnownStatus   string
	ExitCode      *int32 `json:",omitempty"`
	Limits        limits
	CreatedAt     *time.Time `json:",omitempty"`
	StartedAt     *time.Time `json:",omitempty"`
	FinishedAt    *time.Time `json:",omitempty"`
	Type          string
	Health        *health           `json:",omitempty"`
	Volumes       []Volume          `json:",omitempty"`
	LogDriver     string            `json:",omitempty"`
	LogOptions    map[string]string `json:",omitempty"`
	ContainerARN  string            `json:",omitempty"`
	Networks      []network         `json:",omitempty"`
	RestartCount  *int              `json:",omitempty"`
	Snapshotter   string            `json:",omitempty"`
}

type port struct {
	ContainerPort int32
	Protocol      string
	HostPort      int32  `json:",omitempty"`
	HostIP        string `json:"HostIp,omitempty"`
}

// limits are CPU units and MiB.
type limits struct {
	CPU    int64
	Memory int64 `json:",omitempty"`
}

type health struct {
	Status string     `json:"status"`
	Since  *time.Time `json:"statusSince,omitempty"`
}

type network struct {
	NetworkMode   string
	IPv4Addresses []string
	*interfaceOf  // version 4 only
}

type interfaceOf struct {
	AttachmentIndex          int
	MACAddress               string
	IPv4SubnetCIDRBlock      string
	DomainNameServers        []string
	DomainNameSearchList     []string
	PrivateDNSName           string
	SubnetGatewayIpv4Address string //nolint:revive // AWS's spelling
}

// stopped is the desired status of what is to end.
const stopped, running = "STOPPED", "RUNNING"

func (v View) desired() string {
	if v.Stopping || v.Task.Desired.Status >= state.TaskStopped {
		return stopped
	}
	return running
}

// taskResponse is the task's answer in a version, 3 or 4.
func (v View) taskResponse(version int, now time.Time, clock Clock, used *int64, tags bool) task {
	out := task{
		Cluster: v.Task.ClusterARN, TaskARN: v.Task.ARN, Family: v.Task.Spec.Family, Revision: strconv.Itoa(int(v.Task.Spec.Revision)),
		DesiredStatus: v.desired(), KnownStatus: v.Observed.Status.String(),
		PullStartedAt: v.Observed.PullStartedAt, PullStoppedAt: v.Observed.PullStoppedAt, ExecutionStoppedAt: v.Observed.ExecutionStoppedAt,
		AvailabilityZone: v.Task.Placement.AvailabilityZone,
	}
	if cpu, memory := state.Units(v.Task.Spec.CPU), state.Units(v.Task.Spec.Memory); cpu > 0 || memory > 0 {
		out.Limits = &taskLimits{CPU: float64(cpu) / 1024, Memory: memory}
	}
	for _, c := range v.Containers {
		out.Containers = append(out.Containers, v.containerResponse(version, c))
	}
	if tags {
		out.TaskTags = map[string]string{}
		for _, tag := range v.Task.Tags {
			out.TaskTags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	if version < 4 {
		return out
	}
	out.LaunchType = v.Task.Spec.LaunchType
	if service, ok := cutPrefix(v.Task.Spec.Group, "service:"); ok {
		out.ServiceName = service
	}
	out.Group = v.Task.Spec.Group
	out.ClockDrift = clock.drift(now)
	if used != nil && v.Task.Spec.LaunchType == "FARGATE" {
		reserved := int64(v.Task.Spec.EphemeralStorageGiB)
		if reserved == 0 {
			reserved = 20 // Fargate's default
		}
		out.EphemeralStorage = &storage{Utilized: *used >> 20, Reserved: reserved << 10}
	}
	out.FaultInjectionEnabled = aws.Bool(false)
	return out
}

func cutPrefix(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || s[:len(prefix)] != prefix {
		return "", false
	}
	return s[len(prefix):], true
}

// containerResponse is a container's answer in a version.
func (v View) containerResponse(version int, c Container) container {
	p := c.Plan
	out := container{
		DockerID: c.ID, Name: p.Name, DockerName: p.Name, Image: p.Image, ImageID: c.ImageDigest,
		Labels: c.Labels, DesiredStatus: v.desired(), KnownStatus: c.Known, ExitCode: c.ExitCode,
		Limits:    limits{CPU: max(p.CPU, 2), Memory: p.MemoryMiB},
		CreatedAt: c.CreatedAt, StartedAt: c.StartedAt, FinishedAt: c.FinishedAt, Type: "NORMAL",
		Volumes: c.Volumes, RestartCount: c.Restarts, Networks: v.networks(version, c),
	}
	for _, b := range c.Bindings {
		for i, p := range b.HostPorts() {
			out.Ports = append(out.Ports, port{ContainerPort: b.ContainerPort + int32(i), Protocol: b.Protocol, HostPort: p.Port, HostIP: b.BindIP})
		}
	}
	if c.Health != "" {
		out.Health = &health{Status: c.Health}
		if !c.HealthSince.IsZero() {
			out.Health.Since = &c.HealthSince
		}
	}
	if version >= 4 {
		out.LogDriver, out.LogOptions = p.LogDriver, c.LogOptions
		out.ContainerARN = v.Task.Spec.ContainerARNs[p.Name]
		out.Snapshotter = "overlayfs"
	}
	return out
}

// networks are those of the task, or of the container where each has its own.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-response.html
func (v View) networks(version int, c Container) []network {
	if c.Address.IsValid() {
		return []network{{NetworkMode: c.Plan.Host.NetworkMode, IPv4Addresses: []string{c.Address.String()}}}
	}
	if c.Plan.Host.NetworkMode == "host" {
		return []network{{NetworkMode: "host", IPv4Addresses: []string{""}}}
	}
	eni := v.Observed.ENI
	if eni.PrivateIPv4 == "" {
		return nil
	}
	n := network{NetworkMode: "awsvpc", IPv4Addresses: []string{eni.PrivateIPv4}}
	if version >= 4 {
		n.interfaceOf = &interfaceOf{
			MACAddress: eni.MAC, IPv4SubnetCIDRBlock: v.Subnet.String(), DomainNameServers: []string{v.Resolver.String()},
			DomainNameSearchList: []string{v.Domain}, PrivateDNSName: eni.PrivateDNS,
			SubnetGatewayIpv4Address: fmt.Sprintf("%s/%d", v.Gateway, v.Subnet.Bits()),
		}
	}
	return []network{n}
}
