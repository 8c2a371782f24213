package servicediscovery

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// https://docs.aws.amazon.com/cloud-map/latest/api/API_GetInstance.html
func (s *Service) getInstance(ctx context.Context, caller wire.Caller, in *sdk.GetInstanceInput) (*sdk.GetInstanceOutput, error) {
	key, err := id(in.ServiceId, "serviceId")
	if err != nil {
		return nil, err
	}
	if in.InstanceId == nil {
		return nil, missing("instanceId")
	}
	out := &sdk.GetInstanceOutput{ResourceOwner: aws.String(caller.Scope.Account)}
	return out, s.view(ctx, func(r store.Reader) error {
		svc, err := service(r, caller.Scope, key)
		if err != nil {
			return err
		}
		i, err := instance(r, caller.Scope, svc, *in.InstanceId)
		if err != nil {
			return err
		}
		out.Instance = &types.Instance{Id: &i.ID, Attributes: i.Attributes, CreatorRequestId: said(i.Request), CreatedByAccount: aws.String(caller.Scope.Account)}
		return nil
	})
}

// list is a page of a service's instances.
func list(r store.Reader, scope state.Scope, svc state.DiscoveryService, token *string, size *int32) ([]state.DiscoveryInstance, *string, error) {
	var all []state.DiscoveryInstance
	for i := range discovery.Instances(r, scope, svc.ID) {
		all = append(all, i)
	}
	return page("instances "+svc.ID, all, func(i state.DiscoveryInstance) string { return i.ID }, token, size)
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_ListInstances.html
func (s *Service) listInstances(ctx context.Context, caller wire.Caller, in *sdk.ListInstancesInput) (*sdk.ListInstancesOutput, error) {
	key, err := id(in.ServiceId, "serviceId")
	if err != nil {
		return nil, err
	}
	out := &sdk.ListInstancesOutput{Instances: []types.InstanceSummary{}, ResourceOwner: aws.String(caller.Scope.Account)}
	return out, s.view(ctx, func(r store.Reader) error {
		svc, err := service(r, caller.Scope, key)
		if err != nil {
			return err
		}
		part, next, err := list(r, caller.Scope, svc, in.NextToken, in.MaxResults)
		out.NextToken = next
		for _, i := range part {
			out.Instances = append(out.Instances, types.InstanceSummary{Id: &i.ID, Attributes: i.Attributes, CreatedByAccount: aws.String(caller.Scope.Account)})
		}
		return err
	})
}

// health is what is told of an instance's health.
func health(i state.DiscoveryInstance) types.HealthStatus {
	if i.Health == "" {
		return types.HealthStatusUnknown
	}
	return types.HealthStatus(i.Health)
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_GetInstancesHealthStatus.html
func (s *Service) getInstancesHealthStatus(ctx context.Context, caller wire.Caller, in *sdk.GetInstancesHealthStatusInput) (*sdk.GetInstancesHealthStatusOutput, error) {
	key, err := id(in.ServiceId, "serviceId")
	if err != nil {
		return nil, err
	}
	out := &sdk.GetInstancesHealthStatusOutput{Status: map[string]types.HealthStatus{}}
	return out, s.view(ctx, func(r store.Reader) error {
		svc, err := service(r, caller.Scope, key)
		if err != nil {
			return err
		}
		if len(in.Instances) > 0 {
			for _, name := range in.Instances {
				i, err := instance(r, caller.Scope, svc, name)
				if err != nil {
					return err
				}
				out.Status[name] = health(i)
			}
			return nil
		}
		part, next, err := list(r, caller.Scope, svc, in.NextToken, in.MaxResults)
		out.NextToken = next
		for _, i := range part {
			out.Status[i.ID] = health(i)
		}
		return err
	})
}

// updateInstanceCustomHealthStatus takes effect at once, where AWS waits half a
// minute.
//
// https://docs.aws.amazon.com/cloud-map/latest/api/API_UpdateInstanceCustomHealthStatus.html
func (s *Service) updateInstanceCustomHealthStatus(ctx context.Context, caller wire.Caller, in *sdk.UpdateInstanceCustomHealthStatusInput) (*sdk.UpdateInstanceCustomHealthStatusOutput, error) {
	key, err := id(in.ServiceId, "serviceId")
	switch {
	case err != nil:
		return nil, err
	case in.InstanceId == nil:
		return nil, missing("instanceId")
	case in.Status != types.CustomHealthStatusHealthy && in.Status != types.CustomHealthStatusUnhealthy:
		return nil, constraint(string(in.Status), "status", wire.OneOf(in.Status.Values()))
	}
	return &sdk.UpdateInstanceCustomHealthStatusOutput{}, s.update(ctx, func(w store.Writer) error {
		svc, err := service(w, caller.Scope, key)
		if err != nil {
			return err
		}
		i, err := instance(w, caller.Scope, svc, *in.InstanceId)
		if err != nil {
			return err
		}
		if !svc.CustomHealth {
			return &types.CustomHealthNotFound{Message: aws.String("The service " + svc.ID + " has no custom health check.")}
		}
		i.Health = string(in.Status)
		return discovery.Register(w, caller.Scope, i)
	})
}
