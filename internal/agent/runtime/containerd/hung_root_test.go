package containerd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// moody is a runtime that hangs in, or fails, the commands that are named in
// files beside it.
func moody(t *testing.T, e *Engine) (hang, fail func(command string, yes bool)) {
	t.Helper()
	real, err := exec.LookPath("runc")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := fmt.Sprintf(`#!/bin/sh
for word in "$@"; do
	case "$word" in
	create|start|kill|delete|exec)
		[ -e %[1]s/hang-$word ] && sleep 1000
		[ -e %[1]s/fail-$word ] && { echo "the runtime is in a bad mood" >&2; exit 1; }
		break ;;
	esac
done
exec %[2]s "$@"
`, dir, real)
	path := filepath.Join(dir, "runc")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	e.cfg.Runtime, e.cfg.Patience = path, time.Second
	mark := func(what string) func(string, bool) {
		return func(command string, yes bool) {
			file := filepath.Join(dir, what+"-"+command)
			if yes {
				err = os.WriteFile(file, nil, 0o600)
			} else {
				err = os.Remove(file)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return mark("hang"), mark("fail")
}

func within(t *testing.T, limit time.Duration, what string) func() {
	begun := time.Now()
	return func() {
		t.Helper()
		if took := time.Since(begun); took > limit {
			t.Errorf("%s took %s", what, took)
		}
	}
}

// A runtime that hangs costs its patience and no more, and what it did not do
// is undone.
func TestRuntimeHangs(t *testing.T) {
	w, cfg := world(t)
	e := w.Engine.(*Engine)
	hang, _ := moody(t, e)
	ref := pull(t, w)
	for _, command := range []string{"create", "start"} {
		spec := container(w, t, "hung-"+command, "task-"+command, "stubborn")
		spec.Image = ref
		if err := e.Create(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		hang(command, true)
		done := within(t, 15*time.Second, command)
		if err := e.Start(t.Context(), spec.ID); !errors.Is(err, runtime.ErrTimeout) || !strings.Contains(err.Error(), "timed out after waiting 1s") {
			t.Errorf("%s: %v", command, err)
		}
		done()
		hang(command, false)
		if err := e.Delete(t.Context(), spec.ID); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	spec := container(w, t, "alive", "task", "stubborn")
	start(t, w, spec)
	hang("exec", true)
	done := within(t, 15*time.Second, "exec")
	if _, err := e.Exec(t.Context(), spec.ID, runtime.Exec{Args: []string{"/probe", "exit", "0"}}); err == nil {
		t.Error("exec succeeded")
	}
	done()
	hang("exec", false)
	hang("kill", true)
	done = within(t, 15*time.Second, "kill")
	if err := e.Signal(t.Context(), spec.ID, "SIGKILL"); err != nil {
		t.Error(err)
	}
	if got, err := e.Wait(t.Context(), spec.ID); err != nil || got.Code != 137 {
		t.Errorf("%+v %v", got, err)
	}
	done()
	hang("kill", false)
	hang("delete", true)
	done = within(t, 30*time.Second, "delete")
	if err := e.Delete(t.Context(), spec.ID); err != nil {
		t.Logf("while it hangs: %v", err)
	}
	done()
	hang("delete", false)
	if err := e.Delete(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
	if left := e.runtimesOf(spec.ID); len(left) > 0 {
		t.Errorf("left of the runtime: %v", left)
	}
	_ = cfg
}

// A runtime that fails says so itself, and nothing stays.
func TestRuntimeFails(t *testing.T) {
	w, _ := world(t)
	e := w.Engine.(*Engine)
	_, fail := moody(t, e)
	ref := pull(t, w)
	for _, command := range []string{"create", "start"} {
		spec := container(w, t, "failed-"+command, "task-"+command, "exit", "3")
		spec.Image = ref
		if err := e.Create(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		fail(command, true)
		if err := e.Start(t.Context(), spec.ID); err == nil || !strings.Contains(err.Error(), "bad mood") && !strings.Contains(err.Error(), "exit status 1") {
			t.Errorf("%s: %v", command, err)
		}
		fail(command, false)
		if err := e.Delete(t.Context(), spec.ID); err != nil {
			t.Errorf("%s: %v", command, err)
		}
		start(t, w, spec)
		if got, err := e.Wait(t.Context(), spec.ID); err != nil || got.Code != 3 {
			t.Errorf("%+v %v", got, err)
		}
		if err := e.Delete(t.Context(), spec.ID); err != nil {
			t.Error(err)
		}
	}
}
