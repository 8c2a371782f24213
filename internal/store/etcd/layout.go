package etcd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/store"
)

// layout is the version of the data dir's layout.
const layout = 1

// ErrInUse is returned by Open when another process has the data dir open.
var ErrInUse = errors.New("the data dir is in use by another process")

// lockDir takes the dir for this process; it ends with the file or the process.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s; stop that one or choose another --data-dir", ErrInUse, dir)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return f, nil
}

// checkLayout refuses a data dir of a newer Hatoba, and marks a new one.
func checkLayout(path string) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return writeLayout(path)
	}
	if err != nil {
		return err
	}
	found, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return fmt.Errorf("%s does not hold a version: %w", path, err)
	}
	if found > layout {
		return fmt.Errorf("%w: %s has layout %d, this build knows up to %d; run the newer Hatoba again, or choose another --data-dir", store.ErrNewerData, filepath.Dir(path), found, layout)
	}
	return nil
}

// writeLayout leaves either no file or a whole one, also when power fails.
func writeLayout(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".version-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(strconv.Itoa(layout) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
