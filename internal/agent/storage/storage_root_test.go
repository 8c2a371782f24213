package storage

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestDisk(t *testing.T) {
	if os.Geteuid() != 0 || os.Getenv("HATOBA_ROOT_TESTS") != "1" {
		t.Skip("mounts: needs root and HATOBA_ROOT_TESTS=1")
	}
	dir := t.TempDir()
	if err := (Disks{}).Close(dir); err != nil {
		t.Errorf("a disk that is not there: %v", err)
	}
	path, err := Disks{}.Open(t.Context(), dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer Disks{}.Close(dir)
	if again, err := (Disks{}).Open(t.Context(), dir, 1); err != nil || again != path {
		t.Errorf("once more: %s %v", again, err)
	}
	used, size, err := Used(path)
	if err != nil || size < 950<<20 || size > 1<<30 || used > 1<<20 {
		t.Errorf("%d of %d bytes are used, %v", used, size, err)
	}
	f, err := os.Create(filepath.Join(path, "file"))
	if err != nil {
		t.Fatal(err)
	}
	block, written := make([]byte, 1<<20), 0
	for err == nil {
		var n int
		n, err = f.Write(block)
		written += n
	}
	f.Close()
	if !errors.Is(err, syscall.ENOSPC) || written < 900<<20 {
		t.Errorf("after %d MiB: %v", written>>20, err)
	}
	if used, size, _ = Used(path); size-used > 32<<20 { // the kernel keeps some for itself
		t.Errorf("of the full disk %d bytes are free", size-used)
	}
	if err := (Disks{}).Close(dir); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
