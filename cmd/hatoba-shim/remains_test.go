package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/containerd/containerd/v2/pkg/namespaces"
)

// A container whose runtime has no state of it is not asked about again.
func TestRuntimeKnows(t *testing.T) {
	bundle, root := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(bundle, "options.json"), []byte(`{"root":"`+root+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := namespaces.WithNamespace(t.Context(), "hatoba")
	if known, err := runtimeKnows(ctx, bundle, "c1"); known || err != nil {
		t.Errorf("deleted: %v, %v", known, err)
	}
	if err := os.MkdirAll(filepath.Join(root, "hatoba", "c1"), 0o700); err != nil {
		t.Fatal(err)
	}
	if known, err := runtimeKnows(ctx, bundle, "c1"); !known || err != nil {
		t.Errorf("there: %v, %v", known, err)
	}
	if _, err := runtimeKnows(t.Context(), bundle, "c1"); err == nil {
		t.Error("without a namespace it knows where to look")
	}
}
