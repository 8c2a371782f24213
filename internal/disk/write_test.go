package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, content := range []string{"one", "another"} {
		if err := Write(path, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != content {
			t.Errorf("%q %v", b, err)
		}
	}
	if s, err := os.Stat(path); err != nil || s.Mode().Perm() != 0o640 {
		t.Errorf("%v %v", s.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("%v", left)
	}
	if err := Write(filepath.Join(path, "below", "a-file"), nil, 0o600); err == nil {
		t.Error("written where there is no directory")
	}
}
