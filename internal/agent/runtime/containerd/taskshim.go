package containerd

import (
	"context"
	"regexp"
	"sync"
	"sync/atomic"

	containerd "github.com/containerd/containerd/v2/client"
)

// taskShim orders what starts and ends the shim that a task's containers
// share. Of two containers that are made at once without one, each would start
// one; and the shim ends with the last process in it, which would take a
// container along that is being made at that moment.
type taskShim struct {
	mu        sync.RWMutex // read: processes are made in a shim that runs
	processes atomic.Int64 // made in it and not deleted, since we opened
}

// make makes a container's process: alone, when the shim is to be started for
// it, or when the shim ended because another container could not be made.
func (s *taskShim) make(ctx context.Context, create func(context.Context) (containerd.Task, error)) (containerd.Task, error) {
	s.mu.RLock()
	if s.processes.Load() > 0 {
		task, err := create(ctx)
		if err == nil {
			s.processes.Add(1)
		}
		if err == nil || ctx.Err() != nil || !shimEnded.MatchString(err.Error()) {
			s.mu.RUnlock()
			return task, err
		}
	}
	s.mu.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	task, err := create(ctx)
	if err == nil {
		s.processes.Add(1)
	}
	return task, err
}

// remove deletes a container's process, while none is made.
func (s *taskShim) remove(ctx context.Context, task containerd.Task, opts ...containerd.ProcessDeleteOpts) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := task.Delete(ctx, opts...)
	if err == nil {
		s.processes.Store(max(0, s.processes.Load()-1))
	}
	return err
}

// shimEnded is how a shim's end shows in the error of what was asked of it.
var shimEnded = regexp.MustCompile(`ttrpc: |dial unix |connection (refused|reset)`)
