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

// maxReason bounds a stop reason, as it does those of nodes.
const maxReason = 1024

// stopTask asks for the task's end; its node brings it about. A task that
// already stops is answered as it is.
func (s *Service) stopTask(ctx context.Context, caller wire.Caller, in *ecs.StopTaskInput) (*ecs.StopTaskOutput, error) {
	reason := aws.ToString(in.Reason)
	if reason == "" {
		reason = "Task stopped by user"
	}
	if len(reason) > maxReason {
		return nil, invalid("reason should have at most %d characters.", maxReason)
	}
	if aws.ToString(in.Task) == "" {
		return nil, invalid("Task cannot be empty.")
	}
	now := s.cfg.Now()
	var out *ecs.StopTaskOutput
	err := s.update(ctx, func(w store.Writer) error {
		cluster, err := activeCluster(w, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		id, err := taskID(caller.Scope, cluster.Name, *in.Task)
		if err != nil {
			return err
		}
		task, def, ok := findTask(w, caller.Scope, cluster.Name, id)
		if !ok {
			return invalid("The referenced task was not found.")
		}
		if task.Desired.Status != state.TaskStopped {
			before := task
			task.Desired = state.Desired{
				Status: state.TaskStopped, StopCode: string(types.TaskStopCodeUserInitiated), StoppedReason: reason, At: now,
			}
			task.Version++
			if err := s.putTask(w, caller.Scope, before, task); err != nil {
				return err
			}
		}
		shape := taskShape(w, task, def, false)
		out = &ecs.StopTaskOutput{Task: &shape}
		return nil
	})
	return out, err
}
