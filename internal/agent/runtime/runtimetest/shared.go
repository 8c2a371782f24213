package runtimetest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// shared is a container that shares processes and memory with its task.
func (r *run) shared(id string, args ...string) runtime.Spec {
	spec := r.spec(id, args...)
	spec.Machine.TaskPID, spec.Machine.TaskIPC, spec.Machine.ShmMiB = true, true, 32
	return spec
}

func (r *run) said(id string, args ...string) string {
	r.t.Helper()
	got, err := r.Engine.Exec(r.t.Context(), id, runtime.Exec{Args: append([]string{"/probe"}, args...), MaxOutput: 4096})
	if err != nil {
		r.t.Fatal(err)
	}
	return string(got.Output)
}

// sharedProcesses: containers of a task see each other's processes and memory,
// also one that is started again and one that comes later, and after the
// engine was opened anew; another task's do not.
func sharedProcesses(t *testing.T, r *run) {
	if !r.Real {
		t.Skip("a fake has no processes")
	}
	one, two, other := r.shared("share.one", "graceful", "1"), r.shared("share.two", "graceful", "2"), r.shared("apart.one", "stubborn")
	for _, spec := range []runtime.Spec{one, two, other} {
		r.start(spec)
		r.ready(spec)
	}
	if got := r.said(one.ID, "tell", "hello"); got != "" {
		t.Errorf("tell: %q", got)
	}
	const both = "pause\n/probe graceful 1\n/probe graceful 2\ntold hello\n"
	if got := r.said(two.ID, "peers"); got != both {
		t.Errorf("two sees %q", got)
	}
	if got := r.said(other.ID, "peers"); got != "pause\n/probe stubborn\ntold \n" {
		t.Errorf("another task sees %q", got)
	}
	if got := r.said(one.ID, "first"); got != "exe false root false\n" {
		t.Errorf("of the first process: %q", got)
	}
	r.said(one.ID, "ask", "graceful 2")
	if exit := r.wait(two.ID); exit.Code != 2 {
		t.Errorf("%+v", exit)
	}
	r.Engine = r.Reopen(t)
	if err := r.Engine.Restart(t.Context(), two.ID, nil); err != nil {
		t.Fatal(err)
	}
	late := r.shared("share.late", "stubborn")
	r.start(late)
	r.ready(late)
	if got := r.said(late.ID, "peers"); got != "pause\n/probe graceful 1\n/probe graceful 2\n/probe stubborn\ntold hello\n" {
		t.Errorf("late sees %q", got)
	}
	if err := r.Engine.Signal(t.Context(), late.ID, "SIGKILL"); err != nil {
		t.Fatal(err)
	}
	if exit := r.wait(late.ID); exit.Code != 137 {
		t.Errorf("%+v", exit)
	}
	if got := r.said(one.ID, "peers"); !strings.Contains(got, "graceful 2") || strings.Contains(got, "stubborn") {
		t.Errorf("after one was killed: %q", got)
	}
}

// sharedIsLost: when the process ends that keeps what a task shares, all its
// containers' processes end, and those that are started again share anew.
func sharedIsLost(t *testing.T, r *run) {
	if !r.Real {
		t.Skip("a fake has no processes")
	}
	one, two := r.shared("lost.one", "graceful", "1"), r.shared("lost.two", "graceful", "2")
	for _, spec := range []runtime.Spec{one, two} {
		r.start(spec)
		r.ready(spec)
	}
	_ = syscall.Kill(keeper(t), syscall.SIGKILL)
	for _, spec := range []runtime.Spec{one, two} {
		if exit := r.wait(spec.ID); exit.Code != 137 {
			t.Errorf("%s: %+v", spec.ID, exit)
		}
		if err := r.Engine.Restart(t.Context(), spec.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.said(two.ID, "peers"); got != "pause\n/probe graceful 1\n/probe graceful 2\ntold \n" {
		t.Errorf("two sees %q", got)
	}
}

// keeper finds the one process that keeps namespaces.
func keeper(t *testing.T) (pid int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, path := range paths {
			b, _ := os.ReadFile(path)
			root, _ := os.Readlink(filepath.Join(filepath.Dir(path), "root"))
			if string(b) == "pause\x00" && root != "" {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), "root", "pause")); err == nil {
					pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
					return pid
				}
			}
		}
	}
	t.Fatal("there is none")
	return 0
}
