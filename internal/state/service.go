package state

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Service keeps a number of tasks of one definition running. ID: ServiceID.
// What is wanted is written by the ECS service operations, and DesiredCount also
// by control/scaling, as UpdateService would; Rollouts after their making,
// Progress and the step from DRAINING to INACTIVE by control/service.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html
type Service struct {
	Name        string
	ARN         string
	ClusterName string
	ClusterARN  string
	Status      string // ServiceActive, ServiceDraining or ServiceInactive
	CreatedAt   time.Time
	CreatedBy   string // ARN of the caller
	ClientToken string
	RequestHash string // of the request that made it

	Strategy      string // REPLICA or DAEMON
	DesiredCount  int32
	Deployment    ecstypes.DeploymentConfiguration // complete: AWS's defaults are filled in
	GracePeriod   *int32                           // healthCheckGracePeriodSeconds, nil when never given
	Constraints   []ecstypes.PlacementConstraint
	Placement     []ecstypes.PlacementStrategy
	ManagedTags   bool
	PropagateTags string // TASK_DEFINITION, SERVICE or NONE
	Exec          bool
	Rebalancing   string // ENABLED or DISABLED
	Tags          []ecstypes.Tag
	LogMode       string // the creator's defaultLogDriverMode

	// Rollouts are the deployments as DescribeServices shows them, the PRIMARY
	// first. An operation puts a new one in front.
	Rollouts []Rollout
	// LastCompleted is the revision that a rollback goes to, "" before any.
	LastCompleted string
	Progress      ServiceProgress
}

// The states of a service.
const (
	ServiceActive   = "ACTIVE"
	ServiceDraining = "DRAINING"
	ServiceInactive = "INACTIVE"
)

// Rollout is one entry of a service's deployments: its id is "ecs-svc/" and
// the number of its revision.
type Rollout struct {
	Revision    string // 19 digits
	Deployment  string // id of its ServiceDeployment record, without cluster and service
	CreatedAt   time.Time
	UpdatedAt   time.Time
	State       string // IN_PROGRESS, COMPLETED or FAILED
	Reason      string
	FailedTasks int32 // in a row
	// Kept is how many healthy tasks it had when a newer one took its place;
	// those are made up for while they are needed.
	Kept int32
	// Proven says that a task of it has lasted: without health checks its tasks
	// count as soon as they are RUNNING.
	Proven  bool
	Backoff Backoff
}

// The states of a rollout.
const (
	RolloutInProgress = "IN_PROGRESS"
	RolloutCompleted  = "COMPLETED"
	RolloutFailed     = "FAILED"
)

// Backoff stretches the time between launches that fail.
type Backoff struct {
	Steps int       // launches in a row that came to nothing
	Since time.Time // what was launched before has been counted
	Until time.Time // nothing is launched before
}

// ServiceProgress is what the scheduler remembers of a service.
type ServiceProgress struct {
	SteadyAt *time.Time // since when it is steady, nil when it is not
	ToldAt   *time.Time // when that was last told
	// Told are the complaints that were made, by kind; they are made again when
	// the cause went and came back, or after six hours.
	Told       map[string]time.Time
	InactiveAt *time.Time
}

// ServiceRevision is what the tasks of a rollout are made of. ID:
// ServiceRevisionID. Writer: the ECS service operations, once; Images is
// control/service's, once.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-revision.html
type ServiceRevision struct {
	Number            string // 19 digits
	ARN               string
	ServiceARN        string
	ClusterARN        string
	CreatedAt         time.Time
	TaskDefinitionARN string
	LaunchType        string // "" when a capacity provider strategy is used
	Providers         []ecstypes.CapacityProviderStrategyItem
	PlatformVersion   string // as asked for
	PlatformResolved  string // for example "1.4.0", "" for EC2
	Network           *ecstypes.NetworkConfiguration
	LoadBalancers     []ecstypes.LoadBalancer
	Connect           *ecstypes.ServiceConnectConfiguration // as asked for, nil when nobody did
	ConnectPlan       *ConnectPlan                          // nil unless it is enabled
	Registries        []ecstypes.ServiceRegistry
	AdoptedRoles      []string
	Images            map[string]string // container name to the image's digest, fixed by the first task
}

