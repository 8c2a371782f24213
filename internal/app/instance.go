package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/disk"
)

// instance is one Hatoba on this machine. Its short id prefixes every name it
// gives to namespaces, links, cgroups and tables, so that two with other data
// dirs run side by side.
type instance struct {
	id     string
	dir    string
	runDir string // sockets and namespaces, gone after a reboot
	lock   *os.File
}

// errRunning says that another process holds the data dir.
var errRunning = errors.New("already running")

// claim locks the data dir, made if it is missing, for this process.
func claim(dir string) (*instance, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data dir: %w", err)
	}
	lock, err := os.OpenFile(lockPath(dir), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("data dir %s is in use by process %d: %w; stop it, or name another --data-dir", dir, holder(dir), errRunning)
	}
	inst := &instance{dir: dir, lock: lock}
	if err := inst.identify(); err != nil {
		lock.Close()
		return nil, err
	}
	if err := inst.openRunDir(); err != nil {
		lock.Close()
		return nil, err
	}
	if err := lock.Truncate(0); err == nil {
		_, err = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
		if err != nil {
			lock.Close()
			return nil, err
		}
	}
	return inst, nil
}

// release lets the data dir go. The file stays: removing it would race with
// whoever waits for it.
func (i *instance) release() { i.lock.Close() }

// identify reads the instance's id, or makes it once.
func (i *instance) identify() error {
	path := filepath.Join(i.dir, "instance")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		raw := make([]byte, 3)
		_, _ = rand.Read(raw) // never fails
		b = []byte(hex.EncodeToString(raw))
		err = disk.Write(path, b, 0o600)
	}
	if err != nil {
		return err
	}
	i.id = strings.TrimSpace(string(b))
	i.runDir = filepath.Join("/run/hatoba", i.id)
	return nil
}

// openRunDir makes the run dir, on a memory file system also where /run is on
// a disk: bundles hold secrets for the moment a container is made.
func (i *instance) openRunDir() error {
	if err := os.MkdirAll(i.runDir, 0o711); err != nil {
		return err
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(i.runDir, &fs); err != nil {
		return err
	}
	if fs.Type == unix.TMPFS_MAGIC || fs.Type == unix.RAMFS_MAGIC {
		return nil
	}
	if err := unix.Mount("hatoba", i.runDir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=711"); err != nil {
		return fmt.Errorf("mount a tmpfs at %s: %w", i.runDir, err)
	}
	return nil
}

// removeRunDir removes an instance's run dir, when no task needs it.
func removeRunDir(dir string) error {
	if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("unmount %s: %w", dir, err)
	}
	err := os.RemoveAll(dir)
	_ = os.Remove(filepath.Dir(dir)) // only when it was the last one's
	return err
}

// alone waits until no other instance of this machine is between alone and
// release. The lock is on a directory, so that no file is needed for it.
func alone() (release func(), err error) {
	run, err := os.Open("/run")
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(run.Fd()), syscall.LOCK_EX); err != nil {
		run.Close()
		return nil, fmt.Errorf("lock /run: %w", err)
	}
	return func() { run.Close() }, nil
}

// removeUnused removes the run dir of a start that failed, unless tasks of an
// earlier life are in it.
func removeUnused(dir string) {
	if entries, err := os.ReadDir(filepath.Join(dir, "netns")); err == nil && len(entries) > 0 {
		return
	}
	_ = removeRunDir(dir) // a later start takes what stays
}

func lockPath(dir string) string { return filepath.Join(dir, "lock") }

// holder is the process that holds the data dir, 0 when unknown.
func holder(dir string) int {
	b, err := os.ReadFile(lockPath(dir))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return pid
}
