package containerd

import (
	"os"
	"path/filepath"

	"github.com/containerd/cgroups/v3"
)

// unthrottle takes a task's CPU quota away when its processes are killed: dying
// takes CPU time, too, and thousands of processes under a small quota would
// take minutes. Only its speed depends on it, so an error is nobody's.
func (c Config) unthrottle(taskID string) {
	file, none := filepath.Join(cgroupRoot, "cpu", c.taskCgroup(taskID), "cpu.cfs_quota_us"), "-1"
	if cgroups.Mode() == cgroups.Unified {
		file, none = filepath.Join(cgroupRoot, c.taskCgroup(taskID), "cpu.max"), "max"
	}
	_ = os.WriteFile(file, []byte(none), 0)
}
