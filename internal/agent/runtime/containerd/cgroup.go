package containerd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/cgroups/v3"
	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// cgroupRoot is where the hierarchies are mounted.
const cgroupRoot = "/sys/fs/cgroup"

// period is the length of a CPU quota's period in microseconds.
// Source: https://github.com/aws/amazon-ecs-agent, CgroupCPUPeriod
const period = 100_000

// Our cgroups are /hatoba-INSTANCE/TASK/CONTAINER; the shims are in one of
// their own, apart from the service that Hatoba may run in.
func (c Config) instanceCgroup() string { return "/hatoba-" + c.Instance }

func (c Config) shimCgroup() string { return c.instanceCgroup() + "/shims" }

func (c Config) taskCgroup(taskID string) string { return c.instanceCgroup() + "/" + taskID }

func (c Config) containerCgroup(taskID, id string) string { return c.taskCgroup(taskID) + "/" + id }

// taskUse counts a task's containers, so that the last one takes the task's
// cgroup with it.
type taskUse struct {
	containers map[string]bool // guarded by Engine.mu
	make       sync.Once
	made       error
	shim       taskShim
}

// use is the task's; it is there as long as one of its containers is.
func (e *Engine) use(taskID string) *taskUse {
	e.mu.Lock()
	defer e.mu.Unlock()
	if use := e.tasks[taskID]; use != nil {
		return use
	}
	return &taskUse{}
}

// openTask makes the task's cgroup with the task's limits, for its first
// container.
func (e *Engine) openTask(spec runtime.Spec) error {
	e.mu.Lock()
	use := e.tasks[spec.TaskID]
	if use == nil {
		use = &taskUse{containers: map[string]bool{}}
		e.tasks[spec.TaskID] = use
	}
	use.containers[spec.ID] = true
	e.mu.Unlock()
	use.make.Do(func() {
		use.made = makeCgroup(e.cfg.taskCgroup(spec.TaskID), limits{cpu: spec.TaskCPU, memory: spec.TaskMemoryMiB << 20, pids: taskPids()})
		if use.made == nil && spec.Machine.TaskIPC {
			use.made = e.cfg.makeShm(spec.TaskID, spec.Machine.ShmMiB)
		}
	})
	if use.made != nil {
		return fmt.Errorf("make the task's cgroup and memory: %w", use.made)
	}
	return nil
}

// closeTask lets a container go; the last one takes the cgroup with it.
func (e *Engine) closeTask(taskID, id string) error {
	e.mu.Lock()
	use := e.tasks[taskID]
	if use == nil {
		e.mu.Unlock()
		return nil
	}
	delete(use.containers, id)
	last := len(use.containers) == 0
	if last {
		delete(e.tasks, taskID)
	}
	e.mu.Unlock()
	if !last {
		return nil
	}
	return errors.Join(removeCgroups(e.cfg.taskCgroup(taskID)), e.cfg.removeShm(taskID))
}

// hasCgroup tells whether a task's cgroup stands.
func (c Config) hasCgroup(taskID string) bool {
	for _, root := range hierarchies() {
		if _, err := os.Stat(filepath.Join(root, c.taskCgroup(taskID))); err == nil {
			return true
		}
	}
	return false
}

// limits of a cgroup; 0 is none.
type limits struct {
	cpu    int64 // units of 1/1024 CPU
	memory int64 // bytes
	pids   int64
}

// makeCgroup makes a cgroup in every hierarchy; one that is there already gets
// the limits.
func makeCgroup(path string, l limits) error {
	quota, length := l.cpu*period/1024, uint64(period)
	if cgroups.Mode() == cgroups.Unified {
		r := &cgroup2.Resources{}
		if l.cpu > 0 {
			r.CPU = &cgroup2.CPU{Max: cgroup2.NewCPUMax(&quota, &length)}
		}
		if l.memory > 0 {
			r.Memory = &cgroup2.Memory{Max: &l.memory}
			if swapping() {
				r.Memory.Swap = new(int64)
			}
		}
		m, err := cgroup2.NewManager(cgroupRoot, path, r)
		if err != nil {
			return err
		}
		if l.pids > 0 {
			if err := os.WriteFile(filepath.Join(cgroupRoot, path, "pids.max"), []byte(strconv.FormatInt(l.pids, 10)), 0); err != nil {
				return err
			}
		}
		have, err := m.RootControllers()
		if err != nil {
			return err
		}
		wanted := slices.DeleteFunc([]string{"cpu", "cpuset", "io", "memory", "pids"}, func(c string) bool { return !slices.Contains(have, c) })
		return m.ToggleControllers(wanted, cgroup2.Enable)
	}
	r := &specs.LinuxResources{}
	if l.cpu > 0 {
		r.CPU = &specs.LinuxCPU{Quota: &quota, Period: &length}
	}
	if l.memory > 0 {
		r.Memory = &specs.LinuxMemory{Limit: &l.memory}
		if swapping() {
			r.Memory.Swap = &l.memory
		}
	}
	if l.pids > 0 {
		r.Pids = &specs.LinuxPids{Limit: &l.pids}
	}
	_, err := cgroup1.New(cgroup1.StaticPath(path), r)
	return err
}

// fargatePids is how many processes and threads a Fargate task can have: its
// kernel's pid_max.
const fargatePids = 32768

// taskPids is the same here, and less where the machine itself has not twice as
// many: one task must not take them all.
func taskPids() int64 {
	most := int64(fargatePids)
	for _, file := range []string{"/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"} {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil {
			most = min(most, n/2)
		}
	}
	return most
}

// swapping tells whether memory limits must also forbid swap, which Fargate
// does not have: where the host swaps and its kernel counts swap.
func swapping() bool {
	b, err := os.ReadFile("/proc/swaps")
	if err != nil || strings.Count(string(b), "\n") < 2 {
		return false
	}
	for _, file := range []string{"memory/memory.memsw.limit_in_bytes", "init.scope/memory.swap.max", "system.slice/memory.swap.max"} {
		if _, err := os.Stat(filepath.Join(cgroupRoot, file)); err == nil {
			return true
		}
	}
	return false
}

// removeCgroups removes a cgroup, and what is left below it, from every
// hierarchy.
func removeCgroups(path string) error {
	var errs []error
	for _, root := range hierarchies() {
		errs = append(errs, removeTree(filepath.Join(root, path)))
	}
	return errors.Join(errs...)
}

// hierarchies are the directories cgroups are made below.
func hierarchies() []string {
	if cgroups.Mode() == cgroups.Unified {
		return []string{cgroupRoot}
	}
	entries, _ := os.ReadDir(cgroupRoot)
	var out []string
	for _, e := range entries {
		if e.IsDir() { // others are links, as cpu to cpu,cpuacct
			out = append(out, filepath.Join(cgroupRoot, e.Name()))
		}
	}
	return out
}

func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
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
	// A process that has just ended, as a shim after its last container, may
	// still be on its way out, and the kernel has no way to wait for that.
	for range 200 {
		err = syscall.Rmdir(dir)
		if err == nil || errors.Is(err, syscall.ENOENT) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("remove cgroup %s: %w", strings.TrimPrefix(dir, cgroupRoot), err)
}
