package containerd

import (
	"context"
	"errors"
	"fmt"

	containerd "github.com/containerd/containerd/v2/client"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// errLost means that a container ended and nobody saw how: its shim died with
// it or before it, as in a reboot.
var errLost = errors.New("the container's process is gone and left no exit")

// Wait implements runtime.Engine. It relies on the shim, which answers a wait
// only after the note of the exit is on disk and the last output in the spool.
func (e *Engine) Wait(ctx context.Context, id string) (runtime.Exit, error) {
	ctx = e.context(ctx)
	note := e.note(id)
	if note.Ended {
		return ended(note), nil
	}
	_, task, err := e.task(ctx, id)
	if err != nil {
		return runtime.Exit{}, err
	}
	if task == nil {
		switch note = e.note(id); {
		case note.Ended:
			return ended(note), nil
		case note.StartedAt.IsZero():
			return runtime.Exit{}, fmt.Errorf("container %s was not started", id)
		}
		return runtime.Exit{}, errLost
	}
	return e.waitTask(ctx, id, task)
}

func (e *Engine) waitTask(ctx context.Context, id string, task containerd.Task) (runtime.Exit, error) {
	statuses, err := task.Wait(ctx)
	if err != nil {
		return runtime.Exit{}, err
	}
	var status containerd.ExitStatus
	select {
	case <-ctx.Done():
		return runtime.Exit{}, ctx.Err()
	case status = <-statuses:
	}
	if note := e.note(id); note.Ended {
		return ended(note), nil
	}
	if ctx.Err() != nil {
		return runtime.Exit{}, ctx.Err()
	}
	if err := status.Error(); err != nil {
		return runtime.Exit{}, fmt.Errorf("%w: %w", errLost, err)
	}
	// The note could not be written, say because the disk is full.
	return runtime.Exit{Code: int32(status.ExitCode()), At: status.ExitTime()}, nil
}

// note is what the shim left about a container; the zero Record when that is
// nothing.
func (e *Engine) note(id string) exit.Record {
	r, err := exit.Read(e.cfg.notePath(id))
	if err != nil {
		return exit.Record{}
	}
	return r
}

func ended(r exit.Record) runtime.Exit {
	return runtime.Exit{Code: int32(r.Code), At: r.At, OOMKilled: r.OOMKilled}
}
