package dispatch

import (
	"context"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// balanced tells whether the stop of a task is held back from its node: a
// balancer has it as a target still. What it costs is by the task's targets.
func balanced(r store.Reader, key state.Key, t state.Task) bool {
	if t.Desired.Status != state.TaskStopped || t.Observed.Status > state.TaskRunning {
		return false
	}
	for _, p := range t.Targets() {
		if target, ok := store.Targets.Get(r, key.Scope().Key(p.ID())); ok && target.Task == t.ID {
			return true
		}
	}
	return false
}

// target takes up a change of a target: the stop of its task may go down when
// it was the last one.
func (s *session) target(c store.Change) error {
	before, had, after, has := store.Targets.Of(c)
	if !had || before.Task == "" || has && after.Task == before.Task {
		return nil
	}
	key := c.Key.Scope().Key(before.Task)
	if !s.held[key] {
		return nil
	}
	var (
		task  state.Task
		found bool
	)
	err := s.cfg.Store.View(context.Background(), func(r store.Reader) error {
		task, found = store.Tasks.Get(r, key)
		return nil
	})
	if err != nil || !found {
		return err // the removal of a task is told by itself
	}
	if err := s.assign(key, task); err != nil {
		return err
	}
	s.signal()
	return nil
}
