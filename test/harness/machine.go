package harness

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Reboot does to this world what a reboot of the machine does, while its
// Hatoba is down: PowerOff, and the kernel has another boot id.
func (w *World) Reboot() {
	w.t.Helper()
	w.PowerOff()
	// The one thing that cannot be had without one: the record of the last boot
	// is made to be of another.
	if err := os.WriteFile(filepath.Join(w.Dir, "agent", "boot"), []byte("another boot\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// PowerOff leaves no process, mount, link, rule or cgroup of this world, whose
// Hatoba is down; what was in memory is gone.
func (w *World) PowerOff() {
	w.t.Helper()
	id := w.Instance()
	groups, _ := filepath.Glob("/sys/fs/cgroup/*/hatoba-" + id)
	unified, _ := filepath.Glob("/sys/fs/cgroup/hatoba-" + id)
	groups = append(groups, unified...)
	w.Eventually("every process is gone", func() bool {
		left := 0
		for _, group := range groups {
			for _, dir := range directories(group) {
				left += KillAll(dir)
			}
		}
		return left == 0
	})
	for _, group := range groups {
		dirs := directories(group)
		for i := len(dirs) - 1; i >= 0; i-- {
			_ = os.Remove(dirs[i])
		}
	}
	run := filepath.Join("/run/hatoba", id)
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	lines := strings.Split(string(mounts), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if f := strings.Fields(lines[i]); len(f) > 4 && under(f[4], run) {
			_ = unix.Unmount(f[4], unix.MNT_DETACH)
		}
	}
	if err := os.RemoveAll(run); err != nil {
		w.t.Fatal(err)
	}
	aliases, _ := filepath.Glob("/sys/class/net/*/ifalias")
	for _, path := range aliases {
		if b, _ := os.ReadFile(path); strings.HasPrefix(string(b), "hatoba "+id+" ") {
			_ = exec.Command("ip", "link", "delete", filepath.Base(filepath.Dir(path))).Run()
		}
	}
	_ = exec.Command("ip", "link", "delete", "hb-"+id).Run()
	for _, family := range []string{"ip", "inet"} {
		_ = exec.Command("nft", "delete", "table", family, "hatoba_"+id).Run()
	}
}

// KillAll kills every process of a cgroup and tells how many there were.
func KillAll(group string) (n int) {
	b, _ := os.ReadFile(filepath.Join(group, "cgroup.procs"))
	for _, field := range strings.Fields(string(b)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 1 && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			n++
		}
	}
	return n
}

// Gone waits until the process that was killed by others has ended.
func (w *World) Gone() { _ = w.cmd.Wait() }

// Restore runs hatoba restore into a data dir.
func (w *World) Restore(file, dir string) (string, error) {
	out, err := exec.Command(Binary(w.t, "hatoba"), "restore", file, "--data-dir", dir).CombinedOutput()
	return string(out), err
}
