package read

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hatoba/hatoba/internal/review"
)

func TestImageBounds(t *testing.T) {
	bomb := tarOf(t, reg("zeros", strings.Repeat("\x00", 1<<20)))
	file := filepath.Join(t.TempDir(), "bomb.tar.gz")
	tag, err := name.NewTag("app:1")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tarball.Write(tag, imageWith(t, "amd64", bomb), &b); err != nil {
		t.Fatal(err)
	}
	write(t, file, gz(t, b.Bytes()))
	if _, err := Image(context.Background(), file, ImageOptions{MaxUnpacked: 100 << 10}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a bomb is refused: %v", err)
	}
	if _, err := Image(context.Background(), file, ImageOptions{MaxFiles: 1}); err == nil {
		t.Errorf("too many files are refused")
	}
	deep := filepath.Join(t.TempDir(), "deep.tar")
	b.Reset()
	marks := tarOf(t, reg("a/.wh.b", ""), reg("a/.wh.c", ""), reg("a/.wh.d", ""), reg("a/.wh.e", ""), reg("a/.wh.f", ""))
	if err := tarball.Write(tag, imageWith(t, "amd64", tarOf(t, reg("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19", ""))), &b); err != nil {
		t.Fatal(err)
	}
	write(t, deep, b.Bytes())
	if _, err := Image(context.Background(), deep, ImageOptions{MaxFiles: 4}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many folders are refused: %v", err)
	}
	b.Reset()
	if err := tarball.Write(tag, imageWith(t, "amd64", marks), &b); err != nil {
		t.Fatal(err)
	}
	write(t, deep, b.Bytes())
	if _, err := Image(context.Background(), deep, ImageOptions{MaxFiles: 4}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many whiteouts are refused: %v", err)
	}
	stop, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Image(stop, file, ImageOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("it stops when told: %v", err)
	}
	for _, ref := range []string{"./nowhere.tar", t.TempDir() + "/", "UPPER/case", ""} {
		if _, err := Image(context.Background(), ref, ImageOptions{}); err == nil {
			t.Errorf("%q is refused", ref)
		}
	}
}

func FuzzImage(f *testing.F) {
	layers := twoLayers(f)
	f.Add(layers[0], layers[1])
	f.Add(gz(f, layers[0]), []byte("(\xb5/\xfd"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		w := newWalker(context.Background(), ImageOptions{MaxUnpacked: 1 << 20, MaxFiles: 1000})
		for _, text := range [][]byte{first, second} {
			layer := &review.Layer{}
			b := blob{open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}
			if err := w.layer(b, layer); err != nil {
				break
			}
		}
		seen := map[string]bool{}
		for _, file := range w.files {
			if strings.HasPrefix(file.Path, "/") || strings.HasPrefix(file.Path, "../") {
				t.Errorf("%q leaves the image", file.Path)
			}
			if !file.Hidden && seen[file.Path] {
				t.Errorf("%q is there twice", file.Path)
			}
			seen[file.Path] = seen[file.Path] || !file.Hidden
		}
		if files, err := indexTar(bytes.NewReader(first), 1000); err == nil {
			_, _ = fromFiles(files, ImageOptions{})
		}
	})
}
