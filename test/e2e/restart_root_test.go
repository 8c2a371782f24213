package e2e

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

func TestContainersSurviveAKill(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("stays", nil, w.Container("app", "serve", "8080"))
	w.Register("ends", nil, w.Container("app", "say-exit", "7"))
	stays, ends := w.Run("stays"), w.Run("ends")
	before := w.Until(stays, "RUNNING")
	w.Until(ends, "RUNNING")
	// RUNNING says that the process runs, not that it listens already.
	url := "http://" + harness.Address(before) + ":8080/"
	w.Eventually("the container answers", func() bool { _, err := harness.Get(url); return err == nil })
	w.Kill()
	if _, err := harness.Get(url); err != nil {
		t.Errorf("the container stopped answering with Hatoba: %v", err)
	}
	// The other one ends meanwhile: its shim notes it.
	w.Eventually("the other one ends", func() bool { return harness.Processes("say-exit") == 0 })
	w.Up()
	after := w.Until(stays, "RUNNING")
	if aws.ToString(harness.ByName(before, "app").RuntimeId) != aws.ToString(harness.ByName(after, "app").RuntimeId) || !before.StartedAt.Equal(*after.StartedAt) {
		t.Errorf("not the same task again:\n%+v\n%+v", before, after)
	}
	gone := w.Until(ends, "STOPPED")
	if c := harness.ByName(gone, "app"); aws.ToInt32(c.ExitCode) != 7 || gone.StopCode != types.TaskStopCodeEssentialContainerExited {
		t.Errorf("%s exit %v", gone.StopCode, c.ExitCode)
	}
	if lines := w.Lines(ends, "app"); len(lines) != 1 || lines[0] != "line before the end" {
		t.Errorf("%q", lines)
	}
	if _, err := harness.Get(url); err != nil {
		t.Error(err)
	}
	task := w.Stop(stays)
	if c := harness.ByName(task, "app"); aws.ToInt32(c.ExitCode) != 0 || c.ExitCode == nil {
		t.Errorf("%+v", c)
	}
	if lines := w.Lines(stays, "app"); strings.Join(lines, "|") != "last words" {
		t.Errorf("%q", lines)
	}
}

// Found by the soak: every restart gave the container its stop timeout anew,
// so that one who ignores SIGTERM outlived a Hatoba that was restarted often.
func TestStopTimeoutRunsOnAcrossRestarts(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	stubborn := w.Container("app", "stubborn")
	stubborn.StopTimeout = aws.Int32(4)
	w.Register("stubborn", nil, stubborn)
	arn := w.Run("stubborn")
	w.Until(arn, "RUNNING")
	w.Eventually("it ignores SIGTERM", func() bool { return len(w.Lines(arn, "app")) == 1 })
	if _, err := w.ECS.StopTask(t.Context(), &ecs.StopTaskInput{Task: &arn}); err != nil {
		t.Fatal(err)
	}
	for range 15 { // no life lasts as long as the timeout
		w.Kill()
		w.Up()
		if aws.ToString(w.Task(arn).LastStatus) == "STOPPED" {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	if task := w.Task(arn); aws.ToString(task.LastStatus) != "STOPPED" || aws.ToInt32(harness.ByName(task, "app").ExitCode) != 137 {
		t.Errorf("%s, %+v", aws.ToString(task.LastStatus), task.Containers)
	}
}

func TestOrderlyEndLeavesContainersRunning(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("stays", nil, w.Container("app", "serve", "8080"))
	arn := w.Run("stays")
	task := w.Until(arn, "RUNNING")
	w.Down()
	w.Eventually("the container answers without Hatoba", func() bool {
		_, err := harness.Get("http://" + harness.Address(task) + ":8080/")
		return err == nil
	})
	w.Up()
	w.Until(arn, "RUNNING")
}

func TestTwoSideBySide(t *testing.T) {
	a, b := harness.Start(t), harness.Start(t)
	for _, w := range []*harness.World{a, b} {
		w.Image()
		w.Register("web", nil, w.Container("app", "serve", "8080"))
	}
	x, y := a.Until(a.Run("web"), "RUNNING"), b.Until(b.Run("web"), "RUNNING")
	for _, task := range []types.Task{x, y} {
		a.Eventually("both answer", func() bool { _, err := harness.Get("http://" + harness.Address(task) + ":8080/"); return err == nil })
	}
	if harness.Address(x)[:7] == harness.Address(y)[:7] {
		t.Errorf("both live in the same range: %s, %s", harness.Address(x), harness.Address(y))
	}
}

func TestTwentyAtOnce(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("many", nil, w.Container("app", "sleep"))
	arns := make([]string, 20)
	var all sync.WaitGroup
	for i := range arns {
		all.Go(func() { arns[i] = w.Run("many") })
	}
	all.Wait()
	seen := map[string]bool{}
	for _, arn := range arns {
		address := harness.Address(w.Until(arn, "RUNNING"))
		if seen[address] {
			t.Errorf("two tasks have %s", address)
		}
		seen[address] = true
	}
	for _, arn := range arns {
		all.Go(func() { w.Stop(arn) })
	}
	all.Wait()
}

func TestNothingStaysOfStoppedTasks(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("short", nil, w.Container("app", "exit", "0"))
	w.Until(w.Run("short"), "STOPPED")
	before := harness.OpenFiles(w.Pid())
	for range 10 {
		w.Until(w.Run("short"), "STOPPED")
	}
	if after := harness.OpenFiles(w.Pid()); after > before+5 {
		t.Errorf("%d files were open after one task, %d after eleven", before, after)
	}
}
