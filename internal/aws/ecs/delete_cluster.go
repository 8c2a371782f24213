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

// deleteCluster makes the cluster INACTIVE; it stays describable.
func (s *Service) deleteCluster(ctx context.Context, caller wire.Caller, in *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error) {
	if aws.ToString(in.Cluster) == "" {
		return nil, invalid("cluster can not be empty.")
	}
	name, err := clusterName(caller.Scope, *in.Cluster)
	if err != nil {
		return nil, err
	}
	var out *ecs.DeleteClusterOutput
	err = s.update(ctx, func(w store.Writer) error {
		key := caller.Scope.Key(name)
		c, ok := store.Clusters.Get(w, key)
		if !ok {
			return clusterNotFound()
		}
		n := countTasks(w, caller.Scope)[name]
		if n.services.active+n.services.draining > 0 {
			return &types.ClusterContainsServicesException{Message: aws.String("The Cluster cannot be deleted while Services are active.")}
		}
		if n.open > 0 {
			return &types.ClusterContainsTasksException{Message: aws.String("The Cluster cannot be deleted while Tasks are active.")}
		}
		// The machine leaves with the cluster: nobody could terminate it.
		for _, inst := range instancesOf(w, caller.Scope, name) {
			store.ContainerInstances.Delete(w, caller.Scope.Key(state.ContainerInstanceKey(name, inst.ID)))
		}
		c.Status = inactive
		out = &ecs.DeleteClusterOutput{Cluster: clusterShape(c, taskCounts{}, everything)}
		return store.Clusters.Put(w, key, c)
	})
	return out, err
}
