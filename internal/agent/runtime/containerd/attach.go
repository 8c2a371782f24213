package containerd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// hangUp is how long a command has to end after SIGHUP before it is killed.
const hangUp = time.Second

// Attach implements runtime.Engine. The command's pipes lie in a directory
// named after its container: what a kill of Hatoba leaves there tells the next
// engine which commands to end.
func (e *Engine) Attach(ctx context.Context, id string, cmd runtime.Attach) (runtime.Process, error) {
	ctx = e.context(ctx)
	container, task, err := e.task(ctx, id)
	if err != nil {
		return nil, err
	}
	if task == nil {
		return nil, fmt.Errorf("%w: %s does not run", runtime.ErrNotFound, id)
	}
	spec, err := container.Spec(ctx)
	if err != nil {
		return nil, err
	}
	in := &endingReader{Reader: cmd.Stdin, ended: make(chan struct{})}
	streams := []cio.Opt{cio.WithFIFODir(e.attachDir(id)), cio.WithStreams(nil, cmd.Stdout, cmd.Stderr)}
	if cmd.Stdin != nil {
		streams[1] = cio.WithStreams(in, cmd.Stdout, cmd.Stderr)
	}
	if cmd.Terminal {
		streams = append(streams, cio.WithTerminal)
	}
	p, err := task.Exec(ctx, "exec-"+rand.Text(), attached(*spec.Process, cmd), cio.NewCreator(streams...))
	if err != nil {
		return nil, errors.Join(ctx.Err(), err)
	}
	a := &attachedProcess{ctx: ctx, process: p, terminal: cmd.Terminal, ended: make(chan struct{})}
	if err := a.start(); err != nil {
		return nil, err
	}
	if cmd.Stdin != nil && !cmd.Terminal {
		go a.closeInput(in)
	}
	return a, nil
}

// attached is the container's process as the command is to have it.
func attached(process specs.Process, cmd runtime.Attach) *specs.Process {
	process.Args, process.Terminal = cmd.Args, cmd.Terminal
	if cmd.Root {
		process.User = specs.User{Umask: process.User.Umask}
	}
	if cmd.Terminal {
		// As AWS's agent has them: the kernel's default terminal cannot clear
		// the screen, and its locale has no UTF-8.
		// Source: https://github.com/aws/amazon-ssm-agent/blob/mainline/agent/session/shell/shell_unix.go
		process.Env = slices.DeleteFunc(slices.Clone(process.Env), func(v string) bool { return strings.HasPrefix(v, "TERM=") })
		process.Env = append(process.Env, "TERM=xterm-256color")
		if !slices.ContainsFunc(process.Env, func(v string) bool { return strings.HasPrefix(v, "LANG=") }) {
			process.Env = append(process.Env, "LANG=C.UTF-8")
		}
		if cmd.Size != (runtime.TerminalSize{}) {
			process.ConsoleSize = &specs.Box{Width: uint(cmd.Size.Cols), Height: uint(cmd.Size.Rows)}
		}
	}
	return &process
}

// endingReader tells when a reader has ended.
type endingReader struct {
	io.Reader
	ended chan struct{}
}

func (r *endingReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err != nil {
		select {
		case <-r.ended:
		default:
			close(r.ended)
		}
	}
	return n, err
}

// attachedProcess implements runtime.Process.
type attachedProcess struct {
	ctx      context.Context
	process  containerd.Process
	terminal bool
	statuses <-chan containerd.ExitStatus
	ended    chan struct{}
}

// start starts the command. A start that is cut short would leave a process
// nobody knows of, so it is not.
func (a *attachedProcess) start() (err error) {
	detached := context.WithoutCancel(a.ctx)
	if a.statuses, err = a.process.Wait(detached); err == nil {
		err = a.process.Start(detached)
	}
	if err != nil {
		forgetExec(detached, a.process)
		text := strings.TrimSuffix(noise.ReplaceAllString(err.Error(), ""), ": unknown")
		text = strings.TrimPrefix(text, "unable to start container process: ")
		return cleaned{notThere.ReplaceAllString(text, "fork/exec $1: "), err}
	}
	return nil
}

// notThere is how the runtime says that a path cannot be run; it is told as
// AWS's agent does.
var notThere = regexp.MustCompile(`^exec: "(/[^"]*)": stat [^:]*: `)

// closeInput hands the end of the input on.
func (a *attachedProcess) closeInput(in *endingReader) {
	select {
	case <-in.ended:
		_ = a.process.CloseIO(a.ctx, containerd.WithStdinCloser)
	case <-a.ended:
	}
}

// Resize implements runtime.Process.
func (a *attachedProcess) Resize(ctx context.Context, size runtime.TerminalSize) error {
	if !a.terminal {
		return nil
	}
	return a.process.Resize(namespaced(ctx), uint32(size.Cols), uint32(size.Rows))
}

// Wait implements runtime.Process.
func (a *attachedProcess) Wait() (int32, error) {
	detached := context.WithoutCancel(a.ctx)
	defer forgetExec(detached, a.process)
	defer close(a.ended)
	var status containerd.ExitStatus
	select {
	case status = <-a.statuses:
	case <-a.ctx.Done():
		a.kill(detached)
		a.process.IO().Cancel()
		return 0, a.ctx.Err()
	}
	// Somebody the command has started may hold its output open; what is there
	// is waited for as long as somebody takes it.
	read := make(chan struct{})
	go func() { a.process.IO().Wait(); close(read) }()
	select {
	case <-a.ctx.Done():
		a.process.IO().Cancel()
		return 0, a.ctx.Err()
	case <-read:
		return int32(status.ExitCode()), status.Error()
	}
}

// kill ends the command, as the end of a terminal does, and then for certain.
func (a *attachedProcess) kill(ctx context.Context) {
	_ = a.process.Kill(ctx, syscall.SIGHUP)
	timer := time.NewTimer(hangUp)
	defer timer.Stop()
	select {
	case <-a.statuses:
		return
	case <-timer.C:
	}
	_ = a.process.Kill(ctx, syscall.SIGKILL)
	<-a.statuses
}

func (e *Engine) attachDir(id string) string { return filepath.Join(e.cfg.RunDir, "attach", id) }

// endAttached ends the commands that an earlier life left running: nobody
// reads what they write.
func (e *Engine) endAttached(ctx context.Context) {
	dirs, _ := os.ReadDir(e.attachDir(""))
	for _, dir := range dirs {
		_, task, err := e.task(ctx, dir.Name())
		if err == nil && task != nil {
			pipes, _ := filepath.Glob(filepath.Join(e.attachDir(dir.Name()), "*", "exec-*-stdout"))
			for _, pipe := range pipes {
				e.endOne(ctx, task, strings.TrimSuffix(filepath.Base(pipe), "-stdout"))
			}
		}
		if err := os.RemoveAll(e.attachDir(dir.Name())); err != nil {
			e.cfg.Log.Warn("left-over pipes stay", "container", dir.Name(), "error", err)
		}
	}
}

func (e *Engine) endOne(ctx context.Context, task containerd.Task, id string) {
	p, err := task.LoadProcess(ctx, id, nil)
	if err != nil {
		return // it ended and was removed
	}
	statuses, err := p.Wait(ctx)
	if err == nil {
		_ = p.Kill(ctx, syscall.SIGKILL)
		<-statuses
	}
	if _, err := p.Delete(ctx); err != nil {
		e.cfg.Log.Warn("a command of an earlier life stays", "container", task.ID(), "command", id, "error", err)
	}
}
