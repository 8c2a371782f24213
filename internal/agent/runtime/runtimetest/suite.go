// Package runtimetest is the suite every container engine passes. Its
// containers run the probe, whose verbs a fake understands as well.
package runtimetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/runtimetest/probe/behaviour"
	"github.com/hatoba/hatoba/internal/protocol"
)

// World is what a run of the suite works in.
type World struct {
	Engine runtime.Engine
	Reopen func(t *testing.T) runtime.Engine // closes the engine and opens it again over the same data
	Source protocol.ImageSource              // of an image whose entry point is the probe
	NetNS  string                            // a network namespace, "" for a fake
	Real   bool                              // containers are real: limits and files can be looked at
}

// Run runs the suite, each test in a world of its own.
func Run(t *testing.T, open func(t *testing.T) *World) {
	for name, test := range map[string]func(*testing.T, *run){
		"ExitCode":          exitCode,
		"StopAndLastWords":  stopAndLastWords,
		"KillTheStubborn":   killTheStubborn,
		"BadCommand":        badCommand,
		"MissingImage":      missingImage,
		"EveryLine":         everyLine,
		"ExactBytes":        exactBytes,
		"FullSpoolStalls":   fullSpoolStalls,
		"FullSpoolDrops":    fullSpoolDrops,
		"AllIsThereAtExit":  allIsThereAtExit,
		"ManyWait":          manyWait,
		"CreatedAgain":      createdAgain,
		"Restarted":         restarted,
		"Terminal":          terminal,
		"Limits":            limitsOfTheProcess,
		"OwnLimitIsTold":    ownLimit,
		"Exec":              exec,
		"AttachPipes":       attachPipes,
		"AttachTerminal":    attachTerminal,
		"AttachFlood":       attachFlood,
		"AttachEnds":        attachEnds,
		"AttachLeftBehind":  attachLeftBehind,
		"EndedWhileAway":    endedWhileAway,
		"ListAndDelete":     listAndDelete,
		"SignalAfterTheEnd": signalAfterTheEnd,
		"StartedAtOnce":     startedAtOnce,
		"TwoOfOneTask":      twoOfOneTask,
		"FactsOfTheProcess": facts,
		"OutOfMemoryIsTold": outOfMemory,
		"InitProcess":       initProcess,
		"SharedProcesses":   sharedProcesses,
		"Populated":         populated,
		"SharedIsLost":      sharedIsLost,
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			r := &run{World: w, t: t}
			image, err := w.Engine.Pull(t.Context(), w.Source)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(image.Digest, "sha256:") {
				t.Errorf("digest %q", image.Digest)
			}
			r.image = image.Ref
			defer r.clean()
			test(t, r)
		})
	}
}

type run struct {
	*World
	t     *testing.T
	image string
	made  []string
}

const patience = 30 * time.Second

func (r *run) spec(id string, args ...string) runtime.Spec {
	return runtime.Spec{
		ID: id, TaskID: "task-of-" + strings.Split(id, ".")[0], Name: id, Image: r.image, Command: args,
		NetNS: r.NetNS, Hostname: "ip-10-0-0-9", Spool: runtime.Spool{Dir: r.t.TempDir()},
	}
}

func (r *run) start(spec runtime.Spec) {
	r.t.Helper()
	r.made = append(r.made, spec.ID)
	if err := r.Engine.Create(r.t.Context(), spec); err != nil {
		r.t.Fatal(err)
	}
	if err := r.Engine.Start(r.t.Context(), spec.ID); err != nil {
		r.t.Fatal(err)
	}
}

func (r *run) wait(id string) runtime.Exit {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	exit, err := r.Engine.Wait(ctx, id)
	if err != nil {
		r.t.Fatalf("wait for %s: %v", id, err)
	}
	return exit
}

func (r *run) clean() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, id := range r.made {
		_ = r.Engine.Signal(ctx, id, "SIGKILL")
		_, _ = r.Engine.Wait(ctx, id)
		if err := r.Engine.Delete(ctx, id); err != nil {
			r.t.Errorf("delete %s: %v", id, err)
		}
	}
	if left, err := r.Engine.List(ctx); err != nil || len(left) != 0 {
		r.t.Errorf("left behind: %v %v", left, err)
	}
}

