package dispatch

import (
	"context"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// found tells whether the stop of a task is held back from its node: a balancer
// has it as a target still, or Cloud Map as an instance. What it costs is by the
// task's targets and registries.
func found(r store.Reader, key state.Key, t state.Task) bool {
	if t.Desired.Status != state.TaskStopped || t.Observed.Status > state.TaskRunning {
		return false
	}
	for _, p := range t.Targets() {
		if target, ok := store.Targets.Get(r, key.Scope().Key(p.ID())); ok && target.Task == t.ID {
			return true
		}
	}
	for _, registry := range t.Spec.Service.Registries {
		if i, ok := store.DiscoveryInstances.Get(r, key.Scope().Key(state.DiscoveryInstanceID(registry.Service, t.ID))); ok && i.Task == t.ID {
			return true
		}
	}
	return false
}

// instance takes up the removal of an instance, as target does that of a
// target.
func (s *session) instance(c store.Change) error {
	before, had, _, has := store.DiscoveryInstances.Of(c)
	if !had || has || before.Task == "" {
		return nil
	}
	return s.released(c.Key.Scope().Key(before.Task))
}

// target takes up a change of a target: the stop of its task may go down when
// it was the last one.
func (s *session) target(c store.Change) error {
	before, had, after, has := store.Targets.Of(c)
	if !had || before.Task == "" || has && after.Task == before.Task {
		return nil
	}
	return s.released(c.Key.Scope().Key(before.Task))
}

// released looks at a task again, whose stop may be held back no more.
func (s *session) released(key state.Key) error {
	if !s.held[key] {
		return nil
	}
	var (
		task  state.Task
		there bool
	)
	err := s.cfg.Store.View(context.Background(), func(r store.Reader) error {
		task, there = store.Tasks.Get(r, key)
		return nil
	})
	if err != nil || !there {
		return err // the removal of a task is told by itself
	}
	if err := s.assign(key, task); err != nil {
		return err
	}
	s.signal()
	return nil
}
