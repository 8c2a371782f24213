package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

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
	// Healthy is when it can hear SIGTERM.
	app := w.Container("app", "touch-then-wait")
	app.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "/app", "healthy"}, Interval: aws.Int32(5)}
	w.Register("stays", nil, app)
	arn := w.Run("stays")
	w.Eventually("the task is healthy", func() bool { return w.Task(arn).HealthStatus == types.HealthStatusHealthy })
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
