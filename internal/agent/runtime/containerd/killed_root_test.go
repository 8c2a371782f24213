package containerd

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/image-spec/identity"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/runtimetest"
	"github.com/hatoba/hatoba/internal/protocol"
)

// helperVariable makes the test's binary be an engine that is killed.
const helperVariable = "HATOBA_TEST_ENGINE"

// helperTask is what the helper runs.
type helperTask struct {
	Config Config
	Source protocol.ImageSource
	Specs  []runtime.Spec
}

// helper opens an engine, starts containers, says so and never ends.
func helper(text string) {
	var task helperTask
	err := json.Unmarshal([]byte(text), &task)
	task.Config.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx := context.Background()
	var e *Engine
	if err == nil {
		e, err = Open(ctx, task.Config)
	}
	var image runtime.Image
	if err == nil {
		image, err = e.Pull(ctx, task.Source)
	}
	for _, spec := range task.Specs {
		spec.Image = image.Ref
		if err == nil {
			err = e.Create(ctx, spec)
		}
		if err == nil {
			err = e.Start(ctx, spec.ID)
		}
	}
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString("started\n")
	select {}
}

// startHelper runs the helper until it has started its containers.
func startHelper(t *testing.T, task helperTask) *exec.Cmd {
	t.Helper()
	task.Config.Log = nil
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+string(text))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = logTo(t)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "started\n" {
		t.Fatalf("helper: %q %v", line, err)
	}
	return cmd
}

