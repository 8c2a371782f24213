package containerd

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

type entry struct {
	tar.Header
	body string
}

// layerOf packs entries as they are: nobody checks what they say.
func layerOf(t testing.TB, entries ...entry) v1.Layer {
	t.Helper()
	var raw bytes.Buffer
	w := tar.NewWriter(&raw)
	for _, e := range entries {
		e.Size = int64(len(e.body))
		if e.Mode == 0 {
			e.Mode = 0o755
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// shop is a registry for images of layers.
func shop(t testing.TB, around func(http.Handler) http.Handler) func(name string, layers ...v1.Layer) protocol.ImageSource {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	if around != nil {
		handler = around(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return func(as string, layers ...v1.Layer) protocol.ImageSource {
		t.Helper()
		image, err := mutate.AppendLayers(empty.Image, layers...)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		cfg.OS, cfg.Architecture = "linux", goruntime.GOARCH
		if image, err = mutate.ConfigFile(image, cfg); err != nil {
			t.Fatal(err)
		}
		ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://")+"/"+as+":1", name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(ref, image); err != nil {
			t.Fatal(err)
		}
		return protocol.ImageSource{Ref: ref.Name(), PlainHTTP: true}
	}
}

// Whatever a layer says, nothing is written outside its snapshot.
func TestHostileLayersStayInside(t *testing.T) {
	w, cfg := world(t)
	e := w.Engine.(*Engine)
	outside := t.TempDir()
	victim := filepath.Join(outside, "victim")
	if err := os.WriteFile(victim, []byte("whole"), 0o600); err != nil {
		t.Fatal(err)
	}
	up := strings.Repeat("../", 24)
	put := shop(t, nil)
	for i, layers := range [][]v1.Layer{
		{layerOf(t, entry{tar.Header{Name: up + outside[1:] + "/escaped"}, "x"})},
		{layerOf(t, entry{tar.Header{Name: outside + "/escaped"}, "x"})},
		{layerOf(t, entry{tar.Header{Name: "door", Typeflag: tar.TypeSymlink, Linkname: outside}, ""}, entry{tar.Header{Name: "door/escaped"}, "x"})},
		{layerOf(t, entry{tar.Header{Name: "door", Typeflag: tar.TypeSymlink, Linkname: outside}, ""}), layerOf(t, entry{tar.Header{Name: "door/escaped"}, "x"})},
		{layerOf(t, entry{tar.Header{Name: "door", Typeflag: tar.TypeSymlink, Linkname: up + outside[1:]}, ""}, entry{tar.Header{Name: "door/.wh.victim"}, ""})},
		{layerOf(t, entry{tar.Header{Name: up + outside[1:] + "/.wh.victim"}, ""})},
		{layerOf(t, entry{tar.Header{Name: ".wh." + up + outside[1:] + "/victim"}, ""})},
		{layerOf(t, entry{tar.Header{Name: ".wh..wh..opq/" + up + outside[1:]}, ""})},
		{layerOf(t, entry{tar.Header{Name: "hard", Typeflag: tar.TypeLink, Linkname: victim}, ""}, entry{tar.Header{Name: "hard"}, "overwritten"})},
		{layerOf(t, entry{tar.Header{Name: "hard", Typeflag: tar.TypeLink, Linkname: up + victim[1:]}, ""}, entry{tar.Header{Name: "hard"}, "overwritten"})},
		{layerOf(t, entry{tar.Header{Name: "..", Typeflag: tar.TypeSymlink, Linkname: outside}, ""}, entry{tar.Header{Name: "../escaped"}, "x"})},
	} {
		source := put(fmt.Sprint("hostile", i), layers...)
		_, err := e.Pull(t.Context(), source)
		var failed *runtime.PullError
		if err != nil && !errors.As(err, &failed) {
			t.Errorf("%d: %v", i, err)
		}
		if _, err := os.Lstat(filepath.Join(outside, "escaped")); err == nil {
			t.Fatalf("layer %d wrote outside", i)
		}
		if b, err := os.ReadFile(victim); err != nil || string(b) != "whole" {
			t.Fatalf("layer %d touched a file outside: %q, %v", i, b, err)
		}
	}
	_ = filepath.WalkDir(cfg.Root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink == 0 && d.Name() == "escaped" && !strings.Contains(path, "/snapshots/") {
			t.Errorf("written at %s", path)
		}
		return nil
	})
}

// A layer that is not what its digest says, or that ends too soon, is told as
// that, and pulling again from a registry that has mended it works.
func TestCorruptLayer(t *testing.T) {
	w, _ := world(t)
	e := w.Engine.(*Engine)
	mode := ""
	put := shop(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if mode == "" || r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
				next.ServeHTTP(rw, r)
				return
			}
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			body := rec.Body.Bytes()
			switch mode {
			case "flipped":
				body[len(body)/2] ^= 1
			case "cut":
				rw.Header().Set("Content-Length", fmt.Sprint(len(body)))
				body = body[:len(body)/2]
			case "long":
				body = append(body, body...)
			}
			rw.WriteHeader(rec.Code)
			_, _ = rw.Write(body)
		})
	})
	source := put("app", layerOf(t, entry{tar.Header{Name: "file"}, strings.Repeat("content ", 4096)}))
	for _, mode = range []string{"flipped", "cut", "long"} {
		_, err := e.Pull(t.Context(), source)
		var failed *runtime.PullError
		if !errors.As(err, &failed) || failed.Stage != runtime.StageContent {
			t.Errorf("%s: %v", mode, err)
		}
	}
	mode = ""
	if _, err := e.Pull(t.Context(), source); err != nil {
		t.Errorf("mended: %v", err)
	}
}

