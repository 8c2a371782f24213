package efs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/state"
)

func TestParse(t *testing.T) {
	for _, bad := range []string{"", "fs-1", "=/x", "fs-1=rel", "other-1=/x", "fs-1/../=/x"} {
		if _, err := Parse([]string{bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if _, err := Parse([]string{"fs-1=/a", "fs-1=/b"}); err == nil {
		t.Error("two folders of one file system are taken")
	}
	f, err := Parse([]string{"fs-1=/a/", "fsap-2=/b"})
	if err != nil || f["fs-1"] != "/a" || f["fsap-2"] != "/b" {
		t.Errorf("%v %v", f, err)
	}
}

func TestNothingLeadsOutOfAFolder(t *testing.T) {
	outside, base := t.TempDir(), t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(base, "app", "data"), 0o755), os.WriteFile(filepath.Join(base, "file"), nil, 0o644),
		os.Symlink(outside, filepath.Join(base, "absolute")), os.Symlink("../../../../../../etc", filepath.Join(base, "app", "up")),
		os.Symlink("app/data", filepath.Join(base, "inside")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f := Folders{"fs-1": base, "fsap-1": filepath.Join(base, "app")}
	for root, want := range map[string]string{
		"": base, "/": base, "/app": base + "/app", "app/data/": base + "/app/data", "../..": base, "/../app": base + "/app",
		"/inside": base + "/app/data", "/absolute": "", "/app/up": "", "/none": "", "/file": "",
	} {
		got, err := f.Open(state.EFSVolume{FileSystem: "fs-1", RootDirectory: root})
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", root, got, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "ResourceInitializationError: ") {
			t.Errorf("%v", err)
		}
	}
	if got, err := f.Open(state.EFSVolume{FileSystem: "fs-9", AccessPoint: "fsap-1"}); got != base+"/app" {
		t.Errorf("%q %v", got, err)
	}
	if err := f.Check(state.EFSVolume{FileSystem: "fs-2"}); err == nil || !strings.Contains(err.Error(), "--efs fs-2=") {
		t.Errorf("%v", err)
	}
}

func FuzzOpen(f *testing.F) {
	base, err := os.MkdirTemp("", "efs")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { os.RemoveAll(base) })
	for _, seed := range []string{"/", "..", "a/../../b", "/./x", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, root string) {
		got, err := Folders{"fs-1": base}.Open(state.EFSVolume{FileSystem: "fs-1", RootDirectory: root})
		if err == nil && got != base && !strings.HasPrefix(got, base+"/") {
			t.Errorf("%q leads to %q", root, got)
		}
	})
}
