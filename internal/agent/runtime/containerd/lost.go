package containerd

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/containerd/containerd/v2/core/mount"
	"golang.org/x/sys/unix"
)

// clearLost removes what a container leaves whose shim was killed: processes,
// its mount and the runtime's state. containerd does the same, in its own
// time; nothing of it may outlive Delete.
func (e *Engine) clearLost(taskID, id string) error {
	for _, root := range hierarchies() {
		b, _ := os.ReadFile(filepath.Join(root, e.cfg.containerCgroup(taskID, id), "cgroup.procs"))
		for _, field := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(field); err == nil && pid > 0 {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	rootfs := filepath.Join(e.cfg.RunDir, "c", "io.containerd.runtime.v2.task", namespace, id, "rootfs")
	return errors.Join(
		mount.UnmountRecursive(rootfs, unix.MNT_DETACH),
		os.RemoveAll(filepath.Join(e.cfg.RunDir, "runc", namespace, id)),
	)
}
