package containerd

import (
	"context"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/errdefs"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// List implements runtime.Engine.
func (e *Engine) List(ctx context.Context) ([]runtime.Status, error) {
	ctx = e.context(ctx)
	all, err := e.client.Containers(ctx)
	if err != nil {
		return nil, err
	}
	var out []runtime.Status
	for _, c := range all {
		s, err := e.status(ctx, c)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// status tells where in its life a container is. One that ran, and of which
// neither a process nor an exit is left, is Stopped without an exit.
func (e *Engine) status(ctx context.Context, c containerd.Container) (runtime.Status, error) {
	info, err := c.Info(ctx, containerd.WithoutRefreshedMetadata)
	if err != nil {
		return runtime.Status{}, err
	}
	s := runtime.Status{ID: c.ID(), TaskID: info.Labels[labelTask], Phase: runtime.Created, Labels: info.Labels}
	var running containerd.Status
	task, err := c.Task(ctx, nil)
	if err == nil {
		running, err = task.Status(ctx)
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return s, err
	}
	if running.Status == containerd.Stopped {
		// It may be ending just now: this returns when the note is there.
		if _, err := e.waitTask(ctx, c.ID(), task); err != nil && ctx.Err() != nil {
			return s, err
		}
	}
	note := e.note(c.ID())
	s.StartedAt = note.StartedAt
	switch {
	case note.Ended:
		exit := ended(note)
		s.Phase, s.Exit = runtime.Stopped, &exit
	case running.Status == containerd.Running, running.Status == containerd.Paused, running.Status == containerd.Pausing:
		s.Phase = runtime.Running
	case !note.StartedAt.IsZero():
		s.Phase = runtime.Stopped
	}
	return s, nil
}
