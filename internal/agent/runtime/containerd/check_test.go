package containerd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckRuntime(t *testing.T) {
	dir := t.TempDir()
	script := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct{ runtime, want string }{
		{filepath.Join(dir, "none"), "no " + filepath.Join(dir, "none") + " is installed"},
		{script("broken", "exit 3"), "does not run"},
		{script("bare", `test "$1" = features && echo '{"linux":{"seccomp":{"enabled":false}}}'; exit 0`), "without seccomp"},
		{script("whole", `test "$1" = features && echo '{"linux":{"seccomp":{"enabled":true}}}'; exit 0`), ""},
		{script("silent", `test "$1" != features`), ""},
	} {
		got := checkRuntime(c.runtime)
		switch {
		case c.want == "" && len(got) > 0:
			t.Errorf("%s: %+v", c.runtime, got)
		case c.want != "" && (len(got) != 1 || !strings.Contains(got[0].What, c.want) || got[0].Mend == "" || !got[0].Fatal):
			t.Errorf("%s: %+v", c.runtime, got)
		}
	}
}
