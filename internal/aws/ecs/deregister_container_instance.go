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

// deregisterContainerInstance takes the machine out of the cluster. By force
// it ends the tasks that are on it: they would run unseen otherwise.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterContainerInstance.html
func (s *Service) deregisterContainerInstance(ctx context.Context, caller wire.Caller, in *ecs.DeregisterContainerInstanceInput) (*ecs.DeregisterContainerInstanceOutput, error) {
	if aws.ToString(in.ContainerInstance) == "" {
		return nil, invalid("Container instance cannot be empty.")
	}
	if err := s.joined(ctx, caller.Scope, in.Cluster); err != nil {
		return nil, err
	}
	var out *ecs.DeregisterContainerInstanceOutput
	err := s.update(ctx, func(w store.Writer) error {
		cluster, err := activeCluster(w, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		inst, ok, err := findInstance(w, caller.Scope, cluster.Name, *in.ContainerInstance)
		if err != nil {
			return err
		}
		if !ok || inst.Status == inactive {
			return invalid("Referenced container instance %s not found.", *in.ContainerInstance)
		}
		tasks := instanceTasks(w, caller.Scope, inst.ARN)
		if len(tasks) > 0 && !aws.ToBool(in.Force) {
			return invalid("Found running tasks on the instance.")
		}
		for _, t := range tasks {
			if t.Desired.Status == state.TaskStopped {
				continue
			}
			before := t
			t.Desired = state.Desired{
				Status: state.TaskStopped, StopCode: string(types.TaskStopCodeUserInitiated),
				StoppedReason: "Container instance deregistration forced by user", At: s.cfg.Now(),
			}
			t.Version++
			if err := s.putTask(w, caller.Scope, before, t); err != nil {
				return err
			}
		}
		inst.Status = inactive
		inst.Version++
		shape := s.instanceShape(w, caller.Scope, inst, nil)
		out = &ecs.DeregisterContainerInstanceOutput{ContainerInstance: &shape}
		return s.putInstance(w, caller.Scope, inst)
	})
	return out, err
}
