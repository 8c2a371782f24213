package containerd

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// leftovers fails the test for everything an engine left after its containers
// were deleted and it was closed: mounts, cgroups, shims, bundles, notes.
func leftovers(t testing.TB, cfg Config) {
	b, _ := os.ReadFile("/proc/self/mountinfo")
	for _, line := range strings.Split(string(b), "\n") {
		fields := strings.Fields(line)
		if len(fields) > 4 && (strings.HasPrefix(fields[4], cfg.Root) || strings.HasPrefix(fields[4], cfg.RunDir)) {
			t.Errorf("mount left behind: %s", fields[4])
			_ = unix.Unmount(fields[4], unix.MNT_DETACH)
		}
	}
	for _, root := range hierarchies() {
		dir := filepath.Join(root, cfg.instanceCgroup())
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("cgroup left behind: %s", dir)
		}
	}
	if left := shims(cfg, func() bool { return len(processes(cfg)) == 0 }); len(left) > 0 {
		t.Errorf("shims left behind: %v", left)
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	for _, pattern := range []string{
		filepath.Join(cfg.noteDir(), "*"), filepath.Join(cfg.RunDir, "s", "*"), filepath.Join(cfg.RunDir, "fifo", "*"),
		filepath.Join(cfg.RunDir, "runc", namespace, "*"), filepath.Join(cfg.RunDir, "c", "io.containerd.runtime.v2.task", namespace, "*"),
	} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// shims are the engine's shim processes, once they fulfil a condition or have
// been given time to.
func shims(cfg Config, until func() bool) []int {
	for range 500 {
		if until() {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return processes(cfg)
}

// processes are the shims that work below the engine's run directory.
func processes(cfg Config) (pids []int) {
	found, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, path := range found {
		dir, _ := os.Readlink(path)
		if b, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline")); strings.HasPrefix(dir, cfg.RunDir) && strings.HasPrefix(string(b), cfg.Shim+"\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
}
