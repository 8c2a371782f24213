package containerd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	runcoptions "github.com/containerd/containerd/api/types/runc/options"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/errdefs"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// Labels under which a container keeps what List tells.
const (
	labelTask  = "hatoba/task"
	labelSpool = "hatoba/spool"
)

// Create implements runtime.Engine. The snapshot is made and the spec written;
// no process exists yet.
func (e *Engine) Create(ctx context.Context, spec runtime.Spec) (err error) {
	ctx = e.context(ctx)
	image, err := e.client.GetImage(ctx, spec.Image)
	if err != nil {
		return fmt.Errorf("image %s is not present: %w", spec.Image, err)
	}
	if spec.InitProcess {
		spec.Mounts = append(spec.Mounts, runtime.Mount{Type: "bind", Source: e.cfg.initBinary(), Destination: initPath, ReadOnly: true})
	}
	opts, err := e.options(ctx, spec, image)
	if err != nil {
		return err
	}
	if err := e.openTask(spec); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.closeTask(spec.TaskID, spec.ID))
		}
	}()
	labels := map[string]string{labelTask: spec.TaskID, labelSpool: output(e.cfg.exitPath(spec.ID), spec.Spool)}
	for k, v := range spec.Labels {
		labels[k] = v
	}
	ctx, done, err := e.client.WithLease(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = done(context.WithoutCancel(ctx)) }()
	_, err = e.client.NewContainer(ctx, spec.ID,
		containerd.WithImage(image),
		containerd.WithSnapshotter(e.snapshotter),
		containerd.WithNewSnapshot(spec.ID, image),
		containerd.WithRuntime(e.cfg.Shim, &runcoptions.Options{BinaryName: e.cfg.Runtime, Root: filepath.Join(e.cfg.RunDir, "runc")}),
		containerd.WithAdditionalContainerLabels(labels),
		containerd.WithNewSpec(opts...),
	)
	return err
}

func output(exitPath string, s runtime.Spool) string {
	return exit.Output{ExitPath: exitPath, SpoolDir: s.Dir, Options: spool.Options{MaxBytes: s.MaxBytes, NonBlocking: s.NonBlocking}}.URI()
}

// Start implements runtime.Engine.
func (e *Engine) Start(ctx context.Context, id string) error {
	ctx = e.context(ctx)
	container, err := e.load(ctx, id)
	if err != nil {
		return err
	}
	labels, err := container.Labels(ctx)
	if err != nil {
		return err
	}
	uri := labels[labelSpool]
	task, err := container.NewTask(ctx, func(string) (cio.IO, error) { return shimIO{cio.Config{Stdout: uri, Stderr: uri}}, nil })
	if err != nil {
		return clean(err)
	}
	if err := task.Start(ctx); err != nil {
		_, derr := task.Delete(context.WithoutCancel(ctx), containerd.WithProcessKill)
		return errors.Join(clean(err), derr)
	}
	return nil
}

// shimIO tells the shim where output goes; nothing of it passes through here.
type shimIO struct{ config cio.Config }

func (s shimIO) Config() cio.Config { return s.config }
func (shimIO) Cancel()              {}
func (shimIO) Wait()                {}
func (shimIO) Close() error         { return nil }

// noise is what stands around the runtime's own words.
var noise = regexp.MustCompile(`^(failed to create (shim )?task: |OCI runtime (create|start|exec) failed: |runc (create|run) failed: |exec failed: )+`)

// clean reduces the runtime's error to what the user can act on.
func clean(err error) error {
	text := strings.TrimSuffix(err.Error(), ": unknown")
	return errors.New("failed to create new container runtime task: " + noise.ReplaceAllString(text, ""))
}

func (e *Engine) load(ctx context.Context, id string) (containerd.Container, error) {
	c, err := e.client.LoadContainer(ctx, id)
	if errdefs.IsNotFound(err) {
		return nil, fmt.Errorf("%w: %s", runtime.ErrNotFound, id)
	}
	return c, err
}

// task finds a container's process. Its shim may be gone when it has ended.
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

// errLost means that a container ended and nobody saw how: its shim died with
// it, as in a reboot.
var errLost = errors.New("the container's process is gone and left no exit")

// Wait implements runtime.Engine.
func (e *Engine) Wait(ctx context.Context, id string) (runtime.Exit, error) {
	ctx = e.context(ctx)
	if r, err := exit.Read(e.cfg.exitPath(id)); err == nil {
		return ended(r), nil
	}
	_, task, err := e.task(ctx, id)
	if err != nil {
		return runtime.Exit{}, err
	}
	if task == nil {
		return runtime.Exit{}, errLost
	}
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
	// The shim answers a wait only after the exit is on disk.
	if r, err := exit.Read(e.cfg.exitPath(id)); err == nil {
		return ended(r), nil
	}
	if err := status.Error(); err != nil {
		return runtime.Exit{}, err
	}
	return runtime.Exit{Code: int32(status.ExitCode()), At: status.ExitTime()}, nil
}

func ended(r exit.Record) runtime.Exit {
	return runtime.Exit{Code: int32(r.Code), At: r.At, OOMKilled: r.OOMKilled}
}

