package dispatch

import (
	"context"
	"reflect"
	"time"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Report implements protocol.Session: it merges by rank, in one transaction
// for the whole batch. Reports on tasks that are gone or placed elsewhere are
// dropped; the node hears of those by Remove.
func (s *session) Report(ctx context.Context, reports []protocol.TaskReport) error {
	return s.cfg.Store.Update(ctx, func(w store.Writer) error {
		for _, report := range reports {
			task, ok := store.Tasks.Get(w, report.Key)
			if !ok || task.Placement.Node != s.node {
				continue
			}
			merged, changed := apply(task, report.Observed)
			if !changed {
				continue
			}
			if err := store.Tasks.Put(w, report.Key, merged); err != nil {
				return err
			}
			if err := s.tell(w, report.Key, task, merged, time.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// tell tells of a task that changed, and of the container instance that it no
// longer takes a place of.
func (s *session) tell(w store.Writer, key state.Key, before, after state.Task, now time.Time) error {
	if err := events.TaskChanged(w, key.Scope(), before, after, now); err != nil {
		return err
	}
	freed := before.Observed.Status < state.TaskStopped && after.Observed.Status == state.TaskStopped
	if !freed || after.Placement.ContainerInstance == "" || s.cfg.Instances == nil {
		return nil
	}
	return s.cfg.Instances.InstanceChanged(w, key.Scope(), after.Placement.ContainerInstance, now)
}

// apply merges an observation into a task. A task that ended by itself is
// wanted no more: its desired status follows.
func apply(task state.Task, observed state.Observed) (state.Task, bool) {
	merged := state.Merge(task.Observed, observed)
	if reflect.DeepEqual(merged, task.Observed) {
		return task, false
	}
	task.Observed = merged
	if merged.Status >= state.TaskDeactivating && task.Desired.Status != state.TaskStopped {
		task.Desired.Status = state.TaskStopped
		if merged.StoppingAt != nil {
			task.Desired.At = *merged.StoppingAt
		}
	}
	task.Version++
	return task, true
}
