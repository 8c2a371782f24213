package containerd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// How long the OCI runtime may take. A start has what ECS gives it.
// Source: https://github.com/aws/amazon-ecs-agent, ECS_CONTAINER_START_TIMEOUT
const (
	startPatience = 3 * time.Minute
	patience      = time.Minute
)

// bounded runs an operation on a container, in which the shim runs the OCI
// runtime. A runtime that does not end in time is killed, again and again while
// the operation lasts: it then fails the way a failing runtime makes it fail,
// with everything undone.
func (e *Engine) bounded(id string, limit time.Duration, operation func() error) error {
	if e.cfg.Patience > 0 {
		limit = e.cfg.Patience
	}
	done := make(chan struct{})
	var killed bool
	var watch sync.WaitGroup
	watch.Go(func() {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		for {
			select {
			case <-done:
				return
			case <-timer.C:
			}
			if pids := e.runtimesOf(id); len(pids) > 0 {
				killed = true
				e.cfg.Log.Error("the OCI runtime hangs and is killed", "container", id, "after", limit.String())
				for _, pid := range pids {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			}
			timer.Reset(min(limit, time.Second))
		}
	})
	err := operation()
	close(done)
	watch.Wait()
	if err != nil && killed {
		return fmt.Errorf("%w after waiting %s: %w", runtime.ErrTimeout, limit, err)
	}
	return err
}

// runtimesOf are the processes of the OCI runtime that work on a container, with
// all they have started, but not the container's own: those are not in the
// shims' cgroup.
func (e *Engine) runtimesOf(id string) (pids []int) {
	parents := map[int]int{}
	found := map[int]bool{}
	for _, pid := range e.inShimCgroup() {
		parents[pid] = parentOf(pid)
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && bytes.Contains(line, []byte(id)) && !bytes.HasPrefix(line, []byte(e.cfg.Shim+"\x00")) && !bytes.Contains(line, []byte("\x00-namespace\x00"+namespace+"\x00")) {
			found[pid] = true
		}
	}
	for pid := range parents {
		for at := pid; at > 1; at = parents[at] {
			if found[at] {
				pids = append(pids, pid)
				break
			}
		}
	}
	return pids
}

// inShimCgroup are the shims and what they have started.
func (e *Engine) inShimCgroup() (pids []int) {
	for _, root := range hierarchies() {
		b, err := os.ReadFile(filepath.Join(root, e.cfg.shimCgroup(), "cgroup.procs"))
		if err != nil {
			continue
		}
		for _, field := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
				pids = append(pids, pid)
			}
		}
		return pids
	}
	return nil
}

func parentOf(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// signalDirectly signals a container's process past a runtime that would not.
func signalDirectly(pid uint32, number syscall.Signal, err error) error {
	if !errors.Is(err, runtime.ErrTimeout) || pid <= 1 {
		return err
	}
	if kerr := syscall.Kill(int(pid), number); kerr != nil && !errors.Is(kerr, syscall.ESRCH) {
		return errors.Join(err, kerr)
	}
	return nil
}
