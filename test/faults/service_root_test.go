package faults

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/test/harness"
)

// service is a cgroup as systemd has one for a service, in every hierarchy.
func service(t *testing.T) (dirs []string) {
	name := fmt.Sprintf("hatoba-test-%d.service", os.Getpid())
	roots, _ := filepath.Glob("/sys/fs/cgroup/*/cgroup.procs")
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.procs"); err == nil { // v2; else it is a plain directory
		roots = append(roots, "/sys/fs/cgroup/cgroup.procs")
	}
	for _, root := range roots {
		dir := filepath.Join(filepath.Dir(root), name)
		if info, err := os.Lstat(filepath.Dir(root)); err != nil || info.Mode()&os.ModeSymlink != 0 || os.Mkdir(dir, 0o755) != nil {
			continue
		}
		if cpus, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "cpuset.cpus")); err == nil { // v1: empty until set
			mems, _ := os.ReadFile(filepath.Join(filepath.Dir(dir), "cpuset.mems"))
			_ = os.WriteFile(filepath.Join(dir, "cpuset.cpus"), cpus, 0)
			_ = os.WriteFile(filepath.Join(dir, "cpuset.mems"), mems, 0)
		}
		dirs = append(dirs, dir)
		t.Cleanup(func() {
			for range 100 { // who was in it may still be ending
				if err := os.Remove(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
			t.Errorf("%s stays", dir)
		})
	}
	if len(dirs) == 0 {
		t.Skip("no cgroup can be made here")
	}
	return dirs
}

// enter puts the world's Hatoba into the service's cgroup.
func enter(t *testing.T, w *harness.World, dirs []string) {
	t.Helper()
	for _, dir := range dirs {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(fmt.Sprint(w.Pid())), 0); err != nil {
			t.Fatal(err)
		}
	}
}

// started is when a process began, in ticks since the machine's start.
func started(t *testing.T, pid int) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b[strings.LastIndexByte(string(b), ')'):]))[20]
}

// Every process of the service is killed, as systemctl kill, an OOM kill of
// the unit, or a restart with the worst of KillModes do.
func TestEveryProcessOfTheServiceIsKilled(t *testing.T) {
	harness.NeedRoot(t)
	group := service(t) // made first, and so removed last
	w := harness.Start(t)
	enter(t, w, group)
	w.Image()
	w.Register("stays", nil, w.Container("app", "ready"))
	checked, beside := w.Container("app", "touch-then-wait"), w.Container("beside", "ready")
	beside.DependsOn = nil
	w.Register("two", nil, checked, beside)
	w.Register("ticks", nil, w.Container("app", "tick"))
	w.Register("ends", nil, w.Container("app", "say-exit", "7"))
	marks := map[string]string{}
	for i := range 5 {
		mark := fmt.Sprintf("service-%d-%d", os.Getpid(), i)
		marks[mark] = w.Run("stays", func(in *ecs.RunTaskInput) { in.Overrides = command("app", "ready", mark) })
	}
	two, ticks := w.Run("two"), w.Run("ticks")
	pids, since := map[string]int{}, map[string]string{}
	for mark, arn := range marks {
		w.Until(arn, "RUNNING")
		w.Eventually("it speaks", func() bool { return len(w.Lines(arn, "app")) == 1 })
		pids[mark] = harness.Pids(mark)[0]
		since[mark] = started(t, pids[mark])
	}
	w.Until(two, "RUNNING")
	w.Until(ticks, "RUNNING")
	ends := w.Run("ends")
	w.Until(ends, "RUNNING")
	for round := range 3 {
		killed := 0
		for left := 1; left > 0; killed += left {
			left = harness.KillAll(group[0])
		}
		if killed == 0 {
			t.Fatal("nothing was in the service's cgroup")
		}
		w.Gone()
		w.Up()
		enter(t, w, group)
		for mark := range marks {
			if got := harness.Pids(mark); len(got) != 1 || got[0] != pids[mark] || started(t, got[0]) != since[mark] {
				t.Fatalf("round %d: %s was process %d since %s, and is %v", round, mark, pids[mark], since[mark], got)
			}
		}
	}
	task := w.Until(ends, "STOPPED")
	if c := harness.ByName(task, "app"); aws.ToInt32(c.ExitCode) != 7 {
		t.Errorf("exit %v", c.ExitCode)
	}
	for mark, arn := range marks {
		task := w.Stop(arn)
		if c := harness.ByName(task, "app"); c.ExitCode == nil || *c.ExitCode != 0 {
			t.Errorf("%s: exit %v, %q", mark, c.ExitCode, aws.ToString(c.Reason))
		}
		if lines := w.Lines(arn, "app"); strings.Join(lines, "|") != "ready|last words" {
			t.Errorf("%s: %q", mark, lines)
		}
	}
	w.Stop(two)
	w.Stop(ticks)
	for i, line := range w.Lines(ticks, "app") {
		if line != fmt.Sprint("tick ", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
	// Nothing of a task is in the service's cgroup.
	for _, dir := range group {
		b, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		for _, pid := range strings.Fields(string(b)) {
			if pid != fmt.Sprint(w.Pid()) {
				line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
				t.Errorf("%s is in %s", strings.ReplaceAll(string(line), "\x00", " "), dir)
			}
		}
	}
}