// ServiceDeployment is the way from some revisions to another. ID:
// ServiceDeploymentID. Made by the ECS service operations; Status and what
// follows from it are control/service's, but the two requests.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
type ServiceDeployment struct {
	ID            string // 21 characters
	ARN           string
	ServiceARN    string
	ClusterARN    string
	CreatedAt     time.Time
	StartedAt     *time.Time
	UpdatedAt     time.Time
	StoppedAt     *time.Time
	FinishedAt    *time.Time
	Status        string // a ServiceDeploymentStatus of the SDK
	StatusReason  string
	Target        string            // revision
	Sources       []DeploymentShare // what was there when it began
	Configuration ecstypes.DeploymentConfiguration
	Breaker       BreakerState
	Alarms        AlarmMonitor `json:",omitzero"`
	// BakeUntil is when a deployment that has all its tasks is complete, if none
	// of its alarms goes off until then.
	BakeUntil   *time.Time `json:",omitempty"`
	RollbackTo  string     // revision
	RollbackAt  *time.Time
	RollbackWhy string
}

// DeploymentShare is a revision's part of a deployment.
type DeploymentShare struct {
	Revision  string
	Requested int32
}

// BreakerState is what the deployment circuit breaker saw.
type BreakerState struct {
	Status    string // TRIGGERED, MONITORING, MONITORING_COMPLETE or DISABLED
	Failures  int32
	Threshold int32
}

// AlarmMonitor is what a deployment saw of its alarms, which its Configuration
// names.
type AlarmMonitor struct {
	Status    string   // TRIGGERED, MONITORING, MONITORING_COMPLETE or DISABLED; "" is DISABLED
	Triggered []string // names of those that went off
}

// ServiceEvent is something that happened to a service. ID: ServiceEventID.
// Writer: control/service, and control/scaling of what that sets. With a Message
// it is one of DescribeServices; with a Name it is one that EventBridge is told;
// with neither its Reason is for people.
type ServiceEvent struct {
	ID         string // a UUID
	At         time.Time
	Message    string
	Name       string // of the event, for example SERVICE_STEADY_STATE
	Type       string // INFO, WARN or ERROR
	Reason     string
	Deployment string // ecs-svc/N, for a change of a deployment
}

// ServiceID is the store id of a service; those of a cluster follow one another.
func ServiceID(cluster, name string) string { return cluster + "/" + name }

// ID is the service's store id.
func (s Service) ID() string { return ServiceID(s.ClusterName, s.Name) }

// ServiceRevisionID is the store id of a revision.
func ServiceRevisionID(service, number string) string { return service + "/" + number }

// ServiceDeploymentID is the store id of a service deployment.
func ServiceDeploymentID(service, id string) string { return service + "/" + id }

// ServiceEventID is the store id of an event: those of a service are in their
// order.
func ServiceEventID(service string, at time.Time, n int) string {
	return fmt.Sprintf("%s/%020d-%04d", service, at.UnixNano(), n)
}

// RolloutID is how a rollout is named: ecs-svc/ and its revision.
func RolloutID(revision string) string { return "ecs-svc/" + revision }

// Primary is the rollout that the service goes to; nil without any.
func (s Service) Primary() *Rollout {
	if len(s.Rollouts) == 0 {
		return nil
	}
	return &s.Rollouts[0]
}

// Rollout finds the rollout of a revision; nil when there is none.
func (s Service) Rollout(revision string) *Rollout {
	if i := slices.IndexFunc(s.Rollouts, func(r Rollout) bool { return r.Revision == revision }); i >= 0 {
		return &s.Rollouts[i]
	}
	return nil
}

// ServiceARN names a service in the long form.
func (s Scope) ServiceARN(cluster, name string) string {
	return s.ARN("ecs", "service/"+cluster+"/"+name)
}

// ServiceRevisionARN names a revision of a service, given by its store id.
func (s Scope) ServiceRevisionARN(service, number string) string {
	return s.ARN("ecs", "service-revision/"+service+"/"+number)
}

// ServiceDeploymentARN names a service deployment.
func (s Scope) ServiceDeploymentARN(service, id string) string {
	return s.ARN("ecs", "service-deployment/"+service+"/"+id)
}

// ServiceLaunch asks for tasks of a service's revision.
type ServiceLaunch struct {
	Scope    Scope
	Service  Service
	Revision ServiceRevision
	IDs      []string // of the tasks
	Now      time.Time
	// Instances are the ids of the container instances that a DAEMON's tasks
	// are for, one each; nil: they are placed.
	Instances []string
	// Zones counts the service's tasks by availability zone.
	Zones map[string]int
	// Providers counts the service's tasks by capacity provider.
	Providers map[string]int
}

