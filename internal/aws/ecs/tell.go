package ecs

import (
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// putTask writes a task and tells of the change. A task that is new also takes
// a place of its container instance.
func (s *Service) putTask(w store.Writer, scope state.Scope, before, task state.Task) error {
	if err := store.Tasks.Put(w, scope.Key(task.ID), task); err != nil {
		return err
	}
	now := s.cfg.Now()
	if err := events.TaskChanged(w, scope, before, task, now); err != nil {
		return err
	}
	if arn := task.Placement.ContainerInstance; arn != "" && before.ID == "" {
		return s.InstanceChanged(w, scope, arn, now)
	}
	return nil
}

// putInstance writes a container instance, whose version has grown, and tells
// of the change.
func (s *Service) putInstance(w store.Writer, scope state.Scope, inst state.ContainerInstance) error {
	if err := store.ContainerInstances.Put(w, scope.Key(state.ContainerInstanceKey(inst.ClusterName, inst.ID)), inst); err != nil {
		return err
	}
	return s.tellInstance(w, scope, inst, s.cfg.Now())
}

func (s *Service) tellInstance(w store.Writer, scope state.Scope, inst state.ContainerInstance, now time.Time) error {
	if !events.IsHeard(w, scope, events.Default, "aws.ecs", events.InstanceStateChange) {
		return nil // what is left of it takes a look at every task
	}
	return events.InstanceChanged(w, scope, scope.ClusterARN(inst.ClusterName), s.instanceShape(w, scope, inst, nil), now)
}

// InstanceChanged tells that what a container instance has left, or whether its
// agent is connected, has changed. Where nobody hears it nothing is written.
func (s *Service) InstanceChanged(w store.Writer, scope state.Scope, arn string, now time.Time) error {
	if !events.IsHeard(w, scope, events.Default, "aws.ecs", events.InstanceStateChange) {
		return nil
	}
	rest := arn[strings.LastIndex(arn, ":")+1:]
	key := scope.Key(strings.TrimPrefix(rest, "container-instance/"))
	inst, ok := store.ContainerInstances.Get(w, key)
	if !ok {
		return nil
	}
	inst.Version++
	if err := store.ContainerInstances.Put(w, key, inst); err != nil {
		return err
	}
	return s.tellInstance(w, scope, inst, now)
}

// NodeChanged is InstanceChanged for all container instances that a node is.
func (s *Service) NodeChanged(w store.Writer, node string, now time.Time) error {
	var found []state.Key
	for key, inst := range store.ContainerInstances.List(w, state.Scope{}, "") {
		if inst.Node == node && inst.Status != inactive {
			found = append(found, key)
		}
	}
	for _, key := range found {
		inst, _ := store.ContainerInstances.Get(w, key)
		if err := s.InstanceChanged(w, key.Scope(), inst.ARN, now); err != nil {
			return err
		}
	}
	return nil
}
