package ecs

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// tally is how many tasks of a revision there are.
type tally struct{ running, pending, wanted int32 }

// serviceShapes writes services as AWS describes them. It counts the tasks of
// all services once.
type serviceShapes struct {
	r       store.Reader
	scope   state.Scope
	service *Service
	count   map[string]map[string]tally // by service, by revision
}

func (s *Service) newServiceShapes(r store.Reader, scope state.Scope) serviceShapes {
	out := serviceShapes{service: s, r: r, scope: scope, count: map[string]map[string]tally{}}
	for _, t := range store.Tasks.List(r, scope, "") {
		id := t.Spec.Service.Service
		if id == "" || t.Desired.Status == state.TaskStopped {
			continue
		}
		if out.count[id] == nil {
			out.count[id] = map[string]tally{}
		}
		n := out.count[id][t.Spec.Service.Revision]
		n.wanted++
		if t.Observed.Status == state.TaskRunning {
			n.running++
		} else {
			n.pending++
		}
		out.count[id][t.Spec.Service.Revision] = n
	}
	return out
}

// shape is a service as AWS describes it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
func (s serviceShapes) shape(svc state.Service, withTags bool) types.Service {
	out := types.Service{
		ServiceArn: aws.String(svc.ARN), ServiceName: aws.String(svc.Name), ClusterArn: aws.String(svc.ClusterARN),
		Status: aws.String(svc.Status), CreatedAt: moment(svc.CreatedAt), CreatedBy: optional(svc.CreatedBy),
		DesiredCount: svc.DesiredCount, SchedulingStrategy: types.SchedulingStrategy(svc.Strategy),
		DeploymentConfiguration:     shapeConfiguration(svc.Deployment),
		DeploymentController:        &types.DeploymentController{Type: types.DeploymentControllerTypeEcs},
		AvailabilityZoneRebalancing: types.AvailabilityZoneRebalancing(svc.Rebalancing),
		EnableECSManagedTags:        svc.ManagedTags, EnableExecuteCommand: svc.Exec, PropagateTags: types.PropagateTags(svc.PropagateTags),
		HealthCheckGracePeriodSeconds: svc.GracePeriod,
		PlacementConstraints:          listed(svc.Constraints), PlacementStrategy: listed(svc.Placement),
		ServiceRegistries: []types.ServiceRegistry{}, LoadBalancers: []types.LoadBalancer{},
		Deployments: []types.Deployment{}, Events: []types.ServiceEvent{},
		ResourceManagementType: types.ResourceManagementTypeCustomer,
	}
	if withTags {
		out.Tags = listed(svc.Tags)
	}
	for _, n := range s.count[svc.ID()] {
		out.RunningCount += n.running
		out.PendingCount += n.pending
	}
	if svc.Strategy == string(types.SchedulingStrategyDaemon) {
		out.DesiredCount = s.daemons(svc)
	}
	s.current(&out, svc)
	if svc.Status == state.ServiceActive {
		for i, r := range svc.Rollouts {
			out.Deployments = append(out.Deployments, s.deployment(svc, r, i == 0, out.DesiredCount))
		}
	}
	out.Events = s.events(svc)
	return out
}

// current is what the primary's revision tells of the service.
func (s serviceShapes) current(out *types.Service, svc state.Service) {
	p := svc.Primary()
	if p == nil {
		return
	}
	rev, _ := revisionOf(s.r, s.scope, svc, p.Revision)
	out.TaskDefinition = aws.String(rev.TaskDefinitionARN)
	out.LaunchType, out.CapacityProviderStrategy = types.LaunchType(rev.LaunchType), rev.Providers
	out.PlatformVersion, out.NetworkConfiguration = optional(rev.PlatformVersion), rev.Network
	if rev.PlatformResolved != "" {
		out.PlatformFamily = aws.String("Linux")
	}
	out.LoadBalancers, out.ServiceRegistries = listed(rev.LoadBalancers), listed(rev.Registries)
	if rev.Network != nil || len(rev.LoadBalancers)+len(rev.Registries) > 0 {
		out.RoleArn = aws.String("arn:aws:iam::" + s.scope.Account + ":role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
	}
	if dep, ok := store.ServiceDeployments.Get(s.r, s.scope.Key(state.ServiceDeploymentID(svc.ID(), p.Deployment))); ok && dep.FinishedAt == nil {
		out.CurrentServiceDeployment = aws.String(dep.ARN)
	}
	for _, r := range svc.Rollouts {
		n := s.count[svc.ID()][r.Revision]
		requested := n.wanted
		if r.Revision == p.Revision {
			requested = out.DesiredCount
		}
		out.CurrentServiceRevisions = append(out.CurrentServiceRevisions, types.ServiceCurrentRevisionSummary{
			Arn: aws.String(s.scope.ServiceRevisionARN(svc.ID(), r.Revision)), RequestedTaskCount: requested,
			RunningTaskCount: n.running, PendingTaskCount: n.pending,
		})
	}
}

// deployment is a rollout as AWS describes it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
func (s serviceShapes) deployment(svc state.Service, r state.Rollout, primary bool, desired int32) types.Deployment {
	rev, _ := revisionOf(s.r, s.scope, svc, r.Revision)
	n := s.count[svc.ID()][r.Revision]
	out := types.Deployment{
		Id: aws.String(state.RolloutID(r.Revision)), Status: aws.String("ACTIVE"), TaskDefinition: aws.String(rev.TaskDefinitionARN),
		DesiredCount: n.wanted, RunningCount: n.running, PendingCount: n.pending, FailedTasks: r.FailedTasks,
		CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt),
		LaunchType: types.LaunchType(rev.LaunchType), CapacityProviderStrategy: rev.Providers,
		PlatformVersion: optional(rev.PlatformResolved), NetworkConfiguration: rev.Network,
		RolloutState: types.DeploymentRolloutState(r.State), RolloutStateReason: aws.String(r.Reason),
		ServiceConnectConfiguration: connectConfiguration(s.scope, rev), ServiceConnectResources: connectResources(s.scope, rev),
	}
	if rev.PlatformResolved != "" {
		out.PlatformFamily = aws.String("Linux")
	}
	if primary {
		out.Status, out.DesiredCount = aws.String("PRIMARY"), desired
	}
	return out
}

// daemons is the desired count of a DAEMON: one on each ACTIVE container
// instance that its constraints let it be on.
func (s serviceShapes) daemons(svc state.Service) (n int32) {
	member := s.service.MembersForService(s.r, s.scope, svc)
	for _, inst := range instancesOf(s.r, s.scope, svc.ClusterName) {
		if inst.Status == active && member(inst) {
			n++
		}
	}
	return n
}

// events are the newest first.
func (s serviceShapes) events(svc state.Service) []types.ServiceEvent {
	out := []types.ServiceEvent{}
	for _, e := range store.ServiceEvents.List(s.r, s.scope, svc.ID()+"/") {
		if e.Message == "" {
			continue // it is for EventBridge
		}
		out = append(out, types.ServiceEvent{Id: aws.String(e.ID), CreatedAt: moment(e.At), Message: aws.String(e.Message)})
	}
	slices.Reverse(out)
	return out
}

func shapeConfiguration(c types.DeploymentConfiguration) *types.DeploymentConfiguration {
	if c.DeploymentCircuitBreaker == nil {
		c.DeploymentCircuitBreaker = &types.DeploymentCircuitBreaker{}
	}
	return &c
}
