package dispatch

import (
	"context"
	"reflect"

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
		}
		return nil
	})
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
