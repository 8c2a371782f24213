package fake

import (
	"context"
	"fmt"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

// Stats implements runtime.Engine: a running container has been busy for a
// tenth of its life and uses a mebibyte.
func (e *Engine) Stats(ctx context.Context, id string) (runtime.Stats, error) {
	if err := e.fail(ctx, "Stats", id); err != nil {
		return runtime.Stats{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.containers[id]
	if c == nil || c.phase != runtime.Running {
		return runtime.Stats{}, fmt.Errorf("%w: %s", runtime.ErrNotFound, id)
	}
	now := time.Now()
	return runtime.Stats{At: now, CPU: now.Sub(c.started) / 10, Memory: 1 << 20, MemoryLimit: uint64(c.spec.MemoryMiB) << 20, Pids: 1}, nil
}

// Usage implements runtime.Engine, with what Stats tells.
func (e *Engine) Usage(_, id string) (runtime.Usage, error) {
	s, err := e.Stats(context.Background(), id)
	return runtime.Usage{CPU: s.CPU, Memory: s.Memory}, err
}

// Written implements runtime.Engine: nothing is written.
func (e *Engine) Written(ctx context.Context, id string) (int64, error) {
	if err := e.fail(ctx, "Written", id); err != nil {
		return 0, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.containers[id] == nil {
		return 0, fmt.Errorf("%w: %s", runtime.ErrNotFound, id)
	}
	return 0, nil
}

// Changed implements runtime.Engine: nothing is written.
func (e *Engine) Changed(ctx context.Context, id string, _ int) ([]protocol.Change, bool, error) {
	_, err := e.Written(ctx, id)
	return nil, false, err
}

// Process implements runtime.Engine: a fake has no processes.
func (e *Engine) Process(ctx context.Context, id string) (int, error) {
	if err := e.fail(ctx, "Process", id); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("%w: %s", runtime.ErrNotFound, id)
}

// Pids implements runtime.Engine: a fake has no processes.
func (e *Engine) Pids(ctx context.Context, taskID string) ([]int, error) {
	return nil, e.fail(ctx, "Pids", taskID)
}
