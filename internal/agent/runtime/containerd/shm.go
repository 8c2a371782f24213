package containerd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// shmDefault is the size of /dev/shm where nobody asks for another, in MiB.
const shmDefault = 64

// shmDir is where the shared memory is mounted that a task's containers have
// in common. What lies in it counts for the task's memory limit.
func (c Config) shmDir(taskID string) string { return filepath.Join(c.RunDir, "shm", taskID) }

// makeShm mounts a task's shared memory. It is there once.
func (c Config) makeShm(taskID string, mib int64) error {
	if mib <= 0 {
		mib = shmDefault
	}
	dir := c.shmDir(taskID)
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return err
	}
	if err := unix.Mount("shm", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, fmt.Sprintf("mode=1777,size=%dm", mib)); err != nil {
		return fmt.Errorf("mount shared memory: %w", err)
	}
	return nil
}

// removeShm takes a task's shared memory away, if it has one.
func (c Config) removeShm(taskID string) error {
	dir := c.shmDir(taskID)
	err := unix.Unmount(dir, unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EINVAL) { // EINVAL: nothing is mounted there
		return fmt.Errorf("unmount shared memory: %w", err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// sweepShm takes the shared memory of tasks away that are not there.
func (e *Engine) sweepShm() {
	entries, _ := os.ReadDir(e.cfg.shmDir(""))
	for _, entry := range entries {
		if e.tasks[entry.Name()] != nil {
			continue
		}
		if err := e.cfg.removeShm(entry.Name()); err != nil {
			e.cfg.Log.Warn("left-over shared memory stays", "task", entry.Name(), "error", err)
		}
	}
}
