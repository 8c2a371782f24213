package storage

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	if n, err := Walk(t.Context(), filepath.Join(dir, "none")); n != 0 || err != nil {
		t.Errorf("nothing takes %d, %v", n, err)
	}
	empty, err := Walk(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "file"), filepath.Join(dir, "again")); err != nil {
		t.Fatal(err)
	}
	if n, err := Walk(t.Context(), dir); err != nil || n < empty+1<<20 || n > empty+1<<20+64<<10 {
		t.Errorf("a file of a MiB with two names takes %d, %v", n-empty, err)
	}
}
