package keystore

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/store/mem"
)

func TestOpenNeverReplacesAKey(t *testing.T) {
	s, path := mem.New(), filepath.Join(t.TempDir(), "master.key")
	first, err := Open(t.Context(), s, path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), s, path)
	if err != nil || again.ID() != first.ID() {
		t.Fatalf("%v %v", again, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Open(t.Context(), s, path); !errors.Is(err, secrets.ErrKeyLost) {
			t.Fatal(err)
		}
	}
	if _, err := Open(t.Context(), mem.New(), path); err != nil { // another store's key
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), s, path); !errors.Is(err, secrets.ErrKeyLost) {
		t.Fatal(err)
	}
}

// A start that ended between file and record is taken up by the next.
func TestOpenTakesAKeyMadeBeforeACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	made, err := secrets.OpenKeyring(path, "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Open(t.Context(), mem.New(), path)
	if err != nil || got.ID() != made.ID() {
		t.Fatalf("%v %v", got, err)
	}
}
