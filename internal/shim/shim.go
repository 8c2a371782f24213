// Package shim carries the shim's binary inside hatoba and unpacks it.
package shim

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNotBuilt means that this hatoba was built without its shim.
var ErrNotBuilt = errors.New("this hatoba carries no shim: build it with `make build`")

// Unpack writes the shim under dir, named by its content, and returns its
// path. Shims of older builds stay: tasks may still run on them.
func Unpack(dir string) (string, error) {
	if len(binary) == 0 {
		return "", ErrNotBuilt
	}
	sum := sha256.Sum256(binary)
	home := filepath.Join(dir, hex.EncodeToString(sum[:8]))
	path := filepath.Join(home, "containerd-shim-runc-v2")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", err
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, binary, 0o700); err != nil {
		return "", fmt.Errorf("unpack the shim: %w", err)
	}
	return path, os.Rename(tmp, path)
}
