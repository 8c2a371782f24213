package secrets

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenKeyringMakesTheKeyOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "master.key")
	first, err := OpenKeyring(path, "")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || info.Size() != KeySize {
		t.Fatalf("mode %v size %d", info.Mode(), info.Size())
	}
	second, err := OpenKeyring(path, first.ID())
	if err != nil {
		t.Fatal(err)
	}
	if second.ID() != first.ID() || !bytes.Equal(second.master, first.master) {
		t.Fatal("opened another key")
	}
	left, _ := os.ReadDir(filepath.Dir(path))
	if len(left) != 1 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestOpenKeyringRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, size int, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, size), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name, path, known, want string
		lost                    bool
	}{
		{"lost", filepath.Join(dir, "none"), "0123456789abcdef", "does not exist, the store needs key 0123456789abcdef", true},
		{"another key", write("other", 32, 0o600), "0123456789abcdef", "holds key", true},
		{"others may read", write("loose", 32, 0o640), "", "chmod 600", false},
		{"short", write("short", 31, 0o600), "", "has 31 bytes, not 32", false},
		{"long", write("long", 33, 0o600), "", "has 33 bytes, not 32", false},
		{"directory", dir, "", "not a regular file", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := OpenKeyring(c.path, c.known)
			if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrKeyLost) != c.lost {
				t.Fatalf("got %v", err)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Fatal("a lost key was made anew")
	}
}

func TestKeyringDoesNotShowItsKey(t *testing.T) {
	k := NewKeyring()
	shown := fmt.Sprintf("%v %+v %#v %s", k, k, k, k)
	if strings.Contains(shown, hex.EncodeToString(k.master)) || !strings.Contains(shown, k.ID()) {
		t.Fatal(shown)
	}
}
