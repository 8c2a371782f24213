package state

import (
	"strconv"
	"strings"
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Task is one ECS task. ID: the 32 hexadecimal digits of the task id.
type Task struct {
	ID          string
	ARN         string
	ClusterName string
	ClusterARN  string
	CreatedAt   time.Time

	Spec      TaskSpec  // writer: the operation that made the task, once
	Desired   Desired   // writers: StopTask and control loops, RUNNING to STOPPED only
	Placement Placement // writer: placement, once
	Observed  Observed  // writer: dispatch, for the session that owns the node
	Protected Protected // writer: UpdateTaskProtection
	Schedule  Schedule  // writer: control/service
	Tags      []ecstypes.Tag
	Version   int64 // grows with every change that is an event; writer: whoever changes the task
}

// TaskSpec is what the caller asked for, as sent, and what it resolved to.
type TaskSpec struct {
	TaskDefinitionARN        string
	Family                   string
	Revision                 int32
	Overrides                *ecstypes.TaskOverride
	CPU                      string // effective task CPU units, "" when unset
	Memory                   string // effective task memory in MiB, "" when unset
	Group                    string
	StartedBy                string
	ClientToken              string
	LaunchType               string
	CapacityProviderName     string
	PlatformVersion          string // resolved, for example "1.4.0"
	PlatformFamily           string
	EnableExecuteCommand     bool
	Network                  *ecstypes.AwsVpcConfiguration
	ReferenceID              string
	EphemeralStorageGiB      int32
	ContainerARNs            map[string]string // container name to container ARN
	AttachmentID             string            // id of the ENI attachment
	AdoptedNetwork           []string          // subnet and security-group ids taken as names of the default VPC
	AvailabilityZoneOfSubnet string
	RequestedSubnet          string            // the one of Network.Subnets the task is in, as the caller named it
	AdoptedRoles             []string          // role ARNs taken unseen
	RequestHash              string            // of the request that ClientToken came with
	Holds                    Holds             // what an EC2-type task takes of its container instance
	DefaultLogMode           string            // the account's defaultLogDriverMode, "" when unset
	Service                  TaskService       // zero for a task of none
	Images                   map[string]string // container name to the digest it is to run, where that is fixed
}

// Desired is where the task should be.
type Desired struct {
	Status        TaskStatus // TaskRunning or TaskStopped
	StopCode      string     // AWS's stopCode, set with TaskStopped
	StoppedReason string     // AWS's stoppedReason, set with TaskStopped
	At            time.Time  // when it became TaskStopped
}

// Placement is where the task runs.
type Placement struct {
	Node             string // node id
	SubnetID         string
	AvailabilityZone string
	// ContainerInstance is the ARN of the container instance, "" for Fargate.
	ContainerInstance string
}

// Holds is what an EC2-type task takes of a container instance, by its
// containers when it has no size of its own.
type Holds struct {
	CPU       int64 // units
	MemoryMiB int64
	Ports     []HostPort // fixed ones; dynamic ports are chosen on the node
}

// HostPort is a port of the machine.
type HostPort struct {
	Port     int32
	Protocol string // tcp or udp
}

// Protected is a task's protection from scale-in and deployments.
type Protected struct {
	Until time.Time // zero: not protected
}

// HostPorts are the machine's ports of the binding.
func (b NetworkBinding) HostPorts() (out []HostPort) {
	last := b.HostPort
	if _, text, ok := strings.Cut(b.HostPortRange, "-"); ok {
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			last = int32(n)
		}
	}
	for p := b.HostPort; p > 0 && p <= last && p <= 65535; p++ {
		out = append(out, HostPort{Port: p, Protocol: b.Protocol})
	}
	return out
}

// NetworkBinding is a port of the machine that leads to a container.
type NetworkBinding struct {
	BindIP        string
	ContainerPort int32
	HostPort      int32
	Protocol      string // tcp or udp
	// Ranges of as many ports, when the definition names a range.
	ContainerPortRange string
	HostPortRange      string
}

// Observed is what the node has seen. Ranks only grow, set times and exit
// codes are never unset: see Merge.
type Observed struct {
	Status             TaskStatus
	Health             string // HEALTHY, UNHEALTHY or UNKNOWN
	Connectivity       string // CONNECTED or DISCONNECTED
	ConnectivityAt     *time.Time
	PullStartedAt      *time.Time
	PullStoppedAt      *time.Time
	StartedAt          *time.Time
	StoppingAt         *time.Time
	ExecutionStoppedAt *time.Time
	StoppedAt          *time.Time
	StopCode           string // why the node ended it, when nobody asked
	StoppedReason      string
	ENI                ENI
	Containers         []ContainerObserved // in the order of the task definition
}

// ENI is the task's network interface as AWS describes it.
type ENI struct {
	Status      string // of the attachment: PRECREATED, ATTACHING, ATTACHED, DETACHING, DETACHED, DELETED, FAILED
	ID          string // eni- and 17 hexadecimal digits
	MAC         string
	PrivateIPv4 string
	PrivateDNS  string
	SubnetID    string
}

// ContainerObserved is what the node has seen of one container.
type ContainerObserved struct {
	Name        string
	Status      ContainerStatus
	RuntimeID   string
	ImageDigest string
	ExitCode    *int32
	Reason      string
	Health      string // HEALTHY, UNHEALTHY or UNKNOWN; always UNKNOWN without a health check
	// NetworkBindings are the machine's ports that lead here, with bridge and
	// host networking.
	NetworkBindings []NetworkBinding
	Restarts        int // how often its restart policy started it again
}
