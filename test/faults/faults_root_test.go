package faults

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/test/harness"
)

// world has an image, a task that must not notice anything, and what is there
// beside it.
func world(t *testing.T) (w *harness.World, calm func()) {
	t.Helper()
	w = harness.Start(t)
	w.Image()
	w.Register("ends", nil, w.Container("app", "exit", "0"))
	w.Register("stays", nil, w.Container("app", "ready"))
	mark := fmt.Sprintf("bystander-%d", os.Getpid())
	arn := w.Run("stays", func(in *ecs.RunTaskInput) { in.Overrides = command("app", "ready", mark) })
	w.Until(arn, "RUNNING")
	w.Eventually("the bystander speaks", func() bool { return len(w.Lines(arn, "app")) == 1 })
	pid := harness.Pids(mark)[0]
	return w, func() {
		t.Helper()
		if task := w.Until(w.Run("ends"), "STOPPED"); harness.ByName(task, "app").ExitCode == nil {
			t.Errorf("afterwards a task ends as %s %q", task.StopCode, aws.ToString(task.StoppedReason))
		}
		if now := harness.Pids(mark); len(now) != 1 || now[0] != pid {
			t.Errorf("the bystander was process %d and is %v", pid, now)
		}
		task := w.Stop(arn)
		if c := harness.ByName(task, "app"); c.ExitCode == nil || *c.ExitCode != 0 {
			t.Errorf("the bystander ends with %v %q", c.ExitCode, aws.ToString(c.Reason))
		}
		if lines := w.Lines(arn, "app"); strings.Join(lines, "|") != "ready|last words" {
			t.Errorf("the bystander said %q", lines)
		}
	}
}

func TestShimKilled(t *testing.T) {
	w, calm := world(t)
	mark := fmt.Sprintf("victim-%d", os.Getpid())
	arn := w.Run("stays", func(in *ecs.RunTaskInput) { in.Overrides = command("app", "ready", mark) })
	w.Until(arn, "RUNNING")
	w.Eventually("it speaks", func() bool { return len(w.Lines(arn, "app")) == 1 })
	id := arn[strings.LastIndex(arn, "/")+1:]
	killed := 0
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		var pid int
		if b, _ := os.ReadFile(p); strings.Contains(string(b), "hatoba-shim\x00-namespace") && strings.Contains(string(b), id) {
			_, _ = fmt.Sscanf(p, "/proc/%d/", &pid)
			_ = syscall.Kill(pid, syscall.SIGKILL)
			killed++
		}
	}
	if killed != 1 {
		t.Fatalf("%d shims of the task", killed)
	}
	task := w.Until(arn, "STOPPED")
	if c := harness.ByName(task, "app"); c.ExitCode != nil || !strings.HasPrefix(aws.ToString(c.Reason), "ContainerRuntimeError") {
		t.Errorf("exit %v, %q", c.ExitCode, aws.ToString(c.Reason))
	}
	if lines := w.Lines(arn, "app"); strings.Join(lines, "|") != "ready" {
		t.Errorf("%q", lines)
	}
	if left := harness.Pids(mark); len(left) > 0 {
		t.Errorf("its process %v goes on", left)
	}
	calm()
}

func TestForkBomb(t *testing.T) {
	w, calm := world(t)
	w.Register("bomb", nil, w.Container("app", "bomb"))
	arn := w.Run("bomb")
	w.Eventually("it went off", func() bool {
		return harness.Processes("bomb") > 50 || aws.ToString(w.Task(arn).LastStatus) == "STOPPED"
	})
	begun := time.Now()
	w.Task(arn)
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("meanwhile DescribeTasks takes %s", took)
	}
	limits, _ := filepath.Glob("/sys/fs/cgroup/pids/hatoba-" + w.Instance() + "/" + arn[strings.LastIndex(arn, "/")+1:] + "/pids.max")
	for _, path := range limits {
		if b, _ := os.ReadFile(path); strings.TrimSpace(string(b)) == "max" {
			t.Error("the task's processes are not limited")
		}
	}
	w.Stop(arn)
	if n := harness.Processes("bomb"); n > 0 {
		t.Errorf("%d of its processes are left", n)
	}
	calm()
}

// 20 containers write as fast as they can, and nothing is lost.
func TestLogFlood(t *testing.T) {
	w, calm := world(t)
	const containers, lines = 20, 3000
	loud := w.Container("app", "lines", fmt.Sprint(lines))
	loud.LogConfiguration.Options["mode"] = "blocking"
	w.Register("loud", nil, loud)
	var arns []string
	for range containers {
		arns = append(arns, w.Run("loud"))
	}
	worst := time.Duration(0)
	for _, arn := range arns {
		begun := time.Now()
		w.Task(arn)
		worst = max(worst, time.Since(begun))
		w.Until(arn, "STOPPED")
	}
	if worst > 5*time.Second {
		t.Errorf("meanwhile DescribeTasks takes %s", worst)
	}
	for _, arn := range arns {
		got := w.Lines(arn, "app")
		for i, line := range got {
			if line != fmt.Sprint("line ", i) {
				t.Fatalf("line %d is %q", i, line)
			}
		}
		if len(got) != lines {
			t.Errorf("%d lines of %d", len(got), lines)
		}
	}
	calm()
}