// TaskService is what a task has of its service.
type TaskService struct {
	Service  string // store id
	Revision string
	// Ports are where balancers reach the task.
	Ports []BalancedPort
	// Connect is where Service Connect reaches it, and Checked says that its
	// health is known only once its health checks have told.
	Connect []ConnectPort
	Checked bool
	// Registries are the Cloud Map services that the task is an instance of.
	Registries []TaskRegistry
}

// BalancedPort is a container's port behind a target group.
type BalancedPort struct {
	Group     string // store id of the target group
	Container string
	Port      int32
	// ByInstance says that the machine is registered, with a port of its own
	// that leads to the container; else the task's address is.
	ByInstance bool
	// HostPort is that port when it is known beforehand, 0 when the node tells.
	HostPort int32
}

// TaskRegistry is a Cloud Map service that a task is an instance of.
type TaskRegistry struct {
	Service string // id of the Cloud Map service
	// Port is what the instance is registered with, 0 for none; with Container it
	// is a port of that container.
	Container string
	Port      int32
	// ByInstance says that the machine's address is registered, with the port
	// that leads to the container's; HostPort is that one when it is known
	// beforehand. Else the task's own address is.
	ByInstance bool
	HostPort   int32
	Checked    []string // the essential containers that have a health check
}

// RegisteredPort is the port that the task is registered with; 0 for none, and
// for one that the node has not told yet.
func (t Task) RegisteredPort(r TaskRegistry) int32 {
	if !r.ByInstance {
		return r.Port
	}
	return t.hostPort(BalancedPort{Container: r.Container, Port: r.Port, HostPort: r.HostPort})
}

// Schedule is what the scheduler noted about a task of its service, each once.
type Schedule struct {
	Registered bool // its targets were registered
	Healthy    bool // it counted as healthy, then or now
	Unhealthy  bool // it was found unhealthy, and told
	Draining   bool // it is wanted no more, and its targets are draining
	Released   bool // its stop was told
	Ended      bool // what its end means was counted
}

// Targets are the ids of the targets that the task is registered as, once its
// addresses are known, in the order of its service's balancers.
func (t Task) Targets() []TargetPlace {
	var out []TargetPlace
	for _, p := range t.Spec.Service.Ports {
		if !p.ByInstance {
			if a := t.Observed.ENI.PrivateIPv4; a != "" {
				out = append(out, TargetPlace{Group: p.Group, Address: a, Port: p.Port})
			}
			continue
		}
		if port := t.hostPort(p); port != 0 {
			out = append(out, TargetPlace{Group: p.Group, Address: EC2InstanceID(t.Placement.Node), Port: port})
		}
	}
	return out
}

// hostPort is the machine's port that leads to a balanced one; 0 when it is
// not known yet.
func (t Task) hostPort(p BalancedPort) int32 {
	if p.HostPort != 0 {
		return p.HostPort
	}
	return t.boundPort(p.Container, p.Port)
}

// TargetPlace is where a target is.
type TargetPlace struct {
	Group   string
	Address string
	Port    int32
}

// ID is the store id of the target there.
func (p TargetPlace) ID() string { return TargetID(p.Group, p.Address, p.Port) }

// BreakerThreshold is how many failures trip the circuit breaker.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ThresholdConfiguration.html
func BreakerThreshold(desired int, c *ecstypes.DeploymentCircuitBreaker) int {
	kind, value := ecstypes.ThresholdTypeBoundedPercent, int32(50)
	if c != nil && c.ThresholdConfiguration != nil {
		kind, value = c.ThresholdConfiguration.Type, c.ThresholdConfiguration.Value
	}
	part := (desired*int(value) + 99) / 100
	switch kind {
	case ecstypes.ThresholdTypeCount:
		return max(1, int(value))
	case ecstypes.ThresholdTypeUnboundedPercent:
		return max(1, part)
	}
	return min(max(part, 3), 200)
}

// FixedImage is an image reference of a definition as the task pulls it: by
// digest, where the task's service has fixed it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-container-image-stability.html
func FixedImage(task Task, def TaskDefinition, ref string) string {
	if strings.Contains(ref, "@") {
		return ref
	}
	for _, c := range def.Definition.ContainerDefinitions {
		digest := task.Spec.Images[aws.ToString(c.Name)]
		if digest == "" || aws.ToString(c.Image) != ref || c.VersionConsistency == ecstypes.VersionConsistencyDisabled {
			continue
		}
		name := ref
		if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
			name = ref[:i]
		}
		return name + "@" + digest
	}
	return ref
}
