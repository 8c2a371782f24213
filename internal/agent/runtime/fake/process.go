package fake

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// Program is what a process does; its result is the exit code. It returns soon
// after ctx ends: then it was killed, and what it returns is not heard.
type Program func(ctx context.Context, p *Process) int32

// Process is what a Program sees.
type Process struct {
	Spec    runtime.Spec
	Args    []string
	Env     []string
	Stdin   io.Reader // never nil
	Stdout  io.Writer
	Stderr  io.Writer
	Signals <-chan string // all but SIGKILL
	Disk    *sync.Map     // the container's own: what an earlier process of it left

	Size func() runtime.TerminalSize // of its terminal; nil: it has none
}

// Start implements runtime.Engine.
func (e *Engine) Start(ctx context.Context, id string) error {
	if err := e.fail(ctx, "Start", id); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.find(id)
	if err != nil {
		return err
	}
	if c.phase != runtime.Created {
		return fmt.Errorf("container %s was started already", id)
	}
	program, err := e.program(c.spec, c.args)
	if err != nil {
		return fmt.Errorf("failed to create new container runtime task: unable to start container process: %w", err)
	}
	out, err := openOutput(c.spec.Spool)
	if err != nil {
		return err
	}
	c.phase, c.started = runtime.Running, time.Now()
	c.signals = make(chan string, 8)
	c.alive, c.kill = context.WithCancel(context.WithoutCancel(ctx))
	p := &Process{Spec: c.spec, Args: c.args, Env: environment(c.spec), Stdin: strings.NewReader(""), Stdout: out.streams[0], Stderr: out.streams[1], Signals: c.signals, Disk: c.disk}
	go e.run(c, program, p, out)
	return nil
}

// Restart implements runtime.Engine.
func (e *Engine) Restart(ctx context.Context, id string, secretEnv []string) error {
	if err := e.fail(ctx, "Restart", id); err != nil {
		return err
	}
	e.mu.Lock()
	c, err := e.find(id)
	if err == nil && c.phase == runtime.Running {
		err = fmt.Errorf("container %s runs", id)
	}
	if err == nil {
		c.phase, c.started, c.ended = runtime.Created, time.Time{}, make(chan struct{})
		c.spec.SecretEnv = secretEnv
	}
	e.mu.Unlock()
	if err != nil {
		return err
	}
	return e.Start(ctx, id)
}

// program chooses what a command runs.
func (e *Engine) program(spec runtime.Spec, args []string) (Program, error) {
	if e.options.Program != nil {
		return e.options.Program(spec), nil
	}
	if args[0] != "/probe" {
		return nil, fmt.Errorf("exec: %q: stat %s: no such file or directory", args[0], args[0])
	}
	return Probe, nil
}

// run is a process's life.
func (e *Engine) run(c *container, program Program, p *Process, out *output) {
	code := program(c.alive, p)
	if c.alive.Err() != nil {
		code = 137
	}
	c.kill()
	out.close()
	e.mu.Lock()
	defer e.mu.Unlock()
	c.phase, c.exit = runtime.Stopped, runtime.Exit{Code: code, At: time.Now()}
	close(c.ended)
}

func environment(spec runtime.Spec) []string {
	env := slices.Clone(spec.Env)
	for _, secret := range spec.SecretEnv {
		name, _, _ := strings.Cut(secret, "=")
		env = slices.DeleteFunc(env, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
		env = append(env, secret)
	}
	return env
}

// output is where a process writes.
type output struct {
	streams [2]io.Writer
	pipes   [2]*io.PipeWriter
	writer  *spool.Writer
	copies  sync.WaitGroup
}

func openOutput(s runtime.Spool) (*output, error) {
	o := &output{streams: [2]io.Writer{io.Discard, io.Discard}}
	if s.Dir == "" {
		return o, nil
	}
	var err error
	o.writer, err = spool.Create(s.Dir, spool.Options{MaxBytes: s.MaxBytes, NonBlocking: s.NonBlocking})
	if err != nil {
		return nil, err
	}
	for range o.pipes {
		o.writer.Add()
	}
	for i := range o.pipes {
		r, w := io.Pipe()
		o.pipes[i], o.streams[i] = w, w
		o.copies.Go(func() { _ = o.writer.Copy(spool.Stream(i+1), r) })
	}
	return o, nil
}

// close waits until all output is in the spool.
func (o *output) close() {
	if o.writer == nil {
		return
	}
	o.writer.Lift()
	for _, p := range o.pipes {
		p.Close()
	}
	o.copies.Wait()
}

// Exec implements runtime.Engine.
func (e *Engine) Exec(ctx context.Context, id string, cmd runtime.Exec) (runtime.ExecResult, error) {
	if err := e.fail(ctx, "Exec", id); err != nil {
		return runtime.ExecResult{}, err
	}
	e.mu.Lock()
	c, err := e.find(id)
	if err == nil && c.phase != runtime.Running {
		err = fmt.Errorf("%w: %s does not run", runtime.ErrNotFound, id)
	}
	e.mu.Unlock()
	if err != nil {
		return runtime.ExecResult{}, err
	}
	program, err := e.program(c.spec, cmd.Args)
	if err != nil {
		return runtime.ExecResult{}, err
	}
	alive, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(c.alive, end)()
	out := &limited{most: cmd.MaxOutput}
	code := program(alive, &Process{Disk: c.disk, Spec: c.spec, Args: cmd.Args, Env: environment(c.spec), Stdin: strings.NewReader(""), Stdout: out, Stderr: out, Signals: make(chan string)})
	switch {
	case ctx.Err() != nil:
		return runtime.ExecResult{}, ctx.Err()
	case c.alive.Err() != nil:
		code = 137
	}
	return runtime.ExecResult{Code: code, Output: out.kept}, nil
}

// limited keeps the first bytes written to it.
type limited struct {
	most int
	kept []byte
}

func (l *limited) Write(b []byte) (int, error) {
	l.kept = append(l.kept, b[:min(len(b), l.most-len(l.kept))]...)
	return len(b), nil
}
