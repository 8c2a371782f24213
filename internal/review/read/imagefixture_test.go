package read

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func reg(path, text string) tar.Header {
	return tar.Header{Name: path, Mode: 0o644, Typeflag: tar.TypeReg, Size: int64(len(text)), Linkname: text}
}

// tarOf writes entries; a regular file's Linkname is its text.
func tarOf(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		text := ""
		if h.Typeflag == tar.TypeReg {
			text, h.Linkname = h.Linkname, ""
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func imageWith(t testing.TB, arch string, layers ...[]byte) v1.Image {
	t.Helper()
	image := v1.Image(empty.Image)
	for i, text := range layers {
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil })
		if err != nil {
			t.Fatal(err)
		}
		image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: fmt.Sprintf("step %d", i)}},
			mutate.Addendum{History: v1.History{CreatedBy: "ENV A=b", EmptyLayer: true}})
		if err != nil {
			t.Fatal(err)
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config.User = "linux", arch, "65532"
	image, err = mutate.ConfigFile(image, config)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// twoLayers has everything a later layer can do to an earlier one.
func twoLayers(t testing.TB) [][]byte {
	setuid := reg("usr/bin/su", "elf")
	setuid.Mode, setuid.Uid, setuid.Gid = 0o4755, 0, 7
	return [][]byte{
		tarOf(t, tar.Header{Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755}, reg("./etc/passwd", "root:x:0:0::/:/bin/sh\n"), setuid,
			reg("app/.env", "A=1"), reg("data/a", "1"), reg("data/b/c", "2"), reg("opaque/old", "3"), reg("was/dir/x", "4"), reg("app/big.bin", "not kept"),
			tar.Header{Name: "etc/os-release", Typeflag: tar.TypeSymlink, Linkname: "../usr/lib/os-release"}),
		tarOf(t, reg("app/.wh..env", ""), reg(".wh.data", ""), reg("opaque/new", "5"), reg("opaque/.wh..wh..opq", ""), reg("was", "file"),
			reg("etc/passwd", "app:x:1:1::/:/bin/sh\n"), tar.Header{Name: "copy/.env", Typeflag: tar.TypeLink, Linkname: "etc/passwd"},
			reg("data2", "6"), reg("../../evil", "7")),
	}
}

func write(t testing.TB, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func gz(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarFolder(t testing.TB, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
