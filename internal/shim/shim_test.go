package shim

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func pack(t testing.TB, content string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return b.Bytes()
}

func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	one, two := pack(t, "one"), pack(t, "two")
	paths := make([]string, 10)
	var done sync.WaitGroup
	for i := range paths {
		done.Go(func() {
			var err error
			if paths[i], err = unpack(dir, one); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	for _, p := range paths {
		if p != paths[0] {
			t.Errorf("%s and %s", p, paths[0])
		}
	}
	if b, err := os.ReadFile(paths[0]); err != nil || string(b) != "one" {
		t.Errorf("%q %v", b, err)
	}
	if info, err := os.Stat(paths[0]); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	other, err := unpack(dir, two)
	if err != nil || other == paths[0] {
		t.Errorf("%s %v", other, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", "*")); len(left) != 2 {
		t.Errorf("files %v", left)
	}
	if _, err := unpack(t.TempDir(), one[:len(one)-3]); err == nil {
		t.Error("torn content was unpacked")
	}
}

func TestUnpackWhatIsCarried(t *testing.T) {
	path, err := Unpack(t.TempDir())
	if len(packed) == 0 {
		if !errors.Is(err, ErrNotBuilt) {
			t.Errorf("%v", err)
		}
		return
	}
	if err != nil || filepath.Base(path) != "hatoba-shim" {
		t.Errorf("%s %v", path, err)
	}
}

func BenchmarkUnpackAgain(b *testing.B) {
	if len(packed) == 0 {
		b.Skip("no shim is carried: make shim, and -tags embedshim")
	}
	dir := b.TempDir()
	for b.Loop() {
		if _, err := Unpack(dir); err != nil {
			b.Fatal(err)
		}
	}
}
