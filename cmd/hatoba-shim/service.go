package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/containerd/containerd/api/events"
	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	coreevents "github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/pkg/shim"
	"github.com/containerd/ttrpc"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// service adds to containerd's task service: output goes to a spool, and an
// exit is on disk before anybody is told of it.
type service struct {
	taskapi.TTRPCTaskService

	mu         sync.Mutex
	containers map[string]*container
}

// container is what the shim remembers of one container.
type container struct {
	exitPath string
	cgroup   string
	noted    chan struct{} // closed when the exit is on disk
	once     sync.Once
}

func newService() *service { return &service{containers: map[string]*container{}} }

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
func (s *service) Create(ctx context.Context, r *taskapi.CreateTaskRequest) (*taskapi.CreateTaskResponse, error) {
	out, ok := exit.ParseURI(r.Stdout)
	if !ok {
		return s.TTRPCTaskService.Create(ctx, r)
	}
	r.Stdout, r.Stderr = "", ""
	var p *pump
	if out.SpoolDir != "" {
		var err error
		if p, err = openPump(out); err != nil {
			return nil, fmt.Errorf("open the log spool: %w", err)
		}
		r.Stdout, r.Stderr = p.paths[0], p.paths[1]
	}
	s.mu.Lock()
	s.containers[r.ID] = &container{exitPath: out.ExitPath, cgroup: cgroupOf(r.Bundle), noted: make(chan struct{})}
	s.mu.Unlock()
	resp, err := s.TTRPCTaskService.Create(ctx, r)
	if p != nil {
		// The writing ends are open now, or will never be: in both cases
		// reading comes to an end.
		p.start()
	}
	return resp, err
}

// Wait answers for a container's own process only when its exit is on disk.
func (s *service) Wait(ctx context.Context, r *taskapi.WaitRequest) (*taskapi.WaitResponse, error) {
	resp, err := s.TTRPCTaskService.Wait(ctx, r)
	if c := s.find(r.ID); err == nil && c != nil && r.ExecID == "" {
		select {
		case <-c.noted:
		case <-ctx.Done():
		}
	}
	return resp, err
}

// notary writes exits down before they are published.
type notary struct {
	shim.Publisher
	service *service
}

// Publish implements shim.Publisher.
func (n *notary) Publish(ctx context.Context, topic string, event coreevents.Event) error {
	if e, ok := event.(*events.TaskExit); ok && e.ID == e.ContainerID {
		if c := n.service.find(e.ContainerID); c != nil {
			c.once.Do(func() {
				record := exit.Record{Code: e.ExitStatus, At: e.ExitedAt.AsTime(), OOMKilled: oomKilled(c.cgroup)}
				if err := exit.Write(c.exitPath, record); err != nil {
					fmt.Fprintln(os.Stderr, "cannot note the exit of", e.ContainerID, err)
				}
				close(c.noted)
			})
		}
	}
	return n.Publisher.Publish(ctx, topic, event)
}

// cgroupOf is the container's cgroup as its bundle says.
func cgroupOf(bundle string) string {
	b, err := os.ReadFile(filepath.Join(bundle, "config.json"))
	if err != nil {
		return ""
	}
	var spec specs.Spec
	if err := json.Unmarshal(b, &spec); err != nil || spec.Linux == nil {
		return ""
	}
	return spec.Linux.CgroupsPath
}

// pump moves a container's output from two pipes into its spool.
type pump struct {
	writer *spool.Writer
	paths  [2]string
	files  [2]*os.File
}

func openPump(out exit.Output) (*pump, error) {
	w, err := spool.Create(out.SpoolDir, out.Options)
	if err != nil {
		return nil, err
	}
	p := &pump{writer: w}
	for i, name := range []string{"stdout", "stderr"} {
		p.paths[i] = filepath.Join(out.SpoolDir, name)
		_ = os.Remove(p.paths[i])
		if err := syscall.Mkfifo(p.paths[i], 0o600); err != nil {
			return nil, err
		}
		// Opened without blocking: the writing end comes later.
		if p.files[i], err = os.OpenFile(p.paths[i], os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *pump) start() {
	for range p.files {
		p.writer.Add()
	}
	for i, f := range p.files {
		go func() {
			defer f.Close()
			_ = p.writer.Copy(spool.Stream(i+1), io.Reader(f))
			_ = os.Remove(p.paths[i])
		}()
	}
}