// A layer that says it is whole and is no archive, one whose content is not
// what the configuration says, and an image for another machine.
func TestImagesThatCannotBe(t *testing.T) {
	w, _ := world(t)
	e := w.Engine.(*Engine)
	put := shop(t, nil)
	noise := bytes.Repeat([]byte{0xde, 0xad}, 5000)
	for what, layer := range map[string]v1.Layer{
		"noise":       static.NewLayer(noise, types.DockerLayer),
		"half a gzip": static.NewLayer(append([]byte{0x1f, 0x8b, 8, 0}, noise...), types.DockerLayer),
		"no archive":  static.NewLayer(noise, types.DockerUncompressedLayer),
	} {
		_, err := e.Pull(t.Context(), put(strings.ReplaceAll(what, " ", ""), layer))
		var failed *runtime.PullError
		if !errors.As(err, &failed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: empty.Image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}})
	source := put("index", layerOf(t))
	ref, _ := name.ParseReference(strings.Replace(source.Ref, "/index:1", "/other:1", 1), name.Insecure)
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Pull(t.Context(), protocol.ImageSource{Ref: ref.Name(), PlainHTTP: true}); !errors.Is(err, runtime.ErrImagePlatform) {
		t.Errorf("another machine's image: %v", err)
	}
}

// A layer that unpacks to more than the disk holds is ended in time, and what it
// left is taken away.
func TestBomb(t *testing.T) {
	w, cfg := world(t)
	if err := w.Engine.(*Engine).Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Room = func() error {
		used := int64(0)
		_ = filepath.WalkDir(filepath.Join(cfg.Root, "containerd"), func(_ string, d fs.DirEntry, err error) error {
			if info, err2 := d.Info(); err == nil && err2 == nil {
				used += info.Size()
			}
			return nil
		})
		if used > 64<<20 {
			return syscall.ENOSPC
		}
		return nil
	}
	e := open(t, cfg)
	w.Engine = e
	bomb := layerOf(t, entry{tar.Header{Name: "small"}, "x"}, entry{tar.Header{Name: "bomb"}, strings.Repeat("\x00", 512<<20)})
	_, err := e.Pull(t.Context(), shop(t, nil)("bomb", bomb))
	if !errors.Is(err, runtime.ErrDiskFull) {
		t.Errorf("%v", err)
	}
	if n := snapshots(t, e); n != 0 {
		t.Errorf("%d snapshots are left", n)
	}
}

// An image nobody uses goes with its layers; one a container was made from
// stays, and what two share stays with the other.
func TestRemoveImage(t *testing.T) {
	w, _ := world(t)
	e := w.Engine.(*Engine)
	put := shop(t, nil)
	shared := layerOf(t, entry{tar.Header{Name: "shared"}, strings.Repeat("s", 1<<20)})
	a, err := e.Pull(t.Context(), put("a", shared, layerOf(t, entry{tar.Header{Name: "a"}, strings.Repeat("a", 1<<20)})))
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Pull(t.Context(), put("b", shared, layerOf(t, entry{tar.Header{Name: "b"}, strings.Repeat("b", 1<<20)})))
	if err != nil {
		t.Fatal(err)
	}
	spec := runtime.Spec{ID: "c1", TaskID: "t1", Name: "c1", Image: b.Ref, Command: []string{"/probe"}, NetNS: w.NetNS}
	if err := e.Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	stored := func() map[string]runtime.StoredImage {
		t.Helper()
		all, err := e.Images(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]runtime.StoredImage{}
		for _, i := range all {
			out[i.Ref] = i
		}
		return out
	}
	had := stored()
	if !had[b.Ref].InUse || had[a.Ref].InUse || had[a.Ref].Bytes < 2<<20 || time.Since(had[a.Ref].LastUsed) > time.Minute {
		t.Fatalf("%+v", had)
	}
	for _, i := range had {
		if err := e.RemoveImage(t.Context(), i); err != nil {
			t.Error(err)
		}
	}
	left := stored()
	if len(left) != 1 || !left[b.Ref].InUse {
		t.Errorf("%+v", left)
	}
	if err := e.Create(t.Context(), runtime.Spec{ID: "c2", TaskID: "t1", Name: "c2", Image: a.Ref, Command: []string{"/probe"}, NetNS: w.NetNS}); err == nil {
		t.Error("an image that was deleted is still used")
	}
	if n := snapshots(t, e); n != 3 { // two layers and the container's own
		t.Errorf("%d snapshots", n)
	}
	if err := e.Delete(t.Context(), "c1"); err != nil {
		t.Fatal(err)
	}
	for _, i := range stored() {
		if err := e.RemoveImage(t.Context(), i); err != nil {
			t.Error(err)
		}
	}
	if n := snapshots(t, e); n != 0 || len(stored()) != 0 {
		t.Errorf("%d snapshots, %d images", n, len(stored()))
	}
}

func snapshots(t *testing.T, e *Engine) (n int) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(e.cfg.Root, "containerd", "io.containerd.snapshotter.v1."+e.snapshotter, "snapshots"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return len(entries)
}
