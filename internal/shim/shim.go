// Package shim carries the shim's binary inside hatoba and unpacks it. `make
// shim` builds what is carried, the build tag embedshim puts it in; a hatoba
// that was built otherwise can do everything but run containers.
package shim

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrNotBuilt means that this hatoba was built without its shim.
var ErrNotBuilt = errors.New("this hatoba carries no shim: build it with `make build`")

// Unpack writes the shim under dir, in a directory named by its content, and
// returns its path. Shims of older builds stay: tasks may still run on them.
// It may be called by several processes at once.
func Unpack(dir string) (string, error) {
	if len(packed) == 0 {
		return "", ErrNotBuilt
	}
	return unpack(dir, packed)
}

// unpack writes gzipped content. What is there is whole: it got its name last.
func unpack(dir string, packed []byte) (string, error) {
	sum := sha256.Sum256(packed)
	home := filepath.Join(dir, hex.EncodeToString(sum[:8]))
	path := filepath.Join(home, "hatoba-shim")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(home, "new")
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name())
	if err := errors.Join(write(tmp, packed), tmp.Close()); err != nil {
		return "", fmt.Errorf("unpack the shim: %w", err)
	}
	return path, os.Rename(tmp.Name(), path)
}

// write unpacks into a file, onto the disk. Everybody may execute it: it is
// also the init of containers whose users are not root.
func write(f *os.File, packed []byte) error {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o755), f.Sync())
}
