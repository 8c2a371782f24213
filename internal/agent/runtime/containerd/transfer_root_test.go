package containerd

import (
	"archive/tar"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// halting is a registry that stops in the middle of each layer until it is let
// go on.
func halting(on <-chan struct{}, cut *atomic.Bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, r)
			body := rec.Body.Bytes()
			for key, values := range rec.Header() {
				w.Header()[key] = values
			}
			if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") || len(body) < 100_000 {
				w.WriteHeader(rec.Code)
				_, _ = w.Write(body)
				return
			}
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			w.WriteHeader(rec.Code)
			_, _ = w.Write(body[:len(body)*3/4])
			w.(http.Flusher).Flush()
			select {
			case <-on:
			case <-r.Context().Done():
			}
			if !cut.Load() {
				_, _ = w.Write(body[len(body)*3/4:])
			}
		})
	}
}

// incompressible is a file of a layer whose size the network sees, too.
func incompressible(name string, seed byte) entry {
	body := make([]byte, 3_000_000)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(body)
	return entry{tar.Header{Name: name}, string(body)}
}

// A layer is unpacked while it comes, and counts when all of it has.
func TestLayersAreUnpackedAsTheyCome(t *testing.T) {
	w, cfg := world(t)
	e := w.Engine.(*Engine)
	on, cut := make(chan struct{}), &atomic.Bool{}
	put := shop(t, halting(on, cut))
	below, above := layerOf(t, incompressible("below", 1), incompressible("rest", 2)), layerOf(t, incompressible("above", 3), incompressible("rest", 4))
	source := put("app", below, above)
	cut.Store(true)
	for range 2 { // the second goes on from what the first has brought, or begins anew
		var ended sync.WaitGroup
		var err error
		ended.Go(func() { _, err = e.Pull(t.Context(), source) })
		appears(t, cfg, "below")
		if all, err := e.Images(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("there already: %+v, %v", all, err)
		}
		on <- struct{}{}
		on <- struct{}{}
		ended.Wait()
		if !errors.Is(err, runtime.ErrImageUnreachable) {
			t.Errorf("cut off: %v", err)
		}
		if err := e.collect(e.context(t.Context())); err != nil {
			t.Fatal(err)
		}
		if n := snapshots(t, e); n != 0 {
			t.Errorf("%d snapshots are left of half a layer", n)
		}
	}
	cut.Store(false)
	close(on)
	if _, err := e.Pull(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"below", "above", "rest"} {
		appears(t, cfg, name)
	}
}

// appears waits for a file in a snapshot.
func appears(t *testing.T, cfg Config, name string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		found, _ := filepath.Glob(filepath.Join(cfg.Root, "containerd", "io.containerd.snapshotter.v1.*", "snapshots", "*", "fs", name))
		for _, path := range found {
			if info, err := os.Stat(path); err == nil && info.Size() == 3_000_000 {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s does not appear", name)
}

// Pulls of images that share layers, at the same time, do each other no harm.
func TestSharedLayersAtOnce(t *testing.T) {
	w, _ := world(t)
	e := w.Engine.(*Engine)
	put := shop(t, nil)
	shared := layerOf(t, incompressible("shared", 1))
	var group sync.WaitGroup
	for i := range 6 {
		source := put(fmt.Sprint("app", i), shared, layerOf(t, incompressible("own", byte(i))), shared)
		group.Go(func() {
			if _, err := e.Pull(t.Context(), source); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	group.Wait()
	all, err := e.Images(t.Context())
	if err != nil || len(all) != 6 {
		t.Fatalf("%d images, %v", len(all), err)
	}
	for _, image := range all {
		if err := e.RemoveImage(t.Context(), image); err != nil {
			t.Error(err)
		}
	}
	if n := snapshots(t, e); n != 0 {
		t.Errorf("%d snapshots are left", n)
	}
}

// On ext4, snapshots are told to lie apart.
func TestSnapshotsAreSpread(t *testing.T) {
	w, cfg := world(t)
	e := w.Engine.(*Engine)
	dir, err := os.Open(filepath.Join(cfg.Root, "containerd", "io.containerd.snapshotter.v1."+e.snapshotter, "snapshots"))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(dir.Fd()), &fs); err != nil || fs.Type != unix.EXT4_SUPER_MAGIC {
		t.Skip("not on ext4")
	}
	if flags, err := unix.IoctlGetUint32(int(dir.Fd()), unix.FS_IOC_GETFLAGS); err != nil || flags&topDir == 0 {
		t.Errorf("flags %#x, %v", flags, err)
	}
}