// output reads a container's spool to its end.
func (r *run) output(spec runtime.Spec) string {
	r.t.Helper()
	reader, err := spool.Open(spec.Spool.Dir)
	if err != nil {
		r.t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	var out strings.Builder
	for {
		f, _, err := reader.Next(ctx)
		if err == io.EOF {
			return out.String()
		}
		if err != nil {
			r.t.Fatalf("output of %s so far %q: %v", spec.ID, out.String(), err)
		}
		out.Write(f.Data)
		if !f.Partial {
			out.WriteByte('\n')
		}
	}
}

// ready waits for the container's first line.
func (r *run) ready(spec runtime.Spec) {
	r.t.Helper()
	reader, err := spool.Open(spec.Spool.Dir)
	if err != nil {
		r.t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	if f, _, err := reader.Next(ctx); err != nil || string(f.Data) != "ready" {
		r.t.Fatalf("first line %q: %v", f.Data, err)
	}
}

func exitCode(t *testing.T, r *run) {
	for _, code := range []int32{0, 1, 42} {
		spec := r.spec(fmt.Sprint("exit", code), "exit", fmt.Sprint(code))
		r.start(spec)
		if got := r.wait(spec.ID); got.Code != code || got.OOMKilled || got.At.IsZero() {
			t.Errorf("exit %d: %+v", code, got)
		}
		if got := r.wait(spec.ID); got.Code != code {
			t.Errorf("asked again: %+v", got)
		}
	}
}

func stopAndLastWords(t *testing.T, r *run) {
	spec := r.spec("graceful", "graceful", "7")
	r.start(spec)
	r.ready(spec)
	if err := r.Engine.Signal(t.Context(), spec.ID, "SIGTERM"); err != nil {
		t.Fatal(err)
	}
	if got := r.wait(spec.ID); got.Code != 7 {
		t.Errorf("%+v", got)
	}
	if got := r.output(spec); got != "ready\nlast words" {
		t.Errorf("%q", got)
	}
}

func killTheStubborn(t *testing.T, r *run) {
	spec := r.spec("stubborn", "stubborn")
	r.start(spec)
	r.ready(spec)
	if err := r.Engine.Signal(t.Context(), spec.ID, "SIGTERM"); err != nil {
		t.Fatal(err)
	}
	if err := r.Engine.Signal(t.Context(), spec.ID, "SIGKILL"); err != nil {
		t.Fatal(err)
	}
	if got := r.wait(spec.ID); got.Code != 137 || got.OOMKilled {
		t.Errorf("%+v", got)
	}
}

func badCommand(t *testing.T, r *run) {
	spec := r.spec("bad")
	spec.EntryPoint = []string{"/no/such/program"}
	r.made = append(r.made, spec.ID)
	if err := r.Engine.Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	err := r.Engine.Start(t.Context(), spec.ID)
	if err == nil || !strings.Contains(err.Error(), "/no/such/program") || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
	r.made = nil
	if err := r.Engine.Delete(t.Context(), spec.ID); err != nil {
		t.Error(err)
	}
}

func missingImage(t *testing.T, r *run) {
	source := r.Source
	source.Ref += "-that-is-not-there"
	if _, err := r.Engine.Pull(t.Context(), source); !errors.Is(err, runtime.ErrImageNotFound) {
		t.Errorf("%v", err)
	}
}

func everyLine(t *testing.T, r *run) {
	const lines = 100_000
	spec := r.spec("lines", "lines", fmt.Sprint(lines))
	r.start(spec)
	got := strings.Split(strings.TrimSuffix(r.output(spec), "\n"), "\n")
	if len(got) != lines {
		t.Fatalf("%d lines", len(got))
	}
	for i, line := range got {
		if line != fmt.Sprint("line ", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
}

func exec(t *testing.T, r *run) {
	spec := r.spec("exec", "sleep")
	r.start(spec)
	got, err := r.Engine.Exec(t.Context(), spec.ID, runtime.Exec{Args: []string{"/probe", "exit", "3"}})
	if err != nil || got.Code != 3 {
		t.Errorf("%+v %v", got, err)
	}
	got, err = r.Engine.Exec(t.Context(), spec.ID, runtime.Exec{Args: []string{"/probe", "lines", "2"}, MaxOutput: 100})
	if err != nil || string(got.Output) != "line 0\nline 1\n" {
		t.Errorf("%q %v", got.Output, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := r.Engine.Exec(ctx, spec.ID, runtime.Exec{Args: []string{"/probe", "sleep"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a command that hangs: %v", err)
	}
}

func endedWhileAway(t *testing.T, r *run) {
	stays, ends := r.spec("away.stays", "graceful", "5"), r.spec("away.ends", "graceful", "9")
	r.start(stays)
	r.start(ends)
	r.ready(stays)
	r.ready(ends)
	if err := r.Engine.Signal(t.Context(), ends.ID, "SIGTERM"); err != nil {
		t.Fatal(err)
	}
	r.Engine = r.Reopen(t) // it ends before, meanwhile or after
	if got := r.wait(ends.ID); got.Code != 9 {
		t.Errorf("%+v", got)
	}
	if got := r.output(ends); got != "ready\nlast words" {
		t.Errorf("%q", got)
	}
	if _, err := r.Engine.Exec(t.Context(), stays.ID, runtime.Exec{Args: []string{"/probe", "exit", "0"}}); err != nil {
		t.Errorf("the one that stays does not answer: %v", err)
	}
	if err := r.Engine.Signal(t.Context(), stays.ID, "SIGTERM"); err != nil {
		t.Fatal(err)
	}
	if got := r.wait(stays.ID); got.Code != 5 {
		t.Errorf("%+v", got)
	}
}

func listAndDelete(t *testing.T, r *run) {
	created, running, stopped := r.spec("created", "sleep"), r.spec("running", "sleep"), r.spec("stopped", "exit", "4")
	r.made = append(r.made, created.ID)
	if err := r.Engine.Create(t.Context(), created); err != nil {
		t.Fatal(err)
	}
	r.start(running)
	r.start(stopped)
	r.wait(stopped.ID)
	all, err := r.Engine.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]runtime.Phase{}
	for _, s := range all {
		got[s.ID] = s.Phase
		if s.TaskID != "task-of-"+s.ID {
			t.Errorf("%s belongs to %s", s.ID, s.TaskID)
		}
		if s.Phase == runtime.Stopped && s.Exit.Code != 4 {
			t.Errorf("%+v", s.Exit)
		}
	}
	if got["created"] != runtime.Created || got["running"] != runtime.Running || got["stopped"] != runtime.Stopped {
		t.Errorf("%v", got)
	}
	if err := r.Engine.Delete(t.Context(), "never was"); err != nil {
		t.Errorf("deleting what never was: %v", err)
	}
	if err := r.Engine.Delete(t.Context(), created.ID); err != nil {
		t.Errorf("deleting what never ran: %v", err)
	}
	if err := r.Engine.Delete(t.Context(), running.ID); err != nil {
		t.Errorf("deleting what runs: %v", err)
	}
	if all, err := r.Engine.List(t.Context()); err != nil || len(all) != 1 || all[0].ID != stopped.ID {
		t.Errorf("%+v is left: %v", all, err)
	}
	r.made = []string{stopped.ID}
}

func signalAfterTheEnd(t *testing.T, r *run) {
	spec := r.spec("over", "exit", "0")
	r.start(spec)
	r.wait(spec.ID)
	if err := r.Engine.Signal(t.Context(), spec.ID, "SIGTERM"); err != nil {
		t.Error(err)
	}
	if err := r.Engine.Signal(t.Context(), "never was", "SIGTERM"); !errors.Is(err, runtime.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func twoOfOneTask(t *testing.T, r *run) {
	one, two := r.spec("pair.one", "exit", "1"), r.spec("pair.two", "graceful", "2")
	r.start(one)
	r.start(two)
	r.ready(two)
	if got := r.wait(one.ID); got.Code != 1 {
		t.Errorf("%+v", got)
	}
	if err := r.Engine.Delete(t.Context(), one.ID); err != nil {
		t.Fatal(err)
	}
	if err := r.Engine.Signal(t.Context(), two.ID, "SIGTERM"); err != nil {
		t.Fatal(err)
	}
	if got := r.wait(two.ID); got.Code != 2 {
		t.Errorf("after the other was deleted: %+v", got)
	}
	r.made = []string{two.ID}
}

// startedAtOnce starts five containers of one task together: they share one
// shim, whoever comes first.
func startedAtOnce(t *testing.T, r *run) {
	var specs []runtime.Spec
	for i := range 5 {
		specs = append(specs, r.spec(fmt.Sprint("together.", i), "graceful", fmt.Sprint(i)))
		r.made = append(r.made, specs[i].ID)
	}
	var all sync.WaitGroup
	for _, s := range specs {
		all.Go(func() {
			if err := errors.Join(r.Engine.Create(t.Context(), s), r.Engine.Start(t.Context(), s.ID)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i, s := range specs {
		r.ready(s)
		if err := r.Engine.Signal(t.Context(), s.ID, "SIGTERM"); err != nil {
			t.Fatal(err)
		}
		if got := r.wait(s.ID); got.Code != int32(i) {
			t.Errorf("%s: %+v", s.ID, got)
		}
	}
}

func facts(t *testing.T, r *run) {
	if !r.Real {
		t.Skip("only a real process has facts")
	}
	spec := r.spec("facts", "facts")
	spec.User, spec.WorkingDir, spec.ReadOnly = "1000:2000", "/tmp", true
	r.start(spec)
	if got := r.output(spec); got != "ip-10-0-0-9 /tmp 1000 2000 [2000] false 1\n" {
		t.Errorf("%q", got)
	}
	env := r.spec("env", "env")
	env.Env = []string{"COLOUR=blue", "OF=image override", "PASSWORD=plain"}
	env.SecretEnv = []string{"PASSWORD=hush hush & ?=%"}
	r.start(env)
	if got := r.output(env); strings.Count(got, "PASSWORD=") != 1 || !strings.Contains(got, "PASSWORD=hush hush & ?=%\n") || !strings.Contains(got, "COLOUR=blue\n") || !strings.Contains(got, "OF=image override\n") || !strings.Contains(got, "PATH=") {
		t.Errorf("%q", got)
	}
}

func outOfMemory(t *testing.T, r *run) {
	if !r.Real {
		t.Skip("only a real process can use memory")
	}
	victim, neighbour := r.spec("oom.victim", "eat"), r.spec("oom.neighbour", "graceful", "0")
	for _, s := range []*runtime.Spec{&victim, &neighbour} {
		s.TaskMemoryMiB = 64
	}
	r.start(neighbour)
	r.ready(neighbour)
	r.start(victim)
	if got := r.wait(victim.ID); got.Code != 137 || !got.OOMKilled {
		t.Errorf("victim %+v", got)
	}
	if err := r.Engine.Signal(t.Context(), neighbour.ID, "SIGTERM"); err != nil {
		t.Fatal(err)
	}
	if got := r.wait(neighbour.ID); got.Code != 0 || got.OOMKilled {
		t.Errorf("neighbour %+v", got)
	}
}

func initProcess(t *testing.T, r *run) {
	if !r.Real {
		t.Skip("only a real process has a first process")
	}
	spec := r.spec("init", "graceful", "6")
	spec.InitProcess, spec.User = true, "1000"
	r.start(spec)
	r.ready(spec)
	if err := r.Engine.Signal(t.Context(), spec.ID, "SIGTERM"); err != nil {
		t.Fatal(err)
	}
	if got := r.wait(spec.ID); got.Code != 6 {
		t.Errorf("%+v", got)
	}
}

func exactBytes(t *testing.T, r *run) {
	spec := r.spec("bytes", "bytes")
	r.start(spec)
	if got := r.output(spec); got != behaviour.Bytes {
		t.Errorf("%d bytes, want %d", len(got), len(behaviour.Bytes))
	}
}

// A container that writes more than its spool takes waits for the reader.
func fullSpoolStalls(t *testing.T, r *run) {
	const lines = 20_000
	spec := r.spec("stalls", "lines", fmt.Sprint(lines))
	spec.Spool.MaxBytes = 10_000
	r.start(spec)
	reader, err := spool.Open(spec.Spool.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i := 0; ; i++ {
		f, at, err := reader.Next(ctx)
		if err == io.EOF {
			if i != lines || spool.Dropped(spec.Spool.Dir) != (spool.Drops{}) {
				t.Errorf("%d lines, dropped %+v", i, spool.Dropped(spec.Spool.Dir))
			}
			return
		}
		if err != nil || string(f.Data) != fmt.Sprint("line ", i) {
			t.Fatalf("line %d: %q %v", i, f.Data, err)
		}
		if !reader.Ready() {
			if err := reader.Ack(at); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func fullSpoolDrops(t *testing.T, r *run) {
	const lines = 20_000
	spec := r.spec("drops", "lines", fmt.Sprint(lines))
	spec.Spool.MaxBytes, spec.Spool.NonBlocking = 10_000, true
	r.start(spec)
	if got := r.wait(spec.ID); got.Code != 0 {
		t.Errorf("%+v", got)
	}
	written := 0
	for i := range lines {
		written += len(fmt.Sprint("line ", i))
	}
	kept := len(strings.ReplaceAll(r.output(spec), "\n", ""))
	if kept == 0 || int64(kept)+spool.Dropped(spec.Spool.Dir).Bytes != int64(written) {
		t.Errorf("%d kept, %+v dropped, %d written", kept, spool.Dropped(spec.Spool.Dir), written)
	}
}

// The exit is told after the last bytes are in the spool.
func allIsThereAtExit(t *testing.T, r *run) {
	spec := r.spec("all", "lines", "5000")
	r.start(spec)
	r.wait(spec.ID)
	reader, err := spool.Open(spec.Spool.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	reader.Finish() // so that nothing is waited for
	for i := 0; ; i++ {
		_, _, err := reader.Next(t.Context())
		if err == io.EOF {
			if i != 5000 {
				t.Errorf("%d lines", i)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func manyWait(t *testing.T, r *run) {
	spec := r.spec("many", "graceful", "8")
	r.start(spec)
	r.ready(spec)
	codes := make(chan int32)
	for range 10 {
		go func() {
			exit, err := r.Engine.Wait(t.Context(), spec.ID)
			if err != nil {
				exit.Code = -1
			}
			codes <- exit.Code
		}()
	}
	impatient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := r.Engine.Wait(impatient, spec.ID); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it goes on: %v", err)
	}
	if err := r.Engine.Signal(t.Context(), spec.ID, "SIGTERM"); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if code := <-codes; code != 8 {
			t.Errorf("code %d", code)
		}
	}
}

// An id can be used again after Delete, and the earlier container's end is not
// taken for the later one's; nor are its words.
func createdAgain(t *testing.T, r *run) {
	spec := r.spec("again", "exit", "1")
	r.start(spec)
	r.wait(spec.ID)
	if err := r.Engine.Delete(t.Context(), spec.ID); err != nil {
		t.Fatal(err)
	}
	spec.Command = []string{"graceful", "2"}
	if err := r.Engine.Create(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if err := r.Engine.Create(t.Context(), spec); err == nil {
		t.Error("created twice")
	}
	if err := r.Engine.Start(t.Context(), spec.ID); err != nil {
		t.Fatal(err)
	}
	r.ready(spec)
	if err := r.Engine.Signal(t.Context(), spec.ID, "SIGTERM"); err != nil {
		t.Fatal(err)
	}
	if got := r.wait(spec.ID); got.Code != 2 {
		t.Errorf("%+v", got)
	}
	if got := r.output(spec); got != "ready\nlast words" {
		t.Errorf("%q", got)
	}
}

func limitsOfTheProcess(t *testing.T, r *run) {
	if !r.Real {
		t.Skip("only a real process has limits")
	}
	spec := r.spec("limits", "limits")
	spec.Ulimits = []runtime.Ulimit{{Name: "nofile", Soft: 100, Hard: 200}, {Name: "core", Soft: 0, Hard: 0}}
	spec.CapDrop = []string{"ALL"}
	spec.CapAdd = []string{"NET_RAW"}
	spec.Sysctls = map[string]string{"net.core.somaxconn": "77"}
	spec.Mounts = []runtime.Mount{{Type: "tmpfs", Destination: "/scratch", Options: []string{"size=1m"}}, {Type: "bind", Source: t.TempDir(), Destination: "/data", ReadOnly: true}}
	r.start(spec)
	want := "nofile 200\ncapabilities 0000000000002000\nsomaxconn 77\nwrite /scratch true\nwrite /data false\n"
	if got := r.output(spec); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	names := r.spec("names", "facts")
	names.User, names.WorkingDir = "gopher", "/tmp"
	r.start(names)
	if got := r.output(names); got != "ip-10-0-0-9 /tmp 501 502 [502 600] false 1\n" {
		t.Errorf("%q", got)
	}
}

// A container over its own limit is the one that is told, also under a task's
// limit that is not reached.
func ownLimit(t *testing.T, r *run) {
	if !r.Real {
		t.Skip("only a real process can use memory")
	}
	victim, neighbour := r.spec("own.victim", "eat"), r.spec("own.neighbour", "stubborn")
	for _, s := range []*runtime.Spec{&victim, &neighbour} {
		s.TaskMemoryMiB, s.TaskCPU = 512, 256
	}
	victim.MemoryMiB, victim.ReservationMiB = 48, 24
	r.start(neighbour)
	r.ready(neighbour)
	r.start(victim)
	if got := r.wait(victim.ID); got.Code != 137 || !got.OOMKilled {
		t.Errorf("victim %+v", got)
	}
	if err := r.Engine.Signal(t.Context(), neighbour.ID, "SIGKILL"); err != nil {
		t.Fatal(err)
	}
	if got := r.wait(neighbour.ID); got.Code != 137 || got.OOMKilled {
		t.Errorf("neighbour, killed on request: %+v", got)
	}
}