// Signal implements runtime.Engine.
func (e *Engine) Signal(ctx context.Context, id, signal string) error {
	ctx = e.context(ctx)
	number, err := signalNumber(signal)
	if err != nil {
		return err
	}
	_, task, err := e.task(ctx, id)
	if err != nil || task == nil {
		return err
	}
	if err := task.Kill(ctx, number); err != nil && !errdefs.IsNotFound(err) {
		return err
	}
	return nil
}

// signalNumber reads "SIGTERM", "TERM" or "15", as an image's STOPSIGNAL may be.
func signalNumber(name string) (syscall.Signal, error) {
	var n int
	if _, err := fmt.Sscanf(name, "%d", &n); err == nil && n > 0 && n < 65 {
		return syscall.Signal(n), nil
	}
	upper := strings.ToUpper(name)
	if !strings.HasPrefix(upper, "SIG") {
		upper = "SIG" + upper
	}
	if s := unix.SignalNum(upper); s != 0 {
		return s, nil
	}
	return 0, fmt.Errorf("unknown signal %q", name)
}

var execCount atomic.Int64

// Exec implements runtime.Engine.
func (e *Engine) Exec(ctx context.Context, id string, cmd runtime.Exec) (runtime.ExecResult, error) {
	ctx = e.context(ctx)
	container, task, err := e.task(ctx, id)
	if err != nil {
		return runtime.ExecResult{}, err
	}
	if task == nil {
		return runtime.ExecResult{}, fmt.Errorf("%w: %s has ended", runtime.ErrNotFound, id)
	}
	spec, err := container.Spec(ctx)
	if err != nil {
		return runtime.ExecResult{}, err
	}
	process := *spec.Process
	process.Args, process.Terminal = cmd.Args, false
	out, creator := &limited{most: cmd.MaxOutput}, cio.NullIO
	if cmd.MaxOutput > 0 {
		creator = cio.NewCreator(cio.WithFIFODir(filepath.Join(e.cfg.RunDir, "fifo")), cio.WithStreams(nil, out, out))
	}
	name := fmt.Sprintf("exec-%d-%d", os.Getpid(), execCount.Add(1))
	p, err := task.Exec(ctx, name, &process, creator)
	if err != nil {
		return runtime.ExecResult{}, err
	}
	detached := context.WithoutCancel(ctx)
	defer func() { _, _ = p.Delete(detached, containerd.WithProcessKill) }()
	statuses, err := p.Wait(detached)
	if err != nil {
		return runtime.ExecResult{}, err
	}
	if err := p.Start(ctx); err != nil {
		return runtime.ExecResult{}, clean(err)
	}
	select {
	case <-ctx.Done():
		_ = p.Kill(detached, syscall.SIGKILL)
		<-statuses
		return runtime.ExecResult{}, ctx.Err()
	case status := <-statuses:
		if p.IO() != nil {
			p.IO().Wait()
		}
		return runtime.ExecResult{Code: int32(status.ExitCode()), Output: out.bytes()}, status.Error()
	}
}

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
	labels, err := container.Labels(ctx)
	if err != nil {
		return err
	}
	if task != nil {
		if _, err := task.Delete(ctx); err != nil && !errdefs.IsNotFound(err) {
			return err
		}
	}
	if err := container.Delete(ctx, containerd.WithSnapshotCleanup); err != nil && !errdefs.IsNotFound(err) {
		return err
	}
	if err := e.closeTask(labels[labelTask], id); err != nil {
		return err
	}
	if err := os.Remove(e.cfg.exitPath(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

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
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (e *Engine) status(ctx context.Context, c containerd.Container) (runtime.Status, error) {
	labels, err := c.Labels(ctx)
	if err != nil {
		return runtime.Status{}, err
	}
	s := runtime.Status{ID: c.ID(), TaskID: labels[labelTask], Phase: runtime.Created, Labels: labels}
	if r, err := exit.Read(e.cfg.exitPath(c.ID())); err == nil {
		exited := ended(r)
		s.Phase, s.Exit, s.StartedAt = runtime.Stopped, &exited, r.At
		return s, nil
	}
	task, err := c.Task(ctx, nil)
	if errdefs.IsNotFound(err) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	status, err := task.Status(ctx)
	if err != nil {
		return s, err
	}
	if status.Status == containerd.Running || status.Status == containerd.Paused {
		s.Phase, s.StartedAt = runtime.Running, e.startTime(ctx, c)
	}
	return s, nil
}

// startTime is when the container was made, which is when it was started but
// for milliseconds.
func (e *Engine) startTime(ctx context.Context, c containerd.Container) time.Time {
	info, err := c.Info(ctx, containerd.WithoutRefreshedMetadata)
	if err != nil {
		return time.Now()
	}
	return info.CreatedAt
}

// adopt counts the containers an earlier life left, for their tasks' cgroups.
func (e *Engine) adopt(ctx context.Context) error {
	all, err := e.client.Containers(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		labels, err := c.Labels(ctx)
		if err != nil {
			return err
		}
		use := e.tasks[labels[labelTask]]
		if use == nil {
			use = &cgroupUse{containers: map[string]bool{}}
			e.tasks[labels[labelTask]] = use
		}
		use.containers[c.ID()] = true
	}
	return nil
}

// limited keeps the first bytes written to it. Its streams share it.
type limited struct {
	most   int
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (l *limited) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buffer.Write(b[:min(len(b), l.most-l.buffer.Len())])
	return len(b), nil
}

func (l *limited) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Bytes()
}
