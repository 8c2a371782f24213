package ecs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// createService records what is wanted; the scheduler makes it so.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
func (s *Service) createService(ctx context.Context, caller wire.Caller, in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	if err := checkCreateService(in); err != nil {
		return nil, err
	}
	deployment, err := deploymentConfiguration(types.DeploymentConfiguration{}, in.DeploymentConfiguration, in.SchedulingStrategy == types.SchedulingStrategyDaemon)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	svc := state.Service{
		Name: *in.ServiceName, Status: state.ServiceActive, CreatedAt: s.cfg.Now(), CreatedBy: caller.Identity.ARN,
		ClientToken: aws.ToString(in.ClientToken), RequestHash: hex.EncodeToString(sum[:]),
		Strategy: string(in.SchedulingStrategy), DesiredCount: aws.ToInt32(in.DesiredCount), Deployment: deployment,
		GracePeriod: in.HealthCheckGracePeriodSeconds, Constraints: in.PlacementConstraints, Placement: in.PlacementStrategy,
		ManagedTags: in.EnableECSManagedTags, PropagateTags: string(in.PropagateTags), Exec: in.EnableExecuteCommand,
		Rebalancing: string(in.AvailabilityZoneRebalancing), Tags: mergeTags(nil, in.Tags),
	}
	complete(&svc)
	number, dep := revisionNumber(s.cfg.NewID()), deploymentID(s.cfg.NewID())
	var out *ecs.CreateServiceOutput
	err = s.update(ctx, func(w store.Writer) error {
		made, err := s.putService(w, caller, in, svc, number, dep)
		if err != nil {
			return err
		}
		shape := s.newServiceShapes(w, caller.Scope).shape(made, true)
		out = &ecs.CreateServiceOutput{Service: &shape}
		return nil
	})
	return out, err
}

// complete fills in AWS's defaults.
func complete(svc *state.Service) {
	if svc.Strategy == "" {
		svc.Strategy = string(types.SchedulingStrategyReplica)
	}
	if svc.PropagateTags == "" {
		svc.PropagateTags = string(types.PropagateTagsNone)
	}
	if svc.Rebalancing == "" {
		svc.Rebalancing = string(types.AvailabilityZoneRebalancingEnabled)
		if svc.Strategy == string(types.SchedulingStrategyDaemon) || aws.ToInt32(svc.Deployment.MaximumPercent) == 100 {
			svc.Rebalancing = string(types.AvailabilityZoneRebalancingDisabled)
		}
	}
}

// putService is createService inside its transaction.
func (s *Service) putService(w store.Writer, caller wire.Caller, in *ecs.CreateServiceInput, svc state.Service, number, dep string) (state.Service, error) {
	scope := caller.Scope
	cluster, err := activeCluster(w, scope, in.Cluster)
	if err != nil {
		return svc, err
	}
	svc.ClusterName, svc.ClusterARN, svc.ARN = cluster.Name, cluster.ARN, scope.ServiceARN(cluster.Name, svc.Name)
	svc.LogMode = setting(w, caller, types.SettingNameDefaultLogDriverMode)
	if have, ok := store.Services.Get(w, scope.Key(svc.ID())); ok {
		switch {
		case have.Status == state.ServiceDraining:
			return svc, invalid("Unable to Start a service that is still Draining.")
		case have.Status == state.ServiceActive && have.RequestHash == svc.RequestHash:
			return have, nil
		case have.Status == state.ServiceActive:
			return svc, invalid("Creation of service was not idempotent.")
		}
		forgetService(w, scope, svc.ID())
	}
	kind, strategy, err := launchOf(cluster, in.LaunchType, in.CapacityProviderStrategy)
	if err != nil {
		return svc, err
	}
	rev, err := s.revise(w, scope, state.ServiceRevision{
		Number: number, CreatedAt: svc.CreatedAt, LaunchType: string(kind), Providers: strategy,
		PlatformVersion: aws.ToString(in.PlatformVersion), Network: in.NetworkConfiguration, LoadBalancers: in.LoadBalancers, Registries: in.ServiceRegistries,
		Connect: in.ServiceConnectConfiguration,
	}, cluster, svc, in.TaskDefinition)
	if err != nil {
		return svc, err
	}
	if err := s.begin(w, scope, &svc, rev, dep); err != nil {
		return svc, err
	}
	return svc, store.Services.Put(w, scope.Key(svc.ID()), svc)
}

