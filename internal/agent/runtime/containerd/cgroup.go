package containerd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// cgroupUse counts a task's containers, so that the last one takes the task's
// cgroup with it.
type cgroupUse struct{ containers map[string]bool }

// period is the length of a CPU quota's period in microseconds, as the ECS
// agent's default.
const period = 100_000

func (c Config) instanceCgroup() string { return "/hatoba-" + c.Instance }

func (c Config) taskCgroup(taskID string) string {
	return c.instanceCgroup() + "/" + taskID
}

// openTask makes the task's cgroup with the task's limits, for its first
// container.
func (e *Engine) openTask(spec runtime.Spec) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	use := e.tasks[spec.TaskID]
	if use == nil {
		if err := e.makeTaskCgroup(spec); err != nil {
			return fmt.Errorf("task cgroup: %w", err)
		}
		use = &cgroupUse{containers: map[string]bool{}}
		e.tasks[spec.TaskID] = use
	}
	use.containers[spec.ID] = true
	return nil
}

func (e *Engine) makeTaskCgroup(spec runtime.Spec) error {
	quota, length := spec.TaskCPU*period/1024, uint64(period)
	memory := spec.TaskMemoryMiB << 20
	path := e.cfg.taskCgroup(spec.TaskID)
	if cgroups.Mode() == cgroups.Unified {
		r := &cgroup2.Resources{}
		if spec.TaskCPU > 0 {
			r.CPU = &cgroup2.CPU{Max: cgroup2.NewCPUMax(&quota, &length)}
		}
		if memory > 0 {
			r.Memory = &cgroup2.Memory{Max: &memory}
		}
		m, err := cgroup2.NewManager("/sys/fs/cgroup", path, r)
		if err != nil {
			return err
		}
		return m.ToggleControllers([]string{"cpu", "cpuset", "io", "memory", "pids"}, cgroup2.Enable)
	}
	r := &specs.LinuxResources{}
	if spec.TaskCPU > 0 {
		r.CPU = &specs.LinuxCPU{Quota: &quota, Period: &length}
	}
	if memory > 0 {
		r.Memory = &specs.LinuxMemory{Limit: &memory}
	}
	_, err := cgroup1.New(cgroup1.StaticPath(path), r)
	return err
}

// closeTask lets a container go; the last one takes the cgroup with it.
func (e *Engine) closeTask(taskID, id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	use := e.tasks[taskID]
	if use == nil {
		return nil
	}
	delete(use.containers, id)
	if len(use.containers) > 0 {
		return nil
	}
	delete(e.tasks, taskID)
	if err := removeCgroups(e.cfg.taskCgroup(taskID)); err != nil {
		return err
	}
	if len(e.tasks) == 0 {
		_ = removeCgroups(e.cfg.instanceCgroup()) // another task may just be coming
	}
	return nil
}

// removeCgroups removes a cgroup, and what is left below it, from every
// hierarchy.
func removeCgroups(path string) error {
	roots := []string{"/sys/fs/cgroup"}
	if cgroups.Mode() != cgroups.Unified {
		entries, err := os.ReadDir("/sys/fs/cgroup")
		if err != nil {
			return err
		}
		roots = nil
		for _, entry := range entries {
			roots = append(roots, filepath.Join("/sys/fs/cgroup", entry.Name()))
		}
	}
	var errs []error
	for _, root := range roots {
		errs = append(errs, removeTree(filepath.Join(root, path)))
	}
	return errors.Join(errs...)
}

func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeTree(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	// A process just killed may still be on its way out.
	for range 50 {
		err = syscall.Rmdir(dir)
		if err == nil || errors.Is(err, syscall.ENOENT) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	return fmt.Errorf("remove cgroup %s: %w", strings.TrimPrefix(dir, "/sys/fs/cgroup"), err)
}
