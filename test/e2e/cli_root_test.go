package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/test/harness"
)

// `hatoba logs -f` prints lines as they are written, of a task and of a group,
// and ends well when it is interrupted.
func TestLogsAreFollowed(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("talks", nil, w.Container("app", "tick"))
	arn := w.Run("talks")
	w.Until(arn, "RUNNING")
	group := w.Container("app").LogConfiguration.Options["awslogs-group"]
	for _, name := range []string{arn, group} {
		cmd := exec.Command(harness.Binary(t, "hatoba"), "logs", "-f", name, "--data-dir", w.Dir, "--listen", w.Listen)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		watchdog := time.AfterFunc(harness.Patience, func() { _ = cmd.Process.Kill() })
		lines := bufio.NewScanner(out)
		var last string
		for n := 0; n < 5 && lines.Scan(); n++ {
			_, last, _ = strings.Cut(lines.Text(), "tick ")
		}
		if last == "" {
			t.Errorf("%s: no ticks", name)
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		for lines.Scan() {
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: an interrupted follow ended with %v", name, err)
		}
		watchdog.Stop()
	}
}

// With --stop-tasks-on-exit, an orderly end ends the tasks as StopTask would.
func TestStopTasksOnExit(t *testing.T) {
	w := harness.Start(t, "--stop-tasks-on-exit")
	w.Image()
	w.Register("stays", nil, w.Container("app", "touch-then-wait"))
	arn := w.Run("stays")
	w.Until(arn, "RUNNING")
	time.Sleep(time.Second) // it can hear SIGTERM
	w.Down()
	if n := harness.Processes("touch-then-wait"); n != 0 {
		t.Errorf("%d containers outlive Hatoba", n)
	}
	w.Up()
	task := w.Until(arn, "STOPPED")
	if c := harness.ByName(task, "app"); c.ExitCode == nil || *c.ExitCode != 0 {
		t.Errorf("it was not asked to end: %+v", c)
	}
}
