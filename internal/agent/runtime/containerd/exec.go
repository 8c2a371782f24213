package containerd

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/cio"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// Exec implements runtime.Engine. The command has the container's user,
// environment and working directory. One that is killed takes along what it
// has started, unless that left its process group.
func (e *Engine) Exec(ctx context.Context, id string, cmd runtime.Exec) (runtime.ExecResult, error) {
	ctx = e.context(ctx)
	container, task, err := e.task(ctx, id)
	if err != nil {
		return runtime.ExecResult{}, err
	}
	if task == nil {
		return runtime.ExecResult{}, fmt.Errorf("%w: %s does not run", runtime.ErrNotFound, id)
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
	p, err := task.Exec(ctx, "exec-"+rand.Text(), &process, creator)
	if err != nil {
		return runtime.ExecResult{}, errors.Join(ctx.Err(), err)
	}
	code, err := run(ctx, p, func(ctx context.Context) error {
		return e.bounded(id, patience, func() error { return p.Start(ctx) })
	})
	return runtime.ExecResult{Code: code, Output: out.bytes()}, err
}

// run starts a process and waits for it and its output, at most until ctx
// ends. Nothing of it is left.
func run(ctx context.Context, p containerd.Process, start func(context.Context) error) (int32, error) {
	detached := context.WithoutCancel(ctx)
	defer forgetExec(detached, p)
	statuses, err := p.Wait(detached)
	if err != nil {
		return 0, err
	}
	// A start that is cut short would leave a process nobody knows of.
	if err := start(detached); err != nil {
		return 0, clean(err)
	}
	var status containerd.ExitStatus
	select {
	case <-ctx.Done():
		_ = p.Kill(detached, syscall.SIGKILL)
		<-statuses
		p.IO().Cancel()
		return 0, ctx.Err()
	case status = <-statuses:
	}
	// Somebody the command has started may hold its output open for long.
	read := make(chan struct{})
	go func() { p.IO().Wait(); close(read) }()
	select {
	case <-ctx.Done():
		p.IO().Cancel()
		return 0, ctx.Err()
	case <-read:
		return int32(status.ExitCode()), status.Error()
	}
}

// drain is how long output is waited for that somebody holds open whom the
// command has started and left behind.
const drain = time.Second

// forgetExec removes what is left of a command that has ended or did not start.
func forgetExec(ctx context.Context, p containerd.Process) {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	if _, err := p.Delete(ctx); err != nil && p.IO() != nil {
		p.IO().Cancel()
		p.IO().Close()
	}
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
	return bytes.Clone(l.buffer.Bytes())
}
