package containerd

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/errdefs"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// Start implements runtime.Engine. Once begun it goes to its end, also when ctx
// ends meanwhile: one cut short would leave a process nobody knows of.
func (e *Engine) Start(ctx context.Context, id string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ctx = e.context(context.WithoutCancel(ctx))
	container, err := e.load(ctx, id)
	if err != nil {
		return err
	}
	info, err := container.Info(ctx, containerd.WithoutRefreshedMetadata)
	if err != nil {
		return err
	}
	uri := info.Labels[labelOutput]
	out, ok := exit.ParseURI(uri)
	if ok {
		out.SecretEnv = e.takeSecrets(id)
		uri = out.URI()
	}
	shim := &e.use(info.Labels[labelTask]).shim
	root, err := e.onLayer(ctx, id, info.Labels[labelLayer])
	if err != nil {
		return err
	}
	return e.bounded(id, startPatience, func() error { return e.launch(ctx, shim, container, uri, out.Terminal, root) })
}

// launch makes and starts a container's process.
func (e *Engine) launch(ctx context.Context, shim *taskShim, container containerd.Container, uri string, terminal bool, root []containerd.NewTaskOpts) error {
	task, err := shim.make(ctx, func(ctx context.Context) (containerd.Task, error) {
		return container.NewTask(ctx, told(uri, terminal), root...)
	})
	if err != nil {
		return clean(err)
	}
	if err := task.Start(ctx); err != nil {
		derr := shim.remove(ctx, task, containerd.WithProcessKill)
		return errors.Join(clean(err), derr, e.forget(container.ID()))
	}
	return nil
}

// told tells the shim where output goes; nothing of it passes through here.
func told(uri string, terminal bool) cio.Creator {
	return func(string) (cio.IO, error) {
		return shimIO{cio.Config{Stdout: uri, Stderr: uri, Terminal: terminal}}, nil
	}
}

type shimIO struct{ config cio.Config }

func (s shimIO) Config() cio.Config { return s.config }
func (shimIO) Cancel()              {}
func (shimIO) Wait()                {}
func (shimIO) Close() error         { return nil }

// load finds a container.
func (e *Engine) load(ctx context.Context, id string) (containerd.Container, error) {
	c, err := e.client.LoadContainer(ctx, id)
	if errdefs.IsNotFound(err) {
		return nil, fmt.Errorf("%w: %s", runtime.ErrNotFound, id)
	}
	return c, err
}

// task finds a container's process. There is none before the start, and none
// any more when the shim is gone.
func (e *Engine) task(ctx context.Context, id string) (containerd.Container, containerd.Task, error) {
	c, err := e.load(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	task, err := c.Task(ctx, nil)
	if errdefs.IsNotFound(err) {
		return c, nil, nil
	}
	return c, task, err
}

// noise is what stands around the runtime's own words.
var noise = regexp.MustCompile(`^(failed to create (shim )?task: |OCI runtime (create|start|exec) failed: |runc (create|run) failed: |exec failed: )+`)

// cleaned is an error that says what the user can act on.
type cleaned struct {
	text string
	err  error
}

func (c cleaned) Error() string { return c.text }
func (c cleaned) Unwrap() error { return c.err }

// clean reduces the runtime's error to its own words, as Fargate puts them.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
func clean(err error) error {
	text := strings.TrimSuffix(err.Error(), ": unknown")
	return cleaned{"failed to create new container runtime task: " + noise.ReplaceAllString(text, ""), err}
}
