package containerd

import (
	"context"
	"errors"
	"os"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/errdefs"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// Delete implements runtime.Engine.
func (e *Engine) Delete(ctx context.Context, id string) error {
	ctx = e.context(ctx)
	container, task, err := e.task(ctx, id)
	if errors.Is(err, runtime.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := container.Info(ctx, containerd.WithoutRefreshedMetadata)
	if err != nil {
		return err
	}
	e.useImage(info.Image)
	if task != nil {
		shim := &e.use(info.Labels[labelTask]).shim
		err := e.bounded(id, patience, func() error { return deleteTask(ctx, task, shim) })
		if err != nil && !errdefs.IsNotFound(err) {
			return err
		}
	} else if err := e.clearLost(info.Labels[labelTask], id); err != nil {
		return err
	}
	if err := container.Delete(ctx, containerd.WithSnapshotCleanup); err != nil && !errdefs.IsNotFound(err) {
		return err
	}
	e.takeSecrets(id)
	return errors.Join(e.closeTask(info.Labels[labelTask], id), e.forget(id), os.RemoveAll(e.attachDir(id)))
}

// deleteTask removes a process. An interrupted Start leaves one that was made and
// never started; one whose end could not be told may run.
func deleteTask(ctx context.Context, task containerd.Task, shim *taskShim) error {
	status, err := task.Status(ctx)
	if err != nil {
		return err
	}
	var opts []containerd.ProcessDeleteOpts
	if status.Status != containerd.Stopped {
		opts = append(opts, containerd.WithProcessKill)
	}
	return shim.remove(ctx, task, opts...)
}
