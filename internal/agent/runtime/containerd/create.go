package containerd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	runcoptions "github.com/containerd/containerd/api/types/runc/options"
	containerd "github.com/containerd/containerd/v2/client"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// Labels under which a container keeps what later calls need.
const (
	labelTask   = "hatoba/task"
	labelOutput = "hatoba/output"
)

// Create implements runtime.Engine. The snapshot is made and the spec written;
// no process exists yet.
func (e *Engine) Create(ctx context.Context, spec runtime.Spec) (err error) {
	ctx = e.context(ctx)
	image, err := e.client.GetImage(ctx, spec.Image)
	if err != nil {
		return fmt.Errorf("image %s is not present: %w", spec.Image, err)
	}
	e.useImage(spec.Image)
	if spec.InitProcess {
		spec.Mounts = append(spec.Mounts, runtime.Mount{Type: "bind", Source: e.cfg.initBinary(), Destination: initPath, ReadOnly: true})
	}
	opts, err := e.options(ctx, spec, image)
	if err != nil {
		return err
	}
	// A note under this id tells of an earlier container.
	if err := e.forget(spec.ID); err != nil {
		return err
	}
	if err := e.openTask(spec); err != nil {
		return errors.Join(err, e.closeTask(spec.TaskID, spec.ID))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.closeTask(spec.TaskID, spec.ID))
		}
	}()
	labels := maps.Clone(spec.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[labelTask], labels[labelOutput] = spec.TaskID, e.output(spec).URI()
	if spec.Layer != "" {
		labels[labelLayer] = spec.Layer
	}
	snapshot, err := e.snapshot(spec, image)
	if err != nil {
		return err
	}
	// The lease keeps the snapshot until the container refers to it.
	ctx, done, err := e.client.WithLease(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = done(context.WithoutCancel(ctx)) }()
	container, err := e.client.NewContainer(ctx, spec.ID,
		containerd.WithImage(image),
		containerd.WithSnapshotter(e.snapshotter),
		snapshot,
		containerd.WithRuntime(e.cfg.Shim, &runcoptions.Options{
			BinaryName: e.cfg.Runtime, Root: filepath.Join(e.cfg.RunDir, "runc"), ShimCgroup: e.cfg.shimCgroup(),
		}),
		containerd.WithAdditionalContainerLabels(labels),
		containerd.WithNewSpec(opts...),
	)
	if err != nil {
		return err
	}
	if err := e.populate(ctx, spec.ID, spec.Mounts); err != nil {
		return errors.Join(err, container.Delete(context.WithoutCancel(ctx), containerd.WithSnapshotCleanup))
	}
	e.keepSecrets(spec.ID, spec.SecretEnv)
	return nil
}

// output is what the shim is to be told, but for the secrets.
func (e *Engine) output(spec runtime.Spec) exit.Output {
	return exit.Output{
		NotePath: e.cfg.notePath(spec.ID), Cgroup: e.cfg.containerCgroup(spec.TaskID, spec.ID), SpoolDir: spec.Spool.Dir,
		Terminal: spec.Terminal, Stdin: spec.Stdin, SharePID: spec.Machine.TaskPID, ShareIPC: spec.Machine.TaskIPC,
		Options: spool.Options{MaxBytes: spec.Spool.MaxBytes, NonBlocking: spec.Spool.NonBlocking},
	}
}

// keepSecrets keeps the secret part of an environment until the start, in
// memory.
func (e *Engine) keepSecrets(id string, env []string) {
	if len(env) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secrets[id] = env
}

// takeSecrets hands out what keepSecrets kept.
func (e *Engine) takeSecrets(id string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	env := e.secrets[id]
	delete(e.secrets, id)
	return env
}

// forget removes a container's note.
func (e *Engine) forget(id string) error {
	if err := os.Remove(e.cfg.notePath(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
