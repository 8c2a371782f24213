package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// Containers of a task with pidMode or ipcMode task have each other's processes
// and memory, on Fargate and on an instance, through a kill of Hatoba; and
// those of nobody else. What they share ends with the task, or with its shim.
func TestContainersShareTheirTasksNamespaces(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	app := w.Container("app", "ready", "of-the-shared-task")
	app.Essential = aws.Bool(false)
	sidecar := w.Container("sidecar", "ready", "beside")
	fargate := func(in *ecs.RegisterTaskDefinitionInput) { in.PidMode = types.PidModeTask }
	w.Register("shared-fargate", fargate, app, sidecar)
	both := func(in *ecs.RegisterTaskDefinitionInput) {
		in.PidMode, in.IpcMode = types.PidModeTask, types.IpcModeTask
	}
	app.LinuxParameters = &types.LinuxParameters{SharedMemorySize: aws.Int32(100)}
	w.Register("shared-instance", onInstance(types.NetworkModeBridge, both), app, sidecar)

	for family, change := range map[string][]func(*ecs.RunTaskInput){"shared-fargate": nil, "shared-instance": {ec2}} {
		arn := w.Run(family, append(change, execute)...)
		w.Until(arn, "RUNNING")
		other := w.Run(family, append(change, execute)...)
		w.Until(other, "RUNNING")
		w.Kill()
		w.Up()
		in := func(arn, container string, words ...string) string {
			args := append([]string{"--data-dir", w.Dir, "--listen", w.Listen, "exec", arn, "-c", container, "--", "/app"}, words...)
			out, err := exec.Command(harness.Binary(t, "hatoba"), args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v: %s", family, err, out)
			}
			return string(out)
		}
		one, two, apart := namespaces(in(arn, "app", "machine")), namespaces(in(arn, "sidecar", "machine")), namespaces(in(other, "app", "machine"))
		shared := family == "shared-instance"
		if one["pid"] != two["pid"] || one["pid"] == apart["pid"] || one["pid"] == hostNamespace("pid") || (one["ipc"] == two["ipc"]) != shared || one["ipc"] == apart["ipc"] {
			t.Errorf("%s: %v %v %v", family, one, two, apart)
		}
		if shared {
			in(arn, "app", "write", "/dev/shm/note", "hello")
			if got := in(arn, "sidecar", "cat", "/dev/shm/note"); got != "hello\n" || one["shm"] != "100" {
				t.Errorf("shared memory of %s MiB holds %q", one["shm"], got)
			}
		}
		in(arn, "sidecar", "end", "ready of-the-shared-task")
		w.Eventually("the other container ends", func() bool {
			return aws.ToString(harness.ByName(w.Task(arn), "app").LastStatus) == "STOPPED"
		})
		if lines := w.Lines(arn, "app"); len(lines) != 2 || lines[1] != "last words" {
			t.Errorf("%s: %q", family, lines)
		}
		if task := w.Stop(arn); aws.ToInt32(harness.ByName(task, "sidecar").ExitCode) != 0 {
			t.Errorf("%s: %+v", family, task)
		}
		if got := in(other, "sidecar", "peers"); !strings.Contains(got, "ready of-the-shared-task") {
			t.Errorf("%s: the other task sees %q", family, got)
		}
		w.Stop(other)
	}
}

func execute(in *ecs.RunTaskInput) { in.EnableExecuteCommand = true }

func hostNamespace(kind string) string { link, _ := os.Readlink("/proc/self/ns/" + kind); return link }

// namespaces reads what the app's verb "machine" printed on a terminal or not.
func namespaces(out string) map[string]string {
	facts := map[string]string{}
	for line := range strings.Lines(out) {
		var key, value string
		if n, _ := fmt.Sscan(line, &key, &value); n == 2 {
			facts[key] = value
		}
	}
	return facts
}
