package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// deleteService has a service DRAINING: its tasks are stopped, then it is
// INACTIVE.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
func (s *Service) deleteService(ctx context.Context, caller wire.Caller, in *ecs.DeleteServiceInput) (*ecs.DeleteServiceOutput, error) {
	var out *ecs.DeleteServiceOutput
	err := s.update(ctx, func(w store.Writer) error {
		_, svc, err := findService(w, caller.Scope, in.Cluster, in.Service)
		if err != nil {
			return err
		}
		force := aws.ToBool(in.Force)
		switch {
		case svc.Status == state.ServiceInactive:
			return serviceNotFound()
		case svc.Status == state.ServiceDraining:
		case !force && svc.Strategy == string(types.SchedulingStrategyReplica) && svc.DesiredCount > 0:
			return invalid("The service cannot be stopped while it is scaled above 0.")
		case !force && len(svc.Rollouts) > 1:
			return invalid("The service cannot be stopped while deployments are active.")
		default:
			forgetConnect(w, caller.Scope, svc)
			svc.Status, svc.DesiredCount = state.ServiceDraining, 0
			if err := store.Services.Put(w, caller.Scope.Key(svc.ID()), svc); err != nil {
				return err
			}
		}
		shape := s.newServiceShapes(w, caller.Scope).shape(svc, true)
		out = &ecs.DeleteServiceOutput{Service: &shape}
		return nil
	})
	return out, err
}
