package main

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/log"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// container is what the shim remembers of one container.
type container struct {
	id     string
	out    exit.Output
	pump   *pump         // nil: its output is discarded
	input  *input        // nil: it has neither terminal nor open standard input
	killed atomic.Bool   // SIGKILL was asked for
	noted  chan struct{} // closed when the exit is on disk

	mu      sync.Mutex // orders the notes
	note    exit.Record
	process *os.File // a pidfd of its own process, nil: not known
}

// hold keeps hold of the container's own process: its number may become
// another's, this does not.
func (c *container) hold(pid uint32) {
	fd, err := unix.PidfdOpen(int(pid), 0)
	if err != nil {
		return // before Linux 5.3; the runtime signals it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process = os.NewFile(uintptr(fd), "process")
}

// signal signals a process that has started. false: it did not.
func (c *container) signal(number syscall.Signal) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.process != nil && !c.note.StartedAt.IsZero() && !c.note.Ended &&
		unix.PidfdSendSignal(int(c.process.Fd()), number, nil, 0) == nil
}

func (c *container) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != nil {
		_ = c.process.Close()
		c.process = nil
	}
}

// starting sets the start before it happens: the process may end before we
// are told that it started.
func (c *container) starting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note.StartedAt = time.Now()
}

// started notes the start, unless it failed or the end is noted already.
func (c *container) started(ctx context.Context, failure error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if failure != nil {
		c.note.StartedAt = time.Time{}
		return
	}
	if !c.note.Ended {
		c.write(ctx)
	}
}

// watch waits for the end and notes it: last words first. The note does not
// wait for events to be delivered, for nobody may be there to take them.
func (c *container) watch(ctx context.Context, inner taskapi.TTRPCTaskService) {
	defer close(c.noted)
	resp, err := inner.Wait(ctx, &taskapi.WaitRequest{ID: c.id})
	c.input.close()
	if c.pump != nil {
		c.pump.finish()
	}
	if err != nil {
		log.G(ctx).WithError(err).Errorf("cannot wait for %s", c.id)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.note.StartedAt.IsZero() {
		return // it never ran
	}
	c.note.Ended, c.note.Code, c.note.At = true, resp.ExitStatus, resp.ExitedAt.AsTime()
	c.note.OOMKilled = resp.ExitStatus == 128+9 && !c.killed.Load() && oomKilled(c.out.Cgroup)
	c.write(ctx)
}

// write leaves the note; c.mu is held.
func (c *container) write(ctx context.Context) {
	if err := exit.Write(c.out.NotePath, c.note); err != nil {
		log.G(ctx).WithError(err).Errorf("cannot note the life of %s", c.id)
	}
}

func (c *container) waitNoted(ctx context.Context) {
	select {
	case <-c.noted:
	case <-ctx.Done():
	}
}

// abandon ends the pump of a container that is not to be.
func (c *container) abandon() {
	if c.pump != nil {
		c.pump.start() // nobody writes: it ends at once
		c.pump.finish()
	}
}
