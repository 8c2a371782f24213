package containerd

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

func TestUsageOfVersion2(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"cpu.stat":       "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\n",
		"memory.current": "10485760\n",
		"memory.stat":    "anon 6291456\nfile 4194304\nfile_mapped 12\n",
		"io.stat":        "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n252:0 rbytes=1 wbytes=2 rios=1 wios=1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := runtime.Usage{CPU: 1500 * time.Millisecond, Memory: 6 << 20, ReadBytes: 4097, WriteBytes: 8194}
	if got, err := usage2(dir); got != want || err != nil {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	if err := os.Remove(filepath.Join(dir, "io.stat")); err != nil {
		t.Fatal(err)
	}
	want.ReadBytes, want.WriteBytes = 0, 0
	if got, err := usage2(dir); got != want || err != nil {
		t.Errorf("without an io controller: %+v %v, want %+v", got, err, want)
	}
}

func TestServedOfVersion1(t *testing.T) {
	read, written := served1([]byte("8:0 Read 4096\n8:0 Write 10\n8:0 Sync 1\n8:0 Total 4107\n8:16 Read 4\nTotal 4111\n"))
	if read != 4100 || written != 10 {
		t.Errorf("%d read, %d written", read, written)
	}
}

func TestCounterFileThatIsLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	want := bytes.Repeat([]byte("8:0 Read 4096\n"), 5000)
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	var c counterFile
	for range 2 {
		if got, err := c.read(path); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
}
