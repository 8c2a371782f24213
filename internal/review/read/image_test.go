package read

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hatoba/hatoba/internal/review"
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

func checkTwoLayers(t *testing.T, got *review.Image) {
	t.Helper()
	var lines []string
	for _, f := range got.Files {
		line := fmt.Sprintf("%d %s", f.Layer, f.Path)
		if f.Hidden {
			line += " hidden"
		}
		if f.Link != "" {
			line += " -> " + f.Link
		}
		if f.Content != nil {
			line += fmt.Sprintf(" %q", f.Content)
		}
		if f.Mode&os.ModeSetuid != 0 {
			line += fmt.Sprintf(" setuid %d:%d", f.UID, f.GID)
		}
		lines = append(lines, line)
	}
	want := `0 etc
0 etc/passwd hidden "root:x:0:0::/:/bin/sh\n"
0 usr/bin/su setuid 0:7
0 app/.env hidden "A=1"
0 data/a hidden
0 data/b/c hidden
0 opaque/old hidden
0 was/dir/x hidden
0 app/big.bin
0 etc/os-release -> ../usr/lib/os-release
1 opaque/new
1 was
1 etc/passwd "app:x:1:1::/:/bin/sh\n"
1 copy/.env -> etc/passwd "app:x:1:1::/:/bin/sh\n"
1 data2
1 evil`
	if have := strings.Join(lines, "\n"); have != want {
		t.Errorf("files:\n%s\nwant:\n%s", have, want)
	}
	if len(got.Layers) != 2 || got.Layers[1].CreatedBy != "step 1" || got.Layers[0].Size == 0 || got.Layers[1].Unpacked != 28 {
		t.Errorf("layers: %+v", got.Layers)
	}
	if got.Size != got.Layers[0].Size+got.Layers[1].Size || got.Config.Config.User != "65532" || len(got.Platforms) != 1 {
		t.Errorf("image: %+v", got)
	}
}

func TestImageFromEverywhere(t *testing.T) {
	image := imageWith(t, "amd64", twoLayers(t)...)
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	save := filepath.Join(dir, "save.tar")
	tag, err := name.NewTag("app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(save, tag, image); err != nil {
		t.Fatal(err)
	}
	oci := filepath.Join(dir, "oci")
	path, err := layout.Write(oci, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(image); err != nil {
		t.Fatal(err)
	}
	ociTar := filepath.Join(dir, "oci.tar")
	write(t, ociTar, tarFolder(t, oci))
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	ref, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image); err != nil {
		t.Fatal(err)
	}
	zipped, err := os.ReadFile(save)
	if err != nil {
		t.Fatal(err)
	}
	write(t, save+".gz", gz(t, zipped))
	for from, digestKnown := range map[string]bool{save: false, save + ".gz": false, oci: true, ociTar: true, ref.String(): true} {
		t.Run(filepath.Base(from), func(t *testing.T) {
			var visited []string
			got, err := Image(context.Background(), from, ImageOptions{Visit: func(f review.File, r io.Reader) error {
				text, err := io.ReadAll(r)
				visited = append(visited, f.Path+"="+string(text))
				return err
			}})
			if err != nil {
				t.Fatal(err)
			}
			checkTwoLayers(t, got)
			if digestKnown != (got.Digest == digest.String()) {
				t.Errorf("digest %s", got.Digest)
			}
			if len(visited) != 13 || visited[0] != "etc/passwd=root:x:0:0::/:/bin/sh\n" || visited[7] != "app/big.bin=not kept" {
				t.Errorf("visited %q", visited)
			}
		})
	}
}

// What docker saved before it spoke OCI: layers stored plain, equal ones linked.
func TestOldDockerArchive(t *testing.T) {
	layers := twoLayers(t)
	file := filepath.Join(t.TempDir(), "old.tar")
	write(t, file, tarOf(t, reg("manifest.json", `[{"Config":"c.json","Layers":["a/layer.tar","b/layer.tar"]}]`),
		reg("c.json", `{"os":"linux","architecture":"amd64","config":{"User":"65532"},"history":[{"created_by":"step 0"},{"created_by":"step 1"}]}`),
		reg("x/layer.tar", string(layers[0])), tar.Header{Name: "a/layer.tar", Typeflag: tar.TypeSymlink, Linkname: "../x/layer.tar"},
		reg("b/layer.tar", string(layers[1]))))
	got, err := Image(context.Background(), file, ImageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkTwoLayers(t, got)
	if got.Layers[0].Size > 1000 {
		t.Errorf("a plain layer counts as a push would transfer it, not %d bytes", got.Layers[0].Size)
	}
}

func TestImagePlatforms(t *testing.T) {
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: imageWith(t, "arm64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
		mutate.IndexAddendum{Add: imageWith(t, "amd64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: imageWith(t, "s390x"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}})
	dir := t.TempDir()
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendIndex(index); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	ref, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{dir, ref.String()} {
		for want, arch := range map[string]string{"": "amd64", "linux/arm64": "arm64", "linux/s390x": ""} {
			var opt ImageOptions
			if want != "" {
				opt.Platform, _ = v1.ParsePlatform(want)
			}
			got, err := Image(context.Background(), from, opt)
			switch {
			case arch == "" && (err == nil || !strings.Contains(err.Error(), "only linux/arm64, linux/amd64")):
				t.Errorf("%s: want the platforms there are, got %v", want, err)
			case arch != "" && err != nil:
				t.Errorf("%s: %v", want, err)
			case arch != "" && (got.Config.Architecture != arch || len(got.Platforms) != 2 || got.Digest != digest.String()):
				t.Errorf("%s: %s of %v, %s", want, got.Config.Architecture, got.Platforms, got.Digest)
			}
		}
	}
}

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