// ready waits for a container's first line: before it a signal is lost, for the
// first process of a namespace gets none that it has no handler for.
func ready(t *testing.T, spec runtime.Spec) {
	t.Helper()
	r, err := spool.Open(spec.Spool.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if f, _, err := r.Next(ctx); err != nil || string(f.Data) != "ready" {
		t.Fatalf("%s begins with %q: %v", spec.ID, f.Data, err)
	}
}

// words reads a spool to its end.
func words(t *testing.T, dir string) string {
	t.Helper()
	r, err := spool.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out strings.Builder
	for {
		f, _, err := r.Next(ctx)
		if err == io.EOF {
			return out.String()
		}
		if err != nil {
			t.Fatalf("%q: %v", out.String(), err)
		}
		out.Write(f.Data)
		if !f.Partial {
			out.WriteByte('\n')
		}
	}
}

// firstPid is the first process of a container.
func firstPid(t *testing.T, cfg Config, spec runtime.Spec) int {
	t.Helper()
	for _, root := range hierarchies() {
		b, err := os.ReadFile(filepath.Join(root, cfg.containerCgroup(spec.TaskID, spec.ID), "cgroup.procs"))
		if fields := strings.Fields(string(b)); err == nil && len(fields) > 0 {
			pid, _ := strconv.Atoi(fields[0])
			return pid
		}
	}
	t.Fatalf("%s has no process", spec.ID)
	return 0
}

func container(w *runtimetest.World, t *testing.T, id, task string, args ...string) runtime.Spec {
	return runtime.Spec{
		ID: id, TaskID: task, Name: id, Command: args, NetNS: w.NetNS, Hostname: "test", Spool: runtime.Spool{Dir: t.TempDir()},
	}
}

// An engine that is killed leaves its containers as they are; what ends while
// none is there is told by the next one, with its words, its code and why.
func TestKilledEngine(t *testing.T) {
	w, cfg := world(t)
	if err := w.Engine.(*Engine).Close(); err != nil { // the helper's turn
		t.Fatal(err)
	}
	stays := container(w, t, "stays", "task-1", "graceful", "4")
	ends := container(w, t, "ends", "task-1", "graceful", "9")
	eats := container(w, t, "eats", "task-2", "hungry")
	eats.MemoryMiB = 48
	stays.SecretEnv = []string{"PASSWORD=hush"}
	helper := startHelper(t, helperTask{Config: cfg, Source: w.Source, Specs: []runtime.Spec{stays, ends, eats}})
	for _, spec := range []runtime.Spec{stays, ends, eats} {
		ready(t, spec)
	}
	before := processes(cfg)
	if len(before) != 2 {
		t.Errorf("%d shims for 2 tasks", len(before))
	}
	// First politely, to everybody the helper has started, then for good.
	for _, pid := range append([]int{-helper.Process.Pid}, before...) {
		_ = syscall.Kill(pid, syscall.SIGINT)
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	_ = helper.Process.Kill()
	_ = helper.Wait()

	_ = syscall.Kill(firstPid(t, cfg, ends), syscall.SIGTERM)
	_ = syscall.Kill(firstPid(t, cfg, eats), syscall.SIGUSR1) // now it may
	for spec, want := range map[*runtime.Spec]string{&ends: "ready\nlast words", &eats: "ready\n"} {
		if got := words(t, spec.Spool.Dir); got != want {
			t.Errorf("%s said %q", spec.ID, got)
		}
	}

	e := open(t, cfg)
	w.Engine = e
	list, err := e.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if s.StartedAt.IsZero() || time.Since(s.StartedAt) > time.Minute {
			t.Errorf("%s started at %v", s.ID, s.StartedAt)
		}
		if want := map[string]runtime.Phase{"stays": runtime.Running, "ends": runtime.Stopped, "eats": runtime.Stopped}[s.ID]; s.Phase != want {
			t.Errorf("%s is %s", s.ID, s.Phase)
		}
	}
	if got, err := e.Wait(t.Context(), "ends"); err != nil || got.Code != 9 || got.OOMKilled || time.Since(got.At) > time.Minute {
		t.Errorf("ends: %+v %v", got, err)
	}
	if got, err := e.Wait(t.Context(), "eats"); err != nil || got.Code != 137 || !got.OOMKilled {
		t.Errorf("eats: %+v %v", got, err)
	}
	got, err := e.Exec(t.Context(), "stays", runtime.Exec{Args: []string{"/probe", "env"}, MaxOutput: 4096})
	if err != nil || !strings.Contains(string(got.Output), "PASSWORD=hush\n") {
		t.Errorf("stays: %q %v", got.Output, err)
	}
	if err := e.Signal(t.Context(), "stays", "SIGTERM"); err != nil {
		t.Error(err)
	}
	if got, err := e.Wait(t.Context(), "stays"); err != nil || got.Code != 4 {
		t.Errorf("stays: %+v %v", got, err)
	}
	for _, s := range list {
		if err := e.Delete(t.Context(), s.ID); err != nil {
			t.Error(err)
		}
	}
}

// The shim itself is killed: its container cannot go on, and nobody says how
// it ended.
func TestKilledShim(t *testing.T) {
	t.Run("alone", func(t *testing.T) { killedShim(t, runtime.Machine{}) })
	t.Run("shared", func(t *testing.T) { killedShim(t, runtime.Machine{TaskPID: true, TaskIPC: true}) })
}

func killedShim(t *testing.T, machine runtime.Machine) {
	w, cfg := world(t)
	e := w.Engine.(*Engine)
	spec := container(w, t, "orphan", "task", "stubborn")
	spec.Machine = machine
	start(t, w, spec)
	pid := firstPid(t, cfg, spec)
	waited := make(chan error, 1)
	go func() {
		_, err := e.Wait(t.Context(), spec.ID)
		waited <- err
	}()
	killed := processes(cfg)
	if len(killed) != 1 {
		t.Fatalf("shims %v", killed)
	}
	_ = syscall.Kill(killed[0], syscall.SIGKILL)
	if err := <-waited; !errors.Is(err, errLost) {
		t.Errorf("%v", err)
	}
	if left := shims(cfg, func() bool { return syscall.Kill(pid, 0) != nil }); syscall.Kill(pid, 0) == nil {
		t.Errorf("process %d goes on without a shim %v", pid, left)
	}
	if err := e.Delete(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(cfg.shmDir("")); len(left) != 0 {
		t.Errorf("shared memory stays: %v", left)
	}
}

// An engine that dies between making a process and starting it leaves one that
// can be deleted and made again.
func TestInterruptedStart(t *testing.T) {
	w, cfg := world(t)
	e := w.Engine.(*Engine)
	spec := container(w, t, "half", "task", "exit", "3")
	spec.Image = pull(t, w)
	if err := e.Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	c, err := e.load(e.context(t.Context()), spec.ID)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := c.Labels(e.context(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.NewTask(e.context(t.Context()), told(labels[labelOutput], false)); err != nil {
		t.Fatal(err)
	}
	e.Close()
	e = open(t, cfg)
	w.Engine = e
	if list, err := e.List(t.Context()); err != nil || len(list) != 1 || list[0].Phase != runtime.Created {
		t.Errorf("%+v %v", list, err)
	}
	if err := e.Delete(t.Context(), spec.ID); err != nil {
		t.Fatal(err)
	}
	start(t, w, spec)
	if got, err := e.Wait(t.Context(), spec.ID); err != nil || got.Code != 3 {
		t.Errorf("%+v %v", got, err)
	}
	if err := e.Delete(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
}

// Found by the soak (seed 2): killed while it makes a container, the engine left
// a lease that kept the container's snapshot, or the directory of a snapshot it
// had not noted yet; the container could not be made again.
func TestInterruptedCreate(t *testing.T) {
	w, cfg := world(t)
	e := w.Engine.(*Engine)
	spec := container(w, t, "half", "task", "exit", "3")
	spec.Image = pull(t, w)
	ctx := e.context(t.Context())
	image, err := e.client.GetImage(ctx, spec.Image)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := image.RootFS(ctx)
	if err != nil {
		t.Fatal(err)
	}
	leased, _, err := e.client.WithLease(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.client.SnapshotService(e.snapshotter).Prepare(leased, spec.ID, identity.ChainID(chain).String()); err != nil {
		t.Fatal(err)
	}
	e.Close()
	dirs := filepath.Join(cfg.Root, "containerd/io.containerd.snapshotter.v1."+e.snapshotter, "snapshots")
	known, _ := os.ReadDir(dirs)
	for _, name := range []string{"3", "4", "5", "new-17"} { // the next ones
		_ = os.MkdirAll(filepath.Join(dirs, name, "fs"), 0o700)
	}
	e = open(t, cfg)
	w.Engine = e
	if left, _ := os.ReadDir(dirs); len(left) != len(known)-1 {
		t.Errorf("%v is left of %v", left, known)
	}
	if left, err := e.client.LeasesService().List(ctx); err != nil || len(left) != 0 {
		t.Errorf("leases %v %v", left, err)
	}
	start(t, w, spec)
	if got, err := e.Wait(t.Context(), spec.ID); err != nil || got.Code != 3 {
		t.Errorf("%+v %v", got, err)
	}
	if err := e.Delete(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
}

// Found by the soak (seed 5): the removal of a bundle was interrupted, and the
// next of the same name could not be removed; its shim was never forgotten.
func TestInterruptedRemovalOfABundle(t *testing.T) {
	w, cfg := world(t)
	w.Engine.(*Engine).Close()
	begun := filepath.Join(cfg.RunDir, "c/io.containerd.runtime.v2.task", namespace, ".again")
	if err := os.MkdirAll(filepath.Join(begun, "rootfs"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.Engine = open(t, cfg)
	spec := container(w, t, "again", "task", "exit", "3")
	start(t, w, spec)
	if got, err := w.Engine.Wait(t.Context(), spec.ID); err != nil || got.Code != 3 {
		t.Errorf("%+v %v", got, err)
	}
	if err := w.Engine.Delete(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
}

// Found by the soak (seed 3): killed between the start of a shim and the making
// of its container, the engine left a shim that nobody ended.
func TestShimWithoutContainer(t *testing.T) {
	w, cfg := world(t)
	spec := container(w, t, "kept", "task", "stubborn")
	start(t, w, spec)
	w.Engine.(*Engine).Close()
	socket := filepath.Join(cfg.RunDir, "s", "idle")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	file, err := listener.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	idle := exec.Command(cfg.Shim, "-namespace", namespace, "-id", "idle", "-address", filepath.Join(cfg.RunDir, "c.sock"))
	idle.Dir, idle.ExtraFiles, idle.Stderr = t.TempDir(), []*os.File{file}, logTo(t)
	idle.Env = append(os.Environ(), "TTRPC_ADDRESS="+filepath.Join(cfg.RunDir, "c.sock.ttrpc"))
	if err := idle.Start(); err != nil {
		t.Fatal(err)
	}
	listener.Close()
	file.Close()
	ended := make(chan error, 1)
	go func() { ended <- idle.Wait() }()
	w.Engine = open(t, cfg)
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("the idle shim goes on")
		_ = idle.Process.Kill()
	}
	if list, err := w.Engine.List(t.Context()); err != nil || len(list) != 1 || list[0].Phase != runtime.Running {
		t.Errorf("the other one: %+v %v", list, err)
	}
	if err := w.Engine.Signal(t.Context(), spec.ID, "SIGKILL"); err != nil {
		t.Error(err)
	}
	if _, err := w.Engine.Wait(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
	if err := w.Engine.Delete(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
}

func pull(t testing.TB, w *runtimetest.World) string {
	t.Helper()
	image, err := w.Engine.Pull(t.Context(), w.Source)
	if err != nil {
		t.Fatal(err)
	}
	return image.Ref
}

func start(t testing.TB, w *runtimetest.World, spec runtime.Spec) {
	t.Helper()
	spec.Image = pull(t, w)
	if err := w.Engine.Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if err := w.Engine.Start(t.Context(), spec.ID); err != nil {
		t.Fatal(err)
	}
}
