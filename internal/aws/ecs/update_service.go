package ecs

import (
	"context"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// updateService changes what is wanted. A change of what tasks are made of, or
// forceNewDeployment, begins a deployment; what is not mentioned stays.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
func (s *Service) updateService(ctx context.Context, caller wire.Caller, in *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error) {
	if err := checkUpdateService(in); err != nil {
		return nil, err
	}
	now, number, dep := s.cfg.Now(), revisionNumber(s.cfg.NewID()), deploymentID(s.cfg.NewID())
	var out *ecs.UpdateServiceOutput
	err := s.update(ctx, func(w store.Writer) error {
		cluster, svc, err := findService(w, caller.Scope, in.Cluster, in.Service)
		if err != nil {
			return err
		}
		if svc.Status != state.ServiceActive {
			return &types.ServiceNotActiveException{Message: aws.String("Service was not ACTIVE.")}
		}
		svc.Rollouts = append([]state.Rollout(nil), svc.Rollouts...)
		if err := change(&svc, in); err != nil {
			return err
		}
		have, _ := revisionOf(w, caller.Scope, svc, svc.Primary().Revision)
		rev, err := s.changeRevision(w, caller.Scope, cluster, svc, have, in)
		if err != nil {
			return err
		}
		if in.ForceNewDeployment || !sameRevision(have, rev) {
			rev.Number, rev.CreatedAt, rev.Images = number, now, nil
			rev.ARN = caller.Scope.ServiceRevisionARN(svc.ID(), number)
			if err := s.begin(w, caller.Scope, &svc, rev, dep); err != nil {
				return err
			}
			prune(w, caller.Scope, svc, now)
		}
		if err := store.Services.Put(w, caller.Scope.Key(svc.ID()), svc); err != nil {
			return err
		}
		shape := s.newServiceShapes(w, caller.Scope).shape(svc, true)
		out = &ecs.UpdateServiceOutput{Service: &shape}
		return nil
	})
	return out, err
}

// change takes over what makes no new deployment.
func change(svc *state.Service, in *ecs.UpdateServiceInput) (err error) {
	daemon := svc.Strategy == string(types.SchedulingStrategyDaemon)
	if in.DesiredCount != nil {
		if daemon {
			return invalid("The daemon scheduling strategy does not support a desired count for services. Remove a desired count value and try again.")
		}
		svc.DesiredCount = *in.DesiredCount
	}
	if daemon && len(in.PlacementStrategy) > 0 {
		return invalid("The daemon scheduling strategy does not support placement strategies for services. Remove the placement strategies and try again.")
	}
	if svc.Deployment, err = deploymentConfiguration(svc.Deployment, in.DeploymentConfiguration, daemon); err != nil {
		return err
	}
	if in.HealthCheckGracePeriodSeconds != nil {
		svc.GracePeriod = in.HealthCheckGracePeriodSeconds
	}
	if in.PlacementConstraints != nil {
		svc.Constraints = in.PlacementConstraints
	}
	if in.PlacementStrategy != nil {
		svc.Placement = in.PlacementStrategy
	}
	if in.EnableECSManagedTags != nil {
		svc.ManagedTags = *in.EnableECSManagedTags
	}
	if in.EnableExecuteCommand != nil {
		svc.Exec = *in.EnableExecuteCommand
	}
	if in.PropagateTags != "" {
		svc.PropagateTags = string(in.PropagateTags)
	}
	if in.AvailabilityZoneRebalancing != "" {
		svc.Rebalancing = string(in.AvailabilityZoneRebalancing)
	}
	return nil
}

// changeRevision is the revision that the request asks for.
func (s *Service) changeRevision(w store.Writer, scope state.Scope, cluster state.Cluster, svc state.Service, have state.ServiceRevision, in *ecs.UpdateServiceInput) (state.ServiceRevision, error) {
	rev, definition := have, in.TaskDefinition
	if definition == nil {
		definition = &have.TaskDefinitionARN
	}
	if in.NetworkConfiguration != nil {
		rev.Network = in.NetworkConfiguration
	}
	if in.LoadBalancers != nil {
		rev.LoadBalancers = in.LoadBalancers
	}
	if in.ServiceConnectConfiguration != nil {
		rev.Connect = in.ServiceConnectConfiguration
	}
	if in.ServiceRegistries != nil {
		rev.Registries = in.ServiceRegistries
	}
	if in.PlatformVersion != nil {
		rev.PlatformVersion = *in.PlatformVersion
	}
	if in.CapacityProviderStrategy != nil {
		kind, strategy, err := launchOf(cluster, "", in.CapacityProviderStrategy)
		if err != nil {
			return rev, err
		}
		rev.LaunchType, rev.Providers = string(kind), strategy
	}
	if in.TaskDefinition == nil && !in.ForceNewDeployment && sameRevision(have, rev) {
		return have, nil // a definition that was deregistered may go on
	}
	return s.revise(w, scope, rev, cluster, svc, definition)
}

// sameConnect tells whether two configurations of Service Connect ask for the
// same: none does for what one that is not enabled does.
func sameConnect(a, b *types.ServiceConnectConfiguration) bool {
	if a == nil || b == nil {
		return (a == nil || !a.Enabled) && (b == nil || !b.Enabled)
	}
	return reflect.DeepEqual(a, b)
}

// sameRevision tells whether tasks of both are made of the same.
func sameRevision(a, b state.ServiceRevision) bool {
	return a.TaskDefinitionARN == b.TaskDefinitionARN && a.LaunchType == b.LaunchType && a.PlatformVersion == b.PlatformVersion &&
		reflect.DeepEqual(listed(a.Providers), listed(b.Providers)) && reflect.DeepEqual(a.Network, b.Network) &&
		reflect.DeepEqual(listed(a.LoadBalancers), listed(b.LoadBalancers)) && sameConnect(a.Connect, b.Connect) &&
		reflect.DeepEqual(listed(a.Registries), listed(b.Registries))
}

func checkUpdateService(in *ecs.UpdateServiceInput) error {
	if in.DesiredCount != nil {
		if err := checkDesired(*in.DesiredCount); err != nil {
			return err
		}
	}
	if err := checkGrace(in.HealthCheckGracePeriodSeconds); err != nil {
		return err
	}
	if err := checkPlacement(in.PlacementConstraints, in.PlacementStrategy); err != nil {
		return err
	}
	if err := checkPropagate(in.PropagateTags); err != nil {
		return err
	}
	if err := checkRebalancing(in.AvailabilityZoneRebalancing); err != nil {
		return err
	}
	if err := refusal(fields.UpdateService(), in); err != nil {
		return err
	}
	return checkConnect(in.ServiceConnectConfiguration)
}
