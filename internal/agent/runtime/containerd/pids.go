package containerd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Pids implements runtime.Engine: it reads the task's cgroup, with all below.
func (e *Engine) Pids(_ context.Context, taskID string) (pids []int, err error) {
	for _, root := range hierarchies() {
		dir := filepath.Join(root, e.cfg.taskCgroup(taskID))
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Name() != "cgroup.procs" {
				return nil // what goes meanwhile has no processes
			}
			b, _ := os.ReadFile(path)
			for _, field := range strings.Fields(string(b)) {
				if pid, err := strconv.Atoi(field); err == nil && pid > 0 {
					pids = append(pids, pid)
				}
			}
			return nil
		})
		return pids, err
	}
	return nil, errors.New("the task has no cgroup")
}
