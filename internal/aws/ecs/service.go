// Package ecs is the front door of Amazon ECS: it checks requests, reads and
// writes the store, and never waits for a node.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/
package ecs

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/sessions"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store store.Store
	Now   func() time.Time // nil: time.Now
	// NewID gives 32 hexadecimal digits that were never given before.
	NewID func() string
	// StrictNetwork refuses subnet and security-group ids nobody made, instead
	// of adopting them into the default VPC.
	StrictNetwork bool
	// KnownRolesOnly refuses roles that are not in IAM, instead of taking them
	// unseen.
	KnownRolesOnly bool
	// VPCRange is the range of the default VPC of scopes that have none yet.
	VPCRange netip.Prefix
	// Overcommit is how many times over a node's CPU and memory may be
	// promised to tasks. The zero value means DefaultOvercommit.
	Overcommit sched.Overcommit
	// DenyPrivileged keeps tasks from being privileged, from sharing the
	// machine's namespaces and from its files.
	DenyPrivileged bool
	// OwnPorts are the host ports that Hatoba itself has.
	OwnPorts []state.HostPort
	// EFS tells why a volume of EFS cannot be had; nil: none can.
	EFS func(state.EFSVolume) error
	// Sessions grants the sessions of ExecuteCommand; nil: there are none.
	Sessions Sessions
	Log      *slog.Logger
}

// Sessions grants sessions of ECS Exec; sessions.Manager is the real one.
type Sessions interface {
	Open(target sessions.Target) (sessions.Grant, error)
}

// DefaultOvercommit lets a laptop hold task definitions written for Fargate.
// A task's own limits are enforced whatever is promised: CPU that is promised
// often only makes tasks slower, memory that runs out ends one, so CPU is
// promised eight times and memory one and a half times.
var DefaultOvercommit = sched.Overcommit{CPU: 8, Memory: 1.5}

// Service answers ECS requests.
type Service struct {
	cfg   Config
	ranks sched.Ranks

	mu     sync.Mutex
	opened map[state.Scope]bool // scopes known to have their defaults
}

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Overcommit == (sched.Overcommit{}) {
		cfg.Overcommit = DefaultOvercommit
	}
	if !cfg.VPCRange.IsValid() {
		cfg.VPCRange = netip.MustParsePrefix("172.31.0.0/16")
	}
	return &Service{cfg: cfg, opened: map[state.Scope]bool{}}
}

// Describe tells wire what is served. What is not listed is refused by name.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name: "ecs", Title: "Amazon ECS", Protocol: wire.JSON11,
		TargetPrefix: "AmazonEC2ContainerServiceV20141113",
		Naming:       wire.ECSNaming,
		Client:       (*ecs.Client)(nil),
		Operations: []wire.Operation{
			op(s, "CreateCluster", s.createCluster),
			op(s, "DeleteCluster", s.deleteCluster),
			op(s, "DescribeClusters", s.describeClusters),
			op(s, "ListClusters", s.listClusters),
			op(s, "PutClusterCapacityProviders", s.putClusterCapacityProviders),
			op(s, "UpdateCluster", s.updateCluster),
			op(s, "UpdateClusterSettings", s.updateClusterSettings),

			op(s, "RegisterTaskDefinition", s.registerTaskDefinition),
			op(s, "DescribeTaskDefinition", s.describeTaskDefinition),
			op(s, "ListTaskDefinitions", s.listTaskDefinitions),
			op(s, "ListTaskDefinitionFamilies", s.listTaskDefinitionFamilies),
			op(s, "DeregisterTaskDefinition", s.deregisterTaskDefinition),
			op(s, "DeleteTaskDefinitions", s.deleteTaskDefinitions),

			op(s, "RunTask", s.runTask),
			op(s, "StartTask", s.startTask),
			op(s, "StopTask", s.stopTask),
			op(s, "DescribeTasks", s.describeTasks),
			op(s, "ListTasks", s.listTasks),
			op(s, "ExecuteCommand", s.executeCommand),
			op(s, "DiscoverPollEndpoint", s.discoverPollEndpoint),

			op(s, "CreateService", s.createService),
			op(s, "UpdateService", s.updateService),
			op(s, "DeleteService", s.deleteService),
			op(s, "DescribeServices", s.describeServices),
			op(s, "ListServices", s.listServices),
			op(s, "ListServicesByNamespace", s.listServicesByNamespace),
			op(s, "ListServiceDeployments", s.listServiceDeployments),
			op(s, "DescribeServiceDeployments", s.describeServiceDeployments),
			op(s, "DescribeServiceRevisions", s.describeServiceRevisions),
			op(s, "StopServiceDeployment", s.stopServiceDeployment),

			op(s, "UpdateTaskProtection", s.updateTaskProtection),
			op(s, "GetTaskProtection", s.getTaskProtection),

			op(s, "ListContainerInstances", s.listContainerInstances),
			op(s, "DescribeContainerInstances", s.describeContainerInstances),
			op(s, "UpdateContainerInstancesState", s.updateContainerInstancesState),
			op(s, "DeregisterContainerInstance", s.deregisterContainerInstance),
			op(s, "PutAttributes", s.putAttributes),
			op(s, "DeleteAttributes", s.deleteAttributes),
			op(s, "ListAttributes", s.listAttributes),

			op(s, "DescribeCapacityProviders", s.describeCapacityProviders),
			op(s, "PutAccountSetting", s.putAccountSetting),
			op(s, "PutAccountSettingDefault", s.putAccountSettingDefault),
			op(s, "ListAccountSettings", s.listAccountSettings),
			op(s, "DeleteAccountSetting", s.deleteAccountSetting),

			op(s, "TagResource", s.tagResource),
			op(s, "UntagResource", s.untagResource),
			op(s, "ListTagsForResource", s.listTagsForResource),
		},
	}
}

// op binds a handler so that the caller's account finds its defaults in the
// region, as on AWS the first time the service is used.
func op[I, O any](s *Service, name string, handler func(context.Context, wire.Caller, *I) (*O, error)) wire.Operation {
	return wire.Op(name, func(ctx context.Context, caller wire.Caller, in *I) (*O, error) {
		if err := s.open(ctx, caller.Scope); err != nil {
			return nil, err
		}
		return handler(ctx, caller, in)
	})
}

// view runs fn over a snapshot.
func (s *Service) view(ctx context.Context, fn func(store.Reader) error) error {
	return s.cfg.Store.View(ctx, fn)
}

// update runs fn, which may run twice, over a transaction.
func (s *Service) update(ctx context.Context, fn func(store.Writer) error) error {
	return s.cfg.Store.Update(ctx, fn)
}
