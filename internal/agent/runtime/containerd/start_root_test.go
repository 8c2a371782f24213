package containerd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	runcoptions "github.com/containerd/containerd/api/types/runc/options"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/containerd/v2/pkg/oci"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// Many tasks of two containers at once, each container with its own end.
func TestManyAtOnce(t *testing.T) {
	w, _ := world(t)
	e := w.Engine.(*Engine)
	image := pull(t, w)
	var done sync.WaitGroup
	for i := range 10 {
		for j := range 2 {
			spec := container(w, t, fmt.Sprintf("many-%d-%d", i, j), fmt.Sprintf("task-%d", i), "exit", fmt.Sprint(10*i+j))
			spec.Image, spec.TaskMemoryMiB = image, 128
			done.Go(func() {
				err := e.Create(t.Context(), spec)
				if err == nil {
					err = e.Start(t.Context(), spec.ID)
				}
				var exit runtime.Exit
				if err == nil {
					exit, err = e.Wait(t.Context(), spec.ID)
				}
				if err == nil {
					err = e.Delete(t.Context(), spec.ID)
				}
				if err != nil || int(exit.Code) != 10*i+j {
					t.Errorf("%s: %+v %v", spec.ID, exit, err)
				}
			})
		}
	}
	done.Wait()
}

// A container that cannot be started does not take its task's shim from one
// that is being started.
func TestStartBesideABadOne(t *testing.T) {
	w, _ := world(t)
	e := w.Engine.(*Engine)
	image := pull(t, w)
	for i := range 10 {
		task := fmt.Sprint("task", i)
		good, bad := container(w, t, task+"-good", task, "exit", "3"), container(w, t, task+"-bad", task)
		good.Image, bad.Image, bad.EntryPoint = image, image, []string{"/none"}
		for _, spec := range []runtime.Spec{good, bad} {
			if err := e.Create(t.Context(), spec); err != nil {
				t.Fatal(err)
			}
		}
		failed := make(chan error, 1)
		go func() { failed <- e.Start(t.Context(), bad.ID) }()
		time.Sleep(time.Duration(i) * 5 * time.Millisecond) // so that they meet at different points
		if err := e.Start(t.Context(), good.ID); err != nil {
			t.Errorf("the good one: %v", err)
		} else if exit, err := e.Wait(t.Context(), good.ID); err != nil || exit.Code != 3 {
			t.Errorf("the good one: %+v %v", exit, err)
		}
		if err := <-failed; err == nil || !strings.Contains(err.Error(), "/none") {
			t.Errorf("the bad one: %v", err)
		}
		for _, spec := range []runtime.Spec{good, bad} {
			if err := e.Delete(t.Context(), spec.ID); err != nil {
				t.Error(err)
			}
		}
	}
}

// A tag that moves between a pull and a start does not move what is started.
func TestMovedTag(t *testing.T) {
	w, _ := world(t)
	e := w.Engine.(*Engine)
	first := pull(t, w)
	ref, err := name.ParseReference(w.Source.Ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	other, err := random.Image(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, other); err != nil {
		t.Fatal(err)
	}
	if second := pull(t, w); second == first {
		t.Errorf("%s is both", second)
	}
	spec := container(w, t, "pinned", "task", "exit", "5")
	spec.Image = first
	if err := e.Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if err := e.Start(t.Context(), spec.ID); err != nil {
		t.Fatal(err)
	}
	if exit, err := e.Wait(t.Context(), spec.ID); err != nil || exit.Code != 5 {
		t.Errorf("%+v %v", exit, err)
	}
	if err := e.Delete(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
}

// BenchmarkStart measures create to running, and what a shim takes. "raw" is
// containerd's client with the same shim, runtime and seccomp profile, without
// log, limits and network.
func BenchmarkStart(b *testing.B) {
	w, cfg := world(b)
	e := w.Engine.(*Engine)
	image := pull(b, w)
	b.Run("engine", func(b *testing.B) {
		var memory int64
		for i := 0; b.Loop(); i++ {
			id := fmt.Sprint("bench", i)
			spec := runtime.Spec{
				ID: id, TaskID: id, Name: id, Image: image, Command: []string{"sleep"}, NetNS: w.NetNS, Hostname: "bench",
				TaskCPU: 256, TaskMemoryMiB: 512, Spool: runtime.Spool{Dir: b.TempDir()},
			}
			if err := e.Create(b.Context(), spec); err != nil {
				b.Fatal(err)
			}
			if err := e.Start(b.Context(), id); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			for _, pid := range processes(cfg) {
				memory = max(memory, resident(pid))
			}
			end(b, e, id)
			b.StartTimer()
		}
		b.ReportMetric(float64(memory)/(1<<20), "shim-MiB")
	})
	b.Run("raw", func(b *testing.B) {
		ctx := e.context(b.Context())
		for i := 0; b.Loop(); i++ {
			id := fmt.Sprint("raw", i)
			done := startRaw(ctx, b, e, id, image)
			b.StopTimer()
			done()
			b.StartTimer()
		}
	})
}

func end(b *testing.B, e *Engine, id string) {
	if err := e.Signal(b.Context(), id, "SIGKILL"); err != nil {
		b.Fatal(err)
	}
	if _, err := e.Wait(b.Context(), id); err != nil {
		b.Fatal(err)
	}
	if err := e.Delete(b.Context(), id); err != nil {
		b.Fatal(err)
	}
}

func startRaw(ctx context.Context, b *testing.B, e *Engine, id, ref string) (done func()) {
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	image, err := e.client.GetImage(ctx, ref)
	must(err)
	c, err := e.client.NewContainer(ctx, id, containerd.WithImage(image), containerd.WithSnapshotter(e.snapshotter),
		containerd.WithNewSnapshot(id, image), containerd.WithNewSpec(oci.WithImageConfig(image), seccomp.WithDefaultProfile()),
		containerd.WithRuntime(e.cfg.Shim, &runcoptions.Options{BinaryName: e.cfg.Runtime}))
	must(err)
	task, err := c.NewTask(ctx, cio.NullIO)
	must(err)
	must(task.Start(ctx))
	return func() {
		_, err := task.Delete(ctx, containerd.WithProcessKill)
		must(err)
		must(c.Delete(ctx, containerd.WithSnapshotCleanup))
	}
}

// resident is the memory of a process in bytes.
func resident(pid int) int64 {
	b, _ := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "status"))
	for _, line := range strings.Split(string(b), "\n") {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}