// revise completes a revision and checks it against all that it names.
func (s *Service) revise(w store.Writer, scope state.Scope, rev state.ServiceRevision, cluster state.Cluster, svc state.Service, definition *string) (state.ServiceRevision, error) {
	ref, err := parseDefinition(scope, definition)
	if err != nil {
		return rev, err
	}
	named, err := s.startable(w, scope, ref)
	if err != nil {
		return rev, err
	}
	rev.TaskDefinitionARN = aws.ToString(named.Definition.TaskDefinitionArn)
	rev.ServiceARN, rev.ClusterARN, rev.ARN = svc.ARN, svc.ClusterARN, scope.ServiceRevisionARN(svc.ID(), rev.Number)
	instances := rev.LaunchType == string(types.LaunchTypeEc2)
	rev.PlatformResolved = ""
	switch {
	case instances && rev.PlatformVersion != "":
		return rev, invalid("The platform version must be null when specifying an EC2 launch type.")
	case !instances:
		if rev.PlatformVersion == "" {
			rev.PlatformVersion = "LATEST"
		}
		if rev.PlatformResolved, err = platform(&rev.PlatformVersion); err != nil {
			return rev, err
		}
	}
	if !instances {
		switch {
		case svc.Strategy == string(types.SchedulingStrategyDaemon):
			return rev, invalid("The daemon scheduling strategy is not supported with the FARGATE launch type or capacity providers.")
		case len(svc.Constraints) > 0:
			return rev, invalid("Placement constraints are not supported with FARGATE launch type.")
		case len(svc.Placement) > 0:
			return rev, invalid("Placement strategies are not supported with FARGATE launch type.")
		}
	}
	def, _, err := s.trial(w, scope, cluster, svc, rev)
	if err != nil {
		return rev, err
	}
	rev.AdoptedRoles = roles(def.Definition, nil)
	if err := checkRegistries(w, scope, rev.Registries, def.Definition); err != nil {
		return rev, err
	}
	if err := checkBalancers(w, scope, rev.LoadBalancers, def.Definition); err != nil {
		return rev, err
	}
	err = s.planConnect(w, scope, cluster, svc, &rev, def.Definition)
	return rev, err
}

func checkCreateService(in *ecs.CreateServiceInput) error {
	daemon := in.SchedulingStrategy == types.SchedulingStrategyDaemon
	switch {
	case aws.ToString(in.ServiceName) == "":
		return invalid("Service name can not be blank.")
	case !resourceName.MatchString(*in.ServiceName):
		return invalid("Invalid service name. Up to 255 letters (uppercase and lowercase), numbers, hyphens, and underscores are allowed.")
	case in.SchedulingStrategy != "" && !slices.Contains(in.SchedulingStrategy.Values(), in.SchedulingStrategy):
		return invalid("schedulingStrategy should be one of %v.", in.SchedulingStrategy.Values())
	case daemon && in.DesiredCount != nil:
		return invalid("The daemon scheduling strategy does not support a desired count for services. Remove a desired count value and try again.")
	case daemon && len(in.PlacementStrategy) > 0:
		return invalid("The daemon scheduling strategy does not support placement strategies for services. Remove the placement strategies and try again.")
	case !daemon && in.DesiredCount == nil:
		return invalid("The desiredCount must be specified for a service with the REPLICA scheduling strategy.")
	case in.ClientToken != nil && (!tokenForm.MatchString(*in.ClientToken) || len(*in.ClientToken) > 36):
		return invalid("clientToken should be 1 to 36 characters in the range of 33-126.")
	}
	if err := checkDesired(aws.ToInt32(in.DesiredCount)); err != nil {
		return err
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
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	if err := refusal(fields.CreateService(), in); err != nil {
		return err
	}
	return checkConnect(in.ServiceConnectConfiguration)
}

func checkGrace(seconds *int32) error {
	if seconds != nil && *seconds < 0 {
		return invalid("healthCheckGracePeriodSeconds should be between 0 and 2147483647.")
	}
	return nil
}

// forgetService erases what is left of a service that is INACTIVE.
func forgetService(w store.Writer, scope state.Scope, id string) {
	store.ServiceEvents.DeleteBelow(w, scope, id+"/")
	store.ServiceRevisions.DeleteBelow(w, scope, id+"/")
	store.ServiceDeployments.DeleteBelow(w, scope, id+"/")
}