// The node's own records are deleted while it runs, and while it does not.
func TestAgentDirectoryDeleted(t *testing.T) {
	w, calm := world(t)
	arn := w.Run("stays")
	w.Until(arn, "RUNNING")
	tasks := filepath.Join(w.Dir, "agent", "tasks")
	if err := os.RemoveAll(filepath.Join(tasks, arn[strings.LastIndex(arn, "/")+1:])); err != nil {
		t.Fatal(err)
	}
	task := w.Stop(arn)
	if c := harness.ByName(task, "app"); c.ExitCode == nil {
		t.Errorf("stopped without its records: %q", aws.ToString(c.Reason))
	}
	arn = w.Run("stays")
	w.Until(arn, "RUNNING")
	w.Kill()
	if err := os.RemoveAll(filepath.Join(tasks, arn[strings.LastIndex(arn, "/")+1:])); err != nil {
		t.Fatal(err)
	}
	w.Up()
	task = w.Until(arn, "STOPPED")
	if !strings.Contains(aws.ToString(task.StoppedReason), "record of the task is gone") {
		t.Errorf("%s %q", task.StopCode, aws.ToString(task.StoppedReason))
	}
	calm()
}

// What the engine keeps of an image is deleted, cut short or changed under it:
// it is transferred again.
func TestContentBroken(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"missing":   os.Remove,
		"cut short": func(path string) error { return os.Truncate(path, 10) },
		"changed": func(path string) error {
			b, err := os.ReadFile(path)
			if err != nil || len(b) > 1<<20 {
				return err // a layer: it is unpacked, and not read again
			}
			if err := os.Chmod(path, 0o600); err != nil {
				return err
			}
			return os.WriteFile(path, []byte(strings.Repeat("?", len(b))), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, calm := world(t)
			blobs, _ := filepath.Glob(filepath.Join(w.Dir, "engine/containerd/io.containerd.content.v1.content/blobs/sha256/*"))
			if len(blobs) == 0 {
				t.Fatal("the engine keeps no content")
			}
			for _, path := range blobs {
				if err := harm(path); err != nil {
					t.Fatal(err)
				}
			}
			calm()
		})
	}
}

// The file system of sockets and bundles is full.
func TestRunDirFull(t *testing.T) {
	w, calm := world(t)
	run := filepath.Join("/run/hatoba", w.Instance())
	resize := func(size string) error { return exec.Command("mount", "-o", "remount,size="+size, run).Run() }
	if resize("64k") != nil {
		t.Skip("the run dir is no mount of its own here")
	}
	ballast := filepath.Join(run, "ballast")
	_ = exec.Command("dd", "if=/dev/zero", "of="+ballast, "bs=1k", "count=64").Run()
	task := w.Until(w.Run("ends"), "STOPPED")
	if c := harness.ByName(task, "app"); c.ExitCode != nil || aws.ToString(task.StoppedReason) == "" || !strings.Contains(aws.ToString(task.StoppedReason), "no space left") {
		t.Errorf("%s %q, exit %v", task.StopCode, aws.ToString(task.StoppedReason), c.ExitCode)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := resize("1g"); err != nil {
		t.Fatal(err)
	}
	calm()
}

// The data directory's file system fills up, or becomes read-only. What was
// acknowledged is there afterwards.
func TestStoreCannotBeWritten(t *testing.T) {
	for name, breakIt := range map[string]func(t *testing.T, dir string) (mend func()){
		"full": func(t *testing.T, dir string) func() {
			_ = exec.Command("dd", "if=/dev/zero", "of="+filepath.Join(dir, "ballast"), "bs=1M").Run()
			return func() { _ = os.Remove(filepath.Join(dir, "ballast")) }
		},
		"read-only": func(t *testing.T, dir string) func() {
			if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
				t.Skip("files are open for writing, and the kernel does not do it by force: ", err)
			}
			return func() { _ = unix.Mount("", dir, "", unix.MS_REMOUNT, "") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			harness.NeedRoot(t)
			dir := t.TempDir()
			if err := unix.Mount("hatoba-test", dir, "tmpfs", 0, "size=1200m"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
			w := harness.StartIn(t, dir)
			w.Image()
			w.Register("stays", nil, w.Container("app", "ready"))
			arn := w.Run("stays")
			w.Until(arn, "RUNNING")
			written := 0
			put := func() error {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				_, err := w.SSM.PutParameter(ctx, &ssm.PutParameterInput{
					Name: aws.String(fmt.Sprint("/n/", written+1)), Value: aws.String(strings.Repeat("x", 4000)), Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true),
				})
				if err == nil {
					written++
				}
				return err
			}
			for range 20 {
				if err := put(); err != nil {
					t.Fatal(err)
				}
			}
			mend := breakIt(t, w.Dir)
			for begun := time.Now(); time.Since(begun) < 10*time.Second; {
				if err := put(); err != nil {
					t.Logf("after %d writes: %v", written, err)
					break
				}
			}
			mend()
			if !w.Answers() { // it may end rather than lie; systemd starts it again
				w.Kill()
				w.Up()
			}
			w.Eventually("writes are taken again", func() bool {
				if put() == nil {
					return true
				}
				w.Kill()
				w.Up()
				return false
			})
			for n := 1; n <= written; n++ {
				if _, err := w.SSM.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(fmt.Sprint("/n/", n))}); err != nil {
					t.Errorf("acknowledged write %d: %v", n, err)
				}
			}
			task := w.Stop(arn)
			if c := harness.ByName(task, "app"); c.ExitCode == nil || *c.ExitCode != 0 {
				t.Errorf("exit %v %q", c.ExitCode, aws.ToString(c.Reason))
			}
		})
	}
}
