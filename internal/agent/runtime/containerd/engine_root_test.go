package containerd

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/runtimetest"
	"github.com/hatoba/hatoba/internal/protocol"
)

func needRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 || os.Getenv("HATOBA_ROOT_TESTS") != "1" {
		t.Skip("runs containers: needs root and HATOBA_ROOT_TESTS=1")
	}
}

// binariesVariable names a directory with hatoba-shim and probe, where there is
// no Go to build them.
const binariesVariable = "HATOBA_TEST_BINARIES"

// build compiles a command of this module, once.
var build = sync.OnceValues(func() (dir string, err error) {
	if dir := os.Getenv(binariesVariable); dir != "" {
		return dir, nil
	}
	if dir, err = os.MkdirTemp("", "hatoba-engine-test"); err != nil {
		return "", err
	}
	for out, pkg := range map[string]string{
		"hatoba-shim": "github.com/hatoba/hatoba/cmd/hatoba-shim",
		"probe":       "github.com/hatoba/hatoba/internal/agent/runtime/runtimetest/probe",
	} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, out), pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if b, err := cmd.CombinedOutput(); err != nil {
			return "", &exec.Error{Name: string(b), Err: err}
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	if cfg := os.Getenv(helperVariable); cfg != "" {
		helper(cfg)
		return
	}
	code := m.Run()
	if os.Getenv("HATOBA_ROOT_TESTS") == "1" && os.Getenv(binariesVariable) == "" {
		if dir, err := build(); err == nil {
			os.RemoveAll(dir)
		}
	}
	os.Exit(code)
}

// The users of the probe's image.
const (
	passwd = "root:x:0:0::/:/probe\ngopher:x:501:502::/:/probe\n"
	group  = "gopher:x:502:\nextra:x:600:gopher\n"
)

// probeImage pushes an image of the probe to a registry of this test.
func probeImage(t testing.TB, probe string) protocol.ImageSource {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	binary, err := os.ReadFile(probe)
	if err != nil {
		t.Fatal(err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, h := range []struct {
		tar.Header
		body []byte
	}{
		{tar.Header{Name: "tmp", Typeflag: tar.TypeDir, Mode: 0o1777}, nil},
		{tar.Header{Name: "etc", Typeflag: tar.TypeDir, Mode: 0o755}, nil},
		{tar.Header{Name: "etc/passwd", Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(passwd))}, []byte(passwd)},
		{tar.Header{Name: "etc/group", Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(group))}, []byte(group)},
		{tar.Header{Name: "probe", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(binary))}, binary},
	} {
		if err := w.WriteHeader(&h.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(h.body); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.AppendLayers(empty.Image, l)
	if err != nil {
		t.Fatal(err)
	}
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		OS: "linux", Architecture: goruntime.GOARCH, Config: v1.Config{Entrypoint: []string{"/probe"}, Env: []string{"OF=image"}},
		RootFS: v1.RootFS{Type: "layers", DiffIDs: diffIDs(t, l)},
	})
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	ref, err := name.ParseReference(host+"/probe:1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image); err != nil {
		t.Fatal(err)
	}
	return protocol.ImageSource{Ref: ref.Name(), PlainHTTP: true}
}

func diffIDs(t testing.TB, l v1.Layer) []v1.Hash {
	h, err := l.DiffID()
	if err != nil {
		t.Fatal(err)
	}
	return []v1.Hash{h}
}

func open(t testing.TB, cfg Config) *Engine {
	t.Helper()
	e, err := Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// world opens an engine in directories of its own.
func world(t testing.TB) (*runtimetest.World, Config) {
	needRoot(t)
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	run, err := os.MkdirTemp("/run", "hbt")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Root: t.TempDir(), RunDir: run, Instance: filepath.Base(run), Shim: filepath.Join(dir, "hatoba-shim"),
		Runtime: "runc", Log: slog.New(slog.NewTextHandler(logTo(t), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	w := &runtimetest.World{Engine: open(t, cfg), Source: probeImage(t, filepath.Join(dir, "probe")), NetNS: netns(t, cfg.Instance), Real: true}
	t.Cleanup(func() {
		if err := w.Engine.(*Engine).Close(); err != nil {
			t.Error(err)
		}
		leftovers(t, cfg)
		os.RemoveAll(run)
	})
	return w, cfg
}

// netns makes a network namespace that goes with the test.
func netns(t testing.TB, name string) string {
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", name).Run() })
	return "/run/netns/" + name
}

func TestSuite(t *testing.T) {
	runtimetest.Run(t, func(t *testing.T) *runtimetest.World {
		w, cfg := world(t)
		w.Reopen = func(t *testing.T) runtime.Engine {
			w.Engine.(*Engine).Close()
			w.Engine = open(t, cfg)
			return w.Engine
		}
		return w
	})
}

// testWriter is the log of a test until its end. What is written later is lost:
// containerd's collector of garbage may end after its engine.
type testWriter struct {
	t     testing.TB
	mu    sync.Mutex
	ended bool
}

func logTo(t testing.TB) *testWriter {
	w := &testWriter{t: t}
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ended = true
	})
	return w
}

func (w *testWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.t.Logf("%s", bytes.TrimSpace(b))
	}
	return len(b), nil
}
