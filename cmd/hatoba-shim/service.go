package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types/task"
	"github.com/containerd/log"
	"github.com/containerd/ttrpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// service adds to containerd's task service: output goes to a spool, and an
// exit is on disk, behind the last words, before anybody is told of it.
type service struct {
	taskapi.TTRPCTaskService
	ctx context.Context // of the shim's life

	mu         sync.Mutex
	containers map[string]*container
	creating   int

	shared shared
}

func newService(ctx context.Context, inner taskapi.TTRPCTaskService) *service {
	return &service{TTRPCTaskService: inner, ctx: ctx, containers: map[string]*container{}}
}

// RegisterTTRPC serves us in the place of the service we wrap.
func (s *service) RegisterTTRPC(server *ttrpc.Server) error {
	taskapi.RegisterTTRPCTaskService(server, s)
	return nil
}

func (s *service) find(id string) *container {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.containers[id]
}

// Create opens the spool and hands its pipes to the service we wrap.
func (s *service) Create(ctx context.Context, r *taskapi.CreateTaskRequest) (resp *taskapi.CreateTaskResponse, err error) {
	s.count(1)
	defer s.count(-1)
	out, ok := exit.ParseURI(r.Stdout)
	if !ok {
		return s.TTRPCTaskService.Create(ctx, r)
	}
	r.Stdout, r.Stderr = "", ""
	c := &container{id: r.ID, out: out, noted: make(chan struct{})}
	if err := s.shared.join(r.ID, r.Bundle, out); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.shared.leave(r.ID))
		}
	}()
	restore, err := revealIn(r.Bundle, out.SecretEnv)
	if err != nil {
		return nil, fmt.Errorf("add the secret variables: %w", err)
	}
	if out.SpoolDir != "" {
		if c.pump, err = openPump(out); err != nil {
			return nil, errors.Join(fmt.Errorf("open the log spool: %w", err), restore())
		}
		r.Stdout, r.Stderr = c.pump.paths[0], c.pump.paths[1]
	}
	if c.input, err = openInput(r, out); err != nil {
		c.abandon()
		return nil, errors.Join(fmt.Errorf("open the standard input: %w", err), restore())
	}
	resp, err = s.TTRPCTaskService.Create(ctx, r)
	if rerr := restore(); rerr != nil {
		log.G(ctx).WithError(rerr).Error("cannot take the secret variables out of the bundle")
	}
	if c.pump != nil {
		// The writing ends are open now, or will never be: in both cases
		// reading comes to an end.
		c.pump.start()
	}
	if err != nil {
		c.input.close()
		return nil, err
	}
	c.hold(resp.Pid)
	s.mu.Lock()
	s.containers[r.ID] = c
	s.mu.Unlock()
	go c.watch(s.ctx, s.TTRPCTaskService)
	return resp, nil
}

func (s *service) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.creating += n
}

// Shutdown ends the shim unless it has containers or is about to.
func (s *service) Shutdown(ctx context.Context, r *taskapi.ShutdownRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.creating > 0 {
		return &emptypb.Empty{}, nil
	}
	return s.TTRPCTaskService.Shutdown(ctx, r)
}

// Start notes when a container's own process started.
func (s *service) Start(ctx context.Context, r *taskapi.StartRequest) (*taskapi.StartResponse, error) {
	c := s.find(r.ID)
	if c == nil || r.ExecID != "" {
		return s.TTRPCTaskService.Start(ctx, r)
	}
	c.starting()
	resp, err := s.TTRPCTaskService.Start(ctx, r)
	c.started(ctx, err)
	return resp, err
}

// Wait answers for a container's own process only when its exit is on disk.
func (s *service) Wait(ctx context.Context, r *taskapi.WaitRequest) (*taskapi.WaitResponse, error) {
	resp, err := s.TTRPCTaskService.Wait(ctx, r)
	if c := s.find(r.ID); err == nil && c != nil && r.ExecID == "" {
		c.waitNoted(ctx)
	}
	return resp, err
}

// Kill remembers that a container was killed on request, and takes what an
// exec has started along with it. A container's own process is signalled
// without the runtime, which would do the same.
func (s *service) Kill(ctx context.Context, r *taskapi.KillRequest) (*emptypb.Empty, error) {
	c := s.find(r.ID)
	if syscall.Signal(r.Signal) == syscall.SIGKILL {
		if c != nil && r.ExecID == "" {
			c.killed.Store(true)
		}
		if r.ExecID != "" {
			s.killGroup(ctx, r)
		}
	}
	if c != nil && r.ExecID == "" && !r.All && c.signal(syscall.Signal(r.Signal)) {
		return &emptypb.Empty{}, nil
	}
	return s.TTRPCTaskService.Kill(ctx, r)
}

// killGroup kills the process group of an exec, which the runtime has made it
// the leader of.
func (s *service) killGroup(ctx context.Context, r *taskapi.KillRequest) {
	state, err := s.State(ctx, &taskapi.StateRequest{ID: r.ID, ExecID: r.ExecID})
	if err != nil || state.Status != task.Status_RUNNING || state.Pid <= 1 {
		return
	}
	pid := int(state.Pid)
	if group, err := syscall.Getpgid(pid); err == nil && group == pid {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

// Delete lets the note be written before the cgroup goes, of which it tells,
// and before the shim may end.
func (s *service) Delete(ctx context.Context, r *taskapi.DeleteRequest) (*taskapi.DeleteResponse, error) {
	c := s.find(r.ID)
	if c == nil || r.ExecID != "" {
		return s.TTRPCTaskService.Delete(ctx, r)
	}
	if state, err := s.State(ctx, &taskapi.StateRequest{ID: r.ID}); err == nil && state.Status == task.Status_STOPPED {
		c.waitNoted(ctx)
	}
	resp, err := s.TTRPCTaskService.Delete(ctx, r)
	if err != nil {
		return nil, err
	}
	c.waitNoted(ctx)
	c.release()
	s.mu.Lock()
	delete(s.containers, r.ID)
	s.mu.Unlock()
	return resp, s.shared.leave(r.ID)
}
