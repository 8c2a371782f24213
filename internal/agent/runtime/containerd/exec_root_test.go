package containerd

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// processCount is how many processes a container has.
func processCount(t *testing.T, cfg Config, spec runtime.Spec) int {
	t.Helper()
	for _, root := range hierarchies() {
		b, err := os.ReadFile(filepath.Join(root, cfg.containerCgroup(spec.TaskID, spec.ID), "cgroup.procs"))
		if n := len(strings.Fields(string(b))); err == nil && n > 0 {
			return n
		}
	}
	return 0
}

// A command that is given up takes along what it has started; a health check
// that hangs must not fill the container.
func TestExecTakesItsChildrenAlong(t *testing.T) {
	w, cfg := world(t)
	e := w.Engine.(*Engine)
	spec := container(w, t, "exec", "task", "sleep")
	start(t, w, spec)
	for _, patience := range []time.Duration{0, 5 * time.Millisecond, 20 * time.Millisecond, 500 * time.Millisecond} {
		output := int(patience.Milliseconds() % 10) // some with, some without
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, err := e.Exec(ctx, spec.ID, runtime.Exec{Args: []string{"/probe", "linger", "wait"}, MaxOutput: output})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	}
	for n := 0; processCount(t, cfg, spec) != 1; n++ {
		if n == 500 {
			t.Fatalf("%d processes are left", processCount(t, cfg, spec))
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := e.Exec(t.Context(), spec.ID, runtime.Exec{Args: []string{"nothing"}}); err == nil || !strings.Contains(err.Error(), `exec: "nothing": executable file not found in $PATH`) {
		t.Errorf("%v", err)
	}
	// Somebody who outlives the command and holds its output is not waited for
	// beyond the time given.
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := e.Exec(ctx, spec.ID, runtime.Exec{Args: []string{"/probe", "linger"}, MaxOutput: 10}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if err := e.Signal(t.Context(), spec.ID, "SIGKILL"); err != nil {
		t.Error(err)
	}
	if _, err := e.Wait(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
	if err := e.Delete(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
}

// A command that an engine left running is ended by the next one, with what it
// had started, and its pipes are gone.
func TestAttachedIsEndedByTheNextEngine(t *testing.T) {
	w, cfg := world(t)
	spec := container(w, t, "left", "task", "sleep")
	start(t, w, spec)
	for _, terminal := range []bool{false, true} {
		p, err := w.Engine.Attach(t.Context(), spec.ID, runtime.Attach{Args: []string{"/probe", "linger", "wait"}, Terminal: terminal, Stdout: io.Discard, Stderr: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = p.Wait() }()
	}
	for n := 0; processCount(t, cfg, spec) != 5 && n < 500; n++ {
		time.Sleep(10 * time.Millisecond)
	}
	w.Engine.(*Engine).Close()
	w.Engine = open(t, cfg)
	for n := 0; processCount(t, cfg, spec) != 1; n++ {
		if n == 500 {
			t.Fatalf("%d processes are left", processCount(t, cfg, spec))
		}
		time.Sleep(10 * time.Millisecond)
	}
	if left, _ := os.ReadDir(w.Engine.(*Engine).attachDir("")); len(left) != 0 {
		t.Errorf("pipes are left: %v", left)
	}
	if err := w.Engine.Signal(t.Context(), spec.ID, "SIGKILL"); err != nil {
		t.Error(err)
	}
	if _, err := w.Engine.Wait(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
	if err := w.Engine.Delete(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
}

func TestCheckThisMachine(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	if got := Check(Config{Root: filepath.Join(dir, "not", "there"), Runtime: "runc"}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
