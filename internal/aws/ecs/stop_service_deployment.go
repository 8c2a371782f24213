package ecs

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// stopServiceDeployment asks for the end of a deployment that is in progress:
// back to the revision that was completed last, or, with ABORT, as it stands.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html
func (s *Service) stopServiceDeployment(ctx context.Context, caller wire.Caller, in *ecs.StopServiceDeploymentInput) (*ecs.StopServiceDeploymentOutput, error) {
	kind := in.StopType
	if kind == "" {
		kind = types.StopServiceDeploymentStopTypeRollback
	}
	if !slices.Contains(kind.Values(), kind) {
		return nil, invalid("stopType should be one of %v.", kind.Values())
	}
	arn := aws.ToString(in.ServiceDeploymentArn)
	id, err := serviceResource(caller.Scope, "service-deployment", arn)
	if err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	err = s.update(ctx, func(w store.Writer) error {
		d, ok := store.ServiceDeployments.Get(w, caller.Scope.Key(id))
		if !ok {
			return &types.ServiceDeploymentNotFoundException{Message: aws.String("Service deployment not found.")}
		}
		svc, _ := store.Services.Get(w, caller.Scope.Key(serviceOfARN(caller.Scope, d.ServiceARN)))
		if err := stoppable(svc, d, kind); err != nil {
			return err
		}
		d.Status, d.UpdatedAt = string(types.ServiceDeploymentStatusRollbackRequested), now
		if kind == types.StopServiceDeploymentStopTypeAbort {
			d.Status = string(types.ServiceDeploymentStatusStopRequested)
		}
		return store.ServiceDeployments.Put(w, caller.Scope.Key(id), d)
	})
	if err != nil {
		return nil, err
	}
	return &ecs.StopServiceDeploymentOutput{ServiceDeploymentArn: &arn}, nil
}

// stoppable tells why a deployment cannot be stopped so.
func stoppable(svc state.Service, d state.ServiceDeployment, kind types.StopServiceDeploymentStopType) error {
	conflict := func(format string, args ...any) error {
		return &types.ConflictException{Message: aws.String(fmt.Sprintf(format, args...))}
	}
	p := svc.Primary()
	switch {
	case p == nil || p.Deployment != d.ID || d.FinishedAt != nil:
		return conflict("The service deployment is %s and cannot be stopped.", d.Status)
	case d.Status != string(types.ServiceDeploymentStatusPending) && d.Status != string(types.ServiceDeploymentStatusInProgress):
		return conflict("The service deployment is %s and cannot be stopped.", d.Status)
	case kind == types.StopServiceDeploymentStopTypeRollback && (svc.LastCompleted == "" || svc.LastCompleted == p.Revision):
		return invalid("The service deployment cannot be rolled back: no service revision was deployed successfully before.")
	}
	return nil
}
