package faults

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

func TestReboot(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("stays", nil, w.Container("app", "ready"))
	w.Register("ends", nil, w.Container("app", "say-exit", "7"))
	w.Until(w.Run("ends"), "STOPPED")
	before := w.Settled()
	stays, stopped, ends := w.Run("stays"), w.Run("stays"), w.Run("ends")
	addresses := map[string]bool{}
	for _, arn := range []string{stays, stopped, ends} {
		addresses[harness.Address(w.Until(arn, "RUNNING"))] = true
	}
	w.Eventually("it has spoken", func() bool { return len(w.Lines(stays, "app")) == 1 })
	w.Kill()
	w.Eventually("one container ends by itself", func() bool { return harness.Processes("say-exit") == 0 })
	w.Eventually("and its end is noted", func() bool { return w.Noted(ends) })
	w.Reboot()
	w.Up()

	task := w.Until(stays, "STOPPED")
	if task.StopCode != types.TaskStopCodeTerminationNotice || !strings.HasPrefix(aws.ToString(task.StoppedReason), "Host EC2 (instance ") {
		t.Errorf("%s %q", task.StopCode, aws.ToString(task.StoppedReason))
	}
	if c := harness.ByName(task, "app"); c.ExitCode != nil || !strings.Contains(aws.ToString(c.Reason), "lost when its host stopped") {
		t.Errorf("exit %v, %q", c.ExitCode, aws.ToString(c.Reason))
	}
	if lines := w.Lines(stays, "app"); strings.Join(lines, "|") != "ready" {
		t.Errorf("its log is %q", lines)
	}
	task = w.Until(ends, "STOPPED")
	if c := harness.ByName(task, "app"); aws.ToInt32(c.ExitCode) != 7 || task.StopCode != types.TaskStopCodeEssentialContainerExited {
		t.Errorf("the one that had ended before: %s, exit %v, %q", task.StopCode, c.ExitCode, aws.ToString(c.Reason))
	}
	if lines := w.Lines(ends, "app"); strings.Join(lines, "|") != "line before the end" {
		t.Errorf("its log is %q", lines)
	}
	w.Until(stopped, "STOPPED")
	w.Until(w.Run("ends"), "STOPPED") // makes what the first task makes
	harness.Same(t, "after the reboot", before, w.Inventory)
	next := w.Run("stays")
	if address := harness.Address(w.Until(next, "RUNNING")); addresses[address] {
		t.Logf("address %s is used again, by right: its task has stopped", address)
	}
	// The same machine, not rebooted: nothing happens to it.
	w.Kill()
	w.Up()
	w.Until(next, "RUNNING")
}

// A task that was on its way up when the machine went down has lost nothing.
func TestRebootDuringAStart(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("stays", nil, w.Container("app", "ready"))
	w.Register("ends", nil, w.Container("app", "exit", "0"))
	w.Until(w.Run("ends"), "STOPPED")
	arn := w.Run("stays")
	w.Kill() // somewhere on the way
	w.Reboot()
	w.Up()
	w.Eventually("it runs or has ended with its host", func() bool {
		task := w.Task(arn)
		switch aws.ToString(task.LastStatus) {
		case "RUNNING":
			return true
		case "STOPPED":
			if task.StopCode != types.TaskStopCodeTerminationNotice {
				t.Errorf("%s %q", task.StopCode, aws.ToString(task.StoppedReason))
			}
			return true
		}
		return false
	})
}
