package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxInstanceUpdates = 10

// updateContainerInstancesState drains instances or opens them again: nothing
// new is placed on one that drains, and what runs there goes on. An instance
// that was deregistered comes back with ACTIVE, as no agent of its own could
// register it again.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html
func (s *Service) updateContainerInstancesState(ctx context.Context, caller wire.Caller, in *ecs.UpdateContainerInstancesStateInput) (*ecs.UpdateContainerInstancesStateOutput, error) {
	if err := checkTargets("Container instances", in.ContainerInstances, maxInstanceUpdates); err != nil {
		return nil, err
	}
	if in.Status != types.ContainerInstanceStatusActive && in.Status != types.ContainerInstanceStatusDraining {
		return nil, invalid("Container instances status should be one of [ACTIVE, DRAINING]")
	}
	if err := s.joined(ctx, caller.Scope, in.Cluster); err != nil {
		return nil, err
	}
	var out *ecs.UpdateContainerInstancesStateOutput
	err := s.update(ctx, func(w store.Writer) error {
		out = &ecs.UpdateContainerInstancesStateOutput{ContainerInstances: []types.ContainerInstance{}, Failures: []types.Failure{}}
		cluster, err := activeCluster(w, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		for _, given := range in.ContainerInstances {
			id, err := instanceID(caller.Scope, cluster.Name, given)
			if err != nil {
				return err
			}
			key := caller.Scope.Key(state.ContainerInstanceKey(cluster.Name, id))
			inst, ok := store.ContainerInstances.Get(w, key)
			switch {
			case !ok:
				out.Failures = append(out.Failures, missing(caller.Scope.ContainerInstanceARN(cluster.Name, id)))
				continue
			case inst.Status == inactive && in.Status == types.ContainerInstanceStatusDraining:
				out.Failures = append(out.Failures, failure(inst.ARN, "INACTIVE", ""))
				continue
			case inst.Status == inactive:
				inst.RegisteredAt = s.cfg.Now()
			}
			if inst.Status != string(in.Status) {
				inst.Status = string(in.Status)
				inst.Version++
				if err := s.putInstance(w, caller.Scope, inst); err != nil {
					return err
				}
			}
			out.ContainerInstances = append(out.ContainerInstances, s.instanceShape(w, caller.Scope, inst, nil))
		}
		return nil
	})
	return out, err
}
