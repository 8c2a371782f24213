package containerd

import (
	"context"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/errdefs"
)

// Restart implements runtime.Engine: the process is made anew on the snapshot
// that is there.
func (e *Engine) Restart(ctx context.Context, id string, secretEnv []string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	detached := e.context(context.WithoutCancel(ctx))
	container, task, err := e.task(detached, id)
	if err != nil {
		return err
	}
	info, err := container.Info(detached, containerd.WithoutRefreshedMetadata)
	if err != nil {
		return err
	}
	if task != nil {
		if err := deleteTask(detached, task, &e.use(info.Labels[labelTask]).shim); err != nil && !errdefs.IsNotFound(err) {
			return err
		}
	} else if err := e.clearLost(info.Labels[labelTask], id); err != nil {
		return err
	}
	if err := e.forget(id); err != nil {
		return err
	}
	e.keepSecrets(id, secretEnv)
	return e.Start(ctx, id)
}
