package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) describeContainerInstances(ctx context.Context, caller wire.Caller, in *ecs.DescribeContainerInstancesInput) (*ecs.DescribeContainerInstancesOutput, error) {
	if err := checkTargets("Container instances", in.ContainerInstances, maxPage); err != nil {
		return nil, err
	}
	if err := checkInclude(in.Include); err != nil {
		return nil, err
	}
	if err := s.joined(ctx, caller.Scope, in.Cluster); err != nil {
		return nil, err
	}
	out := &ecs.DescribeContainerInstancesOutput{ContainerInstances: []types.ContainerInstance{}, Failures: []types.Failure{}}
	err := s.view(ctx, func(r store.Reader) error {
		cluster, err := activeCluster(r, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		ids, err := distinct(in.ContainerInstances, func(given string) (string, error) { return instanceID(caller.Scope, cluster.Name, given) })
		if err != nil {
			return err
		}
		for _, id := range ids {
			inst, ok := store.ContainerInstances.Get(r, caller.Scope.Key(state.ContainerInstanceKey(cluster.Name, id)))
			if !ok {
				out.Failures = append(out.Failures, missing(caller.Scope.ContainerInstanceARN(cluster.Name, id)))
				continue
			}
			out.ContainerInstances = append(out.ContainerInstances, s.instanceShape(r, caller.Scope, inst, in.Include))
		}
		return nil
	})
	return out, err
}
