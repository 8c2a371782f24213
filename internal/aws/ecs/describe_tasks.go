package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) describeTasks(ctx context.Context, caller wire.Caller, in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
	switch n := len(in.Tasks); {
	case n == 0:
		return nil, invalid("Tasks cannot be empty.")
	case n > maxPage:
		return nil, invalid("Tasks cannot have more than %d elements.", maxPage)
	}
	if err := checkInclude(in.Include); err != nil {
		return nil, err
	}
	out := &ecs.DescribeTasksOutput{Tasks: []types.Task{}, Failures: []types.Failure{}}
	err := s.view(ctx, func(r store.Reader) error {
		cluster, err := activeCluster(r, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		ids, err := distinct(in.Tasks, func(given string) (string, error) { return taskID(caller.Scope, cluster.Name, given) })
		if err != nil {
			return err
		}
		for _, id := range ids {
			task, def, ok := findTask(r, caller.Scope, cluster.Name, id)
			if !ok {
				out.Failures = append(out.Failures, missing(caller.Scope.TaskARN(cluster.Name, id)))
				continue
			}
			out.Tasks = append(out.Tasks, taskShape(r, task, def, slices.Contains(in.Include, types.TaskFieldTags)))
		}
		return nil
	})
	return out, err
}

// findTask reads a task of the cluster with its definition.
func findTask(r store.Reader, scope state.Scope, cluster, id string) (state.Task, state.TaskDefinition, bool) {
	task, ok := store.Tasks.Get(r, scope.Key(id))
	if !ok || task.ClusterName != cluster {
		return task, state.TaskDefinition{}, false
	}
	def, _ := store.TaskDefinitions.Get(r, scope.Key(state.TaskDefinitionID(task.Spec.Family, task.Spec.Revision)))
	return task, def, true
}
