package fake

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// Attach implements runtime.Engine. With a terminal, stderr goes where stdout
// does, and the program is told its size by Process.Size.
func (e *Engine) Attach(ctx context.Context, id string, cmd runtime.Attach) (runtime.Process, error) {
	if err := e.fail(ctx, "Attach", id); err != nil {
		return nil, err
	}
	e.mu.Lock()
	c, err := e.find(id)
	if err == nil && c.phase != runtime.Running {
		err = fmt.Errorf("%w: %s does not run", runtime.ErrNotFound, id)
	}
	e.mu.Unlock()
	if err != nil {
		return nil, err
	}
	program, err := e.program(c.spec, cmd.Args)
	if err != nil {
		return nil, err
	}
	a := &attached{ctx: ctx, container: c, size: cmd.Size, ended: make(chan struct{})}
	p := &Process{
		Spec: c.spec, Args: cmd.Args, Env: environment(c.spec), Stdin: cmd.Stdin, Stdout: cmd.Stdout, Stderr: cmd.Stderr,
		Signals: make(chan string), Disk: c.disk,
	}
	if p.Stdin == nil {
		p.Stdin = strings.NewReader("")
	}
	if cmd.Terminal {
		p.Stderr, p.Size = cmd.Stdout, a.current
	}
	for _, w := range []*io.Writer{&p.Stdout, &p.Stderr} {
		if *w == nil {
			*w = io.Discard
		}
	}
	alive, end := context.WithCancel(ctx)
	unlink := context.AfterFunc(c.alive, end)
	go func() {
		defer end()
		defer unlink()
		defer close(a.ended)
		a.code = program(alive, p)
	}()
	return a, nil
}

// attached implements runtime.Process.
type attached struct {
	ctx       context.Context
	container *container
	ended     chan struct{} // closed when code is set
	code      int32

	mu   sync.Mutex
	size runtime.TerminalSize
}

func (a *attached) current() runtime.TerminalSize {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.size
}

// Resize implements runtime.Process.
func (a *attached) Resize(_ context.Context, size runtime.TerminalSize) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.size = size
	return nil
}

// Wait implements runtime.Process.
func (a *attached) Wait() (int32, error) {
	select {
	case <-a.ended:
	case <-a.ctx.Done():
		return 0, a.ctx.Err()
	case <-a.container.alive.Done():
		return 137, nil
	}
	switch {
	case a.ctx.Err() != nil:
		return 0, a.ctx.Err()
	case a.container.alive.Err() != nil:
		return 137, nil
	}
	return a.code, nil
}
