package exit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
)

func TestRecordRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.json")
	if _, err := Read(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("before it was written: %v", err)
	}
	start := time.Date(2026, 11, 21, 8, 0, 0, 123456789, time.UTC)
	for _, want := range []Record{{StartedAt: start}, {StartedAt: start, Ended: true, Code: 137, At: start.Add(time.Second), OOMKilled: true}} {
		if err := Write(path, want); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path); err != nil || got != want {
			t.Errorf("%+v %v", got, err)
		}
	}
}

func TestURIRoundTrip(t *testing.T) {
	for _, want := range []Output{
		{NotePath: "/var/lib/hatoba/exits/a.json", Cgroup: "/hatoba-1/t/c"},
		{NotePath: "/dir with space & more/a.json", Cgroup: "/x", SpoolDir: "/spool?#%20", Options: spool.Options{MaxBytes: 5, NonBlocking: true}, SecretEnv: []string{"A=x&y=?#%", "B="}},
	} {
		if got, ok := ParseURI(want.URI()); !ok || !cmp.Equal(got, want) {
			t.Errorf("%q: %+v", want.URI(), got)
		}
	}
	for _, other := range []string{"", "/run/fifo", "file:///x", "binary:///x?a=b"} {
		if _, ok := ParseURI(other); ok {
			t.Errorf("%q is not ours", other)
		}
	}
}
