// Package storage makes tasks disks of their own: a sparse file with a file
// system that cannot grow beyond what the task asked for, so that a writer
// finds it full exactly as on Fargate. It needs nothing of the file system the
// file lies on. What is on such a disk is of no use to anybody when the task
// has ended, and so it has no journal, and goes without being written back.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/containerd/v2/core/mount"
	"golang.org/x/sys/unix"
)

// maker is the program that makes the file system.
const maker = "mkfs.ext4"

// Names below a task's directory: of the file, and of where it is mounted.
const (
	imageName = "disk.img"
	MountName = "disk"
)

// Disks makes disks.
type Disks struct{}

// Open makes the disk below dir, unless it is there, and returns where it is
// mounted. The mount outlives this process.
func (Disks) Open(ctx context.Context, dir string, gib int32) (string, error) {
	path := filepath.Join(dir, MountName)
	if mounted(path) {
		return path, nil
	}
	image := filepath.Join(dir, imageName)
	if _, err := os.Stat(image); errors.Is(err, os.ErrNotExist) {
		if err := format(ctx, image, int64(gib)<<30); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(path, 0o711); err != nil {
		return "", err
	}
	// Blocks of removed files are given back; inode tables are not zeroed, which
	// would take disk for nothing.
	m := mount.Mount{Type: "ext4", Source: image, Options: []string{"loop", "noatime", "discard", "noinit_itable"}}
	if err := m.Mount(path); err != nil {
		return "", fmt.Errorf("mount a disk of %d GiB for the task: %w", gib, err)
	}
	return path, nil
}

// format writes the file system; the file gets its name last.
func format(ctx context.Context, path string, bytes int64) error {
	program, err := exec.LookPath(maker)
	if err != nil {
		return fmt.Errorf("a task with ephemeralStorage needs the program %s on its node: apt-get install e2fsprogs", maker)
	}
	part := path + ".new"
	f, err := os.Create(part)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(bytes), f.Close()); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, program, "-q", "-F", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", part).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", maker, err, strings.TrimSpace(string(out)))
	}
	return os.Rename(part, path)
}

// mounted tells whether something is mounted on a directory.
func mounted(path string) bool {
	var own, parent unix.Stat_t
	return unix.Lstat(path, &own) == nil && unix.Lstat(filepath.Dir(path), &parent) == nil && own.Dev != parent.Dev
}

// goingDown is FS_IOC_SHUTDOWN: what is not written yet never will be.
const (
	goingDown  = 0x8004587d
	withoutLog = 2
)

// Close takes the disk away with all that is on it. One that is not there is no
// error.
func (Disks) Close(dir string) error {
	path := filepath.Join(dir, MountName)
	if mounted(path) {
		shutDown(path)
		if err := unmount(path); err != nil {
			return fmt.Errorf("unmount the task's disk: %w", err)
		}
	}
	for _, name := range []string{imageName, imageName + ".new", MountName} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// shutDown saves the time it takes to write back what nobody will read. A
// kernel that does not know it takes that time.
func shutDown(path string) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	_ = unix.IoctlSetPointerInt(fd, goingDown, withoutLog)
}

// unmount waits a moment for a mount of a container that is just going. What
// somebody else holds goes when he lets go.
func unmount(path string) error {
	for range 100 {
		err := unix.Unmount(path, 0)
		if !errors.Is(err, syscall.EBUSY) {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return unix.Unmount(path, unix.MNT_DETACH)
}

// Used tells the bytes that are taken of a disk, and how many it has.
func Used(path string) (used, size int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, err
	}
	return int64(s.Blocks-s.Bfree) * s.Bsize, int64(s.Blocks) * s.Bsize, nil
}

// Walk adds up what the files below a directory take. One that is not there
// takes nothing, and what goes meanwhile does not count.
func Walk(ctx context.Context, dir string) (sum int64, err error) {
	type file struct{ dev, ino uint64 }
	linked := map[file]bool{}
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		s, ok := info.Sys().(*syscall.Stat_t)
		if !ok || s.Nlink > 1 && !d.IsDir() && linked[file{s.Dev, s.Ino}] {
			return nil
		}
		if s.Nlink > 1 && !d.IsDir() {
			linked[file{s.Dev, s.Ino}] = true
		}
		sum += s.Blocks * 512
		return nil
	})
	return sum, err
}

// Missing tells what keeps this machine from making such disks, and what mends
// it; "" is nothing.
func Missing() (what, mend string) {
	if _, err := exec.LookPath(maker); err != nil {
		return "there is no " + maker + ": tasks with ephemeralStorage cannot start", "apt-get install e2fsprogs"
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		return "there are no loop devices: tasks with ephemeralStorage cannot start", "modprobe loop"
	}
	return "", ""
}
