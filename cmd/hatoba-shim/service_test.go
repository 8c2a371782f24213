package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	taskapi "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/containerd/api/types/task"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/agent/runtime/exit"
)

// inner is a task service whose container writes and ends when it is told.
type inner struct {
	taskapi.TTRPCTaskService
	say      string
	code     uint32
	ended    chan struct{}
	creating chan struct{} // Create waits for it; nil: it does not
	failure  error
	shutdown bool
}

func (i *inner) Create(_ context.Context, r *taskapi.CreateTaskRequest) (*taskapi.CreateTaskResponse, error) {
	if i.creating != nil {
		<-i.creating
	}
	if i.failure != nil {
		return nil, i.failure
	}
	var pipes []*os.File
	for _, path := range []string{r.Stdout, r.Stderr} {
		if path == "" {
			continue
		}
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		pipes = append(pipes, f)
	}
	go func() {
		<-i.ended
		for _, f := range pipes {
			_, _ = f.WriteString(i.say)
			f.Close()
		}
	}()
	return &taskapi.CreateTaskResponse{Pid: 1}, nil
}

func (i *inner) Start(context.Context, *taskapi.StartRequest) (*taskapi.StartResponse, error) {
	return &taskapi.StartResponse{Pid: 1}, nil
}

func (i *inner) Wait(ctx context.Context, _ *taskapi.WaitRequest) (*taskapi.WaitResponse, error) {
	select {
	case <-i.ended:
		return &taskapi.WaitResponse{ExitStatus: i.code, ExitedAt: timestamppb.New(time.Unix(100, 0))}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (i *inner) State(context.Context, *taskapi.StateRequest) (*taskapi.StateResponse, error) {
	return &taskapi.StateResponse{Status: task.Status_STOPPED}, nil
}

func (i *inner) Delete(context.Context, *taskapi.DeleteRequest) (*taskapi.DeleteResponse, error) {
	return &taskapi.DeleteResponse{}, nil
}

func (i *inner) Shutdown(context.Context, *taskapi.ShutdownRequest) (*emptypb.Empty, error) {
	i.shutdown = true
	return &emptypb.Empty{}, nil
}

func TestTheExitIsNotedBehindTheLastWords(t *testing.T) {
	dir := t.TempDir()
	out := exit.Output{NotePath: filepath.Join(dir, "note"), SpoolDir: filepath.Join(dir, "spool"), Options: spool.Options{MaxBytes: 10}}
	in := &inner{say: "more than the spool takes\nlast words", code: 3, ended: make(chan struct{})}
	s := newService(t.Context(), in)
	if _, err := s.Create(t.Context(), &taskapi.CreateTaskRequest{ID: "c", Stdout: out.URI(), Stderr: out.URI()}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Start(t.Context(), &taskapi.StartRequest{ID: "c"}); err != nil {
		t.Fatal(err)
	}
	if r, err := exit.Read(out.NotePath); err != nil || r.StartedAt.IsZero() || r.Ended {
		t.Errorf("after the start: %+v %v", r, err)
	}
	close(in.ended)
	if _, err := s.Wait(t.Context(), &taskapi.WaitRequest{ID: "c"}); err != nil {
		t.Fatal(err)
	}
	if r, err := exit.Read(out.NotePath); err != nil || !r.Ended || r.Code != 3 || r.At.Unix() != 100 || r.OOMKilled {
		t.Errorf("after the end: %+v %v", r, err)
	}
	reader, err := spool.Open(out.SpoolDir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	reader.Finish() // nothing is waited for: all is there
	got := map[spool.Stream]string{}
	for {
		f, _, err := reader.Next(t.Context())
		if err != nil {
			break
		}
		got[f.Stream] += string(f.Data)
		if !f.Partial {
			got[f.Stream] += "\n"
		}
	}
	if got[spool.Stdout] != in.say || got[spool.Stderr] != in.say {
		t.Errorf("%q", got)
	}
	if _, err := s.Delete(t.Context(), &taskapi.DeleteRequest{ID: "c"}); err != nil {
		t.Fatal(err)
	}
	if s.find("c") != nil {
		t.Error("the container is remembered")
	}
	if left, _ := filepath.Glob(filepath.Join(out.SpoolDir, "std*")); len(left) > 0 {
		t.Errorf("pipes are left: %v", left)
	}
}

func TestAFailedCreateEndsItsSpool(t *testing.T) {
	dir := t.TempDir()
	out := exit.Output{NotePath: filepath.Join(dir, "note"), SpoolDir: filepath.Join(dir, "spool")}
	in := &inner{failure: errors.New("no such program")}
	s := newService(t.Context(), in)
	if _, err := s.Create(t.Context(), &taskapi.CreateTaskRequest{ID: "c", Stdout: out.URI()}); !errors.Is(err, in.failure) {
		t.Errorf("%v", err)
	}
	reader, err := spool.Open(out.SpoolDir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if f, _, err := reader.Next(t.Context()); err == nil {
		t.Errorf("%q", f.Data)
	}
	if _, err := exit.Read(out.NotePath); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a note of what never ran: %v", err)
	}
}

func TestNoShutdownDuringCreate(t *testing.T) {
	in := &inner{creating: make(chan struct{}), ended: make(chan struct{})}
	s := newService(t.Context(), in)
	out := exit.Output{NotePath: filepath.Join(t.TempDir(), "note")}
	created := make(chan error)
	go func() {
		_, err := s.Create(t.Context(), &taskapi.CreateTaskRequest{ID: "c", Stdout: out.URI()})
		created <- err
	}()
	in.creating <- struct{}{} // it is under way; it may not have returned yet
	s.count(1)
	if _, err := s.Shutdown(t.Context(), nil); err != nil || in.shutdown {
		t.Errorf("shut down under a container being made: %v", err)
	}
	s.count(-1)
	if err := <-created; err != nil {
		t.Fatal(err)
	}
	if _, err := s.Shutdown(t.Context(), nil); err != nil || !in.shutdown {
		t.Errorf("%v", err)
	}
}

func TestWithSecrets(t *testing.T) {
	env := []string{"A=1", "AB=2", "B=3"}
	got := withSecrets(env, []string{"A=secret", "C=x=y"})
	if want := []string{"AB=2", "B=3", "A=secret", "C=x=y"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if env[0] != "A=1" {
		t.Error("the plain environment was changed")
	}
}

func TestCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.events")
	for text, want := range map[string]bool{
		"low 0\noom 3\noom_kill 0\n":                          false,
		"low 0\noom 3\noom_kill 1\noom_group_kill 0\n":        true,
		"oom_kill_disable 0\nunder_oom 0\noom_kill 12\n":      true,
		"oom_kill_disable 0\nunder_oom 0\noom_group_kill 1\n": false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := counted(path); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if counted(path + "none") {
		t.Error("no file counts")
	}
}
