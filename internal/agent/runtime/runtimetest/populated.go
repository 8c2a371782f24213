package runtimetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// populated: an empty directory begins with what the image has at its place,
// and one that is not empty stays as it is; nor is it refused that the image has
// nothing there.
func populated(t *testing.T, r *run) {
	if !r.Real {
		t.Skip("a fake has no files")
	}
	spec := r.spec("populated", "exit", "0")
	empty, full, nothing := t.TempDir(), t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, at := range map[string]string{empty: "/etc", nothing: "/not/there"} {
		spec.Mounts = append(spec.Mounts, runtime.Mount{Type: "bind", Source: dir, Destination: at, Populate: true})
	}
	r.start(spec)
	r.wait(spec.ID)
	if _, err := os.Stat(filepath.Join(empty, "passwd")); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(nothing); len(left) != 0 {
		t.Errorf("%v", left)
	}
	again := r.spec("populated-again", "exit", "0")
	again.Mounts = []runtime.Mount{{Type: "bind", Source: full, Destination: "/etc", Populate: true}}
	r.start(again)
	r.wait(again.ID)
	if left, _ := os.ReadDir(full); len(left) != 1 {
		t.Errorf("%v", left)
	}
}
