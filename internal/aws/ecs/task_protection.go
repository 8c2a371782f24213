package ecs

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	maxProtect        = 10
	defaultProtection = 120  // minutes
	maxProtection     = 2880 // minutes
)

// updateTaskProtection keeps tasks of services from being ended by scaling in
// or by deployments, for a while. Other tasks are failures.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskProtection.html
func (s *Service) updateTaskProtection(ctx context.Context, caller wire.Caller, in *ecs.UpdateTaskProtectionInput) (*ecs.UpdateTaskProtectionOutput, error) {
	minutes := int32(defaultProtection)
	if in.ExpiresInMinutes != nil {
		minutes = *in.ExpiresInMinutes
	}
	if err := checkTargets("Tasks", in.Tasks, maxProtect); err != nil {
		return nil, err
	}
	if minutes < 1 || minutes > maxProtection {
		return nil, invalid("expiresInMinutes should be between 1 and %d.", maxProtection)
	}
	until := time.Time{}
	if in.ProtectionEnabled {
		until = s.cfg.Now().Add(time.Duration(minutes) * time.Minute)
	}
	var out *ecs.UpdateTaskProtectionOutput
	err := s.update(ctx, func(w store.Writer) error {
		out = &ecs.UpdateTaskProtectionOutput{ProtectedTasks: []types.ProtectedTask{}, Failures: []types.Failure{}}
		return s.protectable(w, caller.Scope, in.Cluster, in.Tasks, &out.Failures, func(t state.Task) error {
			t.Protected.Until = until
			out.ProtectedTasks = append(out.ProtectedTasks, protectedTask(t, s.cfg.Now()))
			return store.Tasks.Put(w, caller.Scope.Key(t.ID), t)
		})
	})
	return out, err
}

// getTaskProtection tells the protection of tasks; without names, of every
// task of the cluster's services.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_GetTaskProtection.html
func (s *Service) getTaskProtection(ctx context.Context, caller wire.Caller, in *ecs.GetTaskProtectionInput) (*ecs.GetTaskProtectionOutput, error) {
	if len(in.Tasks) > maxPage {
		return nil, invalid("Tasks cannot have more than %d elements.", maxPage)
	}
	out := &ecs.GetTaskProtectionOutput{ProtectedTasks: []types.ProtectedTask{}, Failures: []types.Failure{}}
	err := s.view(ctx, func(r store.Reader) error {
		ids := in.Tasks
		if len(ids) == 0 {
			cluster, err := activeCluster(r, caller.Scope, in.Cluster)
			if err != nil {
				return err
			}
			for _, t := range store.Tasks.List(r, caller.Scope, "") {
				if t.ClusterName == cluster.Name && ofService(t) && t.Observed.Status < state.TaskStopped && len(ids) < maxPage {
					ids = append(ids, t.ID)
				}
			}
		}
		return s.protectable(r, caller.Scope, in.Cluster, ids, &out.Failures, func(t state.Task) error {
			out.ProtectedTasks = append(out.ProtectedTasks, protectedTask(t, s.cfg.Now()))
			return nil
		})
	})
	return out, err
}

// protectable calls each with the named tasks that a service has, and makes
// failures of the others.
func (s *Service) protectable(r store.Reader, scope state.Scope, clusterID *string, ids []string, failures *[]types.Failure, each func(state.Task) error) error {
	cluster, err := activeCluster(r, scope, clusterID)
	if err != nil {
		return err
	}
	for _, given := range ids {
		id, err := taskID(scope, cluster.Name, given)
		if err != nil {
			return err
		}
		t, ok := store.Tasks.Get(r, scope.Key(id))
		switch {
		case !ok || t.ClusterName != cluster.Name:
			*failures = append(*failures, missing(scope.TaskARN(cluster.Name, id)))
		case !ofService(t):
			*failures = append(*failures, failure(t.ARN, "TASK_NOT_VALID", "The task is not one of an Amazon ECS service."))
		case t.Observed.Status >= state.TaskStopping || t.Desired.Status == state.TaskStopped:
			*failures = append(*failures, failure(t.ARN, "TASK_NOT_VALID", "The task is stopping or has stopped."))
		default:
			if err := each(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func ofService(t state.Task) bool { return strings.HasPrefix(t.Spec.Group, "service:") }

func protectedTask(t state.Task, now time.Time) types.ProtectedTask {
	out := types.ProtectedTask{TaskArn: aws.String(t.ARN)}
	if t.Protected.Until.After(now) {
		out.ProtectionEnabled, out.ExpirationDate = true, moment(t.Protected.Until)
	}
	return out
}
