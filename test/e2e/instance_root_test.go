package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// onInstance makes a definition one for container instances.
func onInstance(mode types.NetworkMode, change ...func(*ecs.RegisterTaskDefinitionInput)) func(*ecs.RegisterTaskDefinitionInput) {
	return func(in *ecs.RegisterTaskDefinitionInput) {
		in.NetworkMode, in.RequiresCompatibilities, in.Cpu, in.Memory = mode, []types.Compatibility{types.CompatibilityEc2}, nil, nil
		for i := range in.ContainerDefinitions {
			in.ContainerDefinitions[i].Memory = aws.Int32(64)
		}
		for _, c := range change {
			c(in)
		}
	}
}

func ec2(in *ecs.RunTaskInput) {
	in.LaunchType = types.LaunchTypeEc2
	in.NetworkConfiguration = nil
}

func hostPort(t *testing.T, task types.Task, container string, port int32) int32 {
	t.Helper()
	for _, b := range harness.ByName(task, container).NetworkBindings {
		if aws.ToInt32(b.ContainerPort) == port {
			return aws.ToInt32(b.HostPort)
		}
	}
	t.Fatalf("no host port leads to %s:%d: %+v", container, port, harness.ByName(task, container).NetworkBindings)
	return 0
}

func answers(w *harness.World, port int32) {
	w.Eventually(fmt.Sprintf("port %d answers", port), func() bool {
		_, err := harness.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
		return err == nil
	})
}

func free(t *testing.T) int32 {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return int32(l.Addr().(*net.TCPAddr).Port)
}

func TestBridgeTasksHavePortsOfTheMachine(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	fixed := free(t)
	front, back := w.Container("front", "get", "http://store:80/"), w.Container("back", "serve", "80")
	front.Links, front.Essential = []string{"back:store"}, aws.Bool(false)
	front.ExtraHosts = []types.HostEntry{{Hostname: aws.String("legacy.example"), IpAddress: aws.String("192.0.2.9")}}
	back.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80)}, {ContainerPort: aws.Int32(80), HostPort: &fixed, Protocol: types.TransportProtocolUdp}}
	other := w.Container("other", "serve", "80") // the same port, in a namespace of its own
	other.PortMappings = []types.PortMapping{{ContainerPort: aws.Int32(80), HostPort: &fixed}}
	w.Register("bridge", onInstance(types.NetworkModeBridge), front, back, other)

	arn := w.Run("bridge", ec2)
	var task types.Task
	w.Eventually("linked containers talk", func() bool {
		task = w.Task(arn)
		return aws.ToString(harness.ByName(task, "front").LastStatus) == "STOPPED" && aws.ToString(task.LastStatus) == "RUNNING"
	})
	if lines := w.Lines(arn, "front"); len(lines) == 0 || !strings.HasPrefix(lines[0], "172.") {
		t.Errorf("front got %q from its link", lines)
	}
	if task.LaunchType != types.LaunchTypeEc2 || task.ContainerInstanceArn == nil || len(task.Attachments) != 0 {
		t.Errorf("%+v", task)
	}
	dynamic := hostPort(t, task, "back", 80)
	if dynamic < 32768 || dynamic > 60999 {
		t.Errorf("dynamic port %d", dynamic)
	}
	answers(w, dynamic)
	answers(w, fixed)

	// A fixed port is one task's.
	out, err := w.ECS.RunTask(context.Background(), &ecs.RunTaskInput{TaskDefinition: aws.String("bridge"), LaunchType: types.LaunchTypeEc2})
	if err != nil || len(out.Failures) != 1 || aws.ToString(out.Failures[0].Reason) != "RESOURCE:PORTS" || aws.ToString(out.Failures[0].Arn) != *task.ContainerInstanceArn {
		t.Errorf("%+v, %v", out, err)
	}
	described, err := w.ECS.DescribeContainerInstances(context.Background(), &ecs.DescribeContainerInstancesInput{ContainerInstances: []string{*task.ContainerInstanceArn}})
	if err != nil || len(described.ContainerInstances) != 1 {
		t.Fatal(err)
	}
	for _, r := range described.ContainerInstances[0].RemainingResources {
		if *r.Name == "PORTS" && (!slices.Contains(r.StringSetValue, fmt.Sprint(dynamic)) || !slices.Contains(r.StringSetValue, fmt.Sprint(fixed))) {
			t.Errorf("ports in use: %v", r.StringSetValue)
		}
	}

	// Ports lead there while Hatoba is away, and are the same after.
	w.Kill()
	answers(w, dynamic)
	w.Up()
	if got := hostPort(t, w.Until(arn, "RUNNING"), "back", 80); got != dynamic {
		t.Errorf("after a restart the port is %d, was %d", got, dynamic)
	}
	answers(w, dynamic)
	w.Stop(arn)
	if _, err := harness.Get(fmt.Sprintf("http://127.0.0.1:%d/", dynamic)); err == nil {
		t.Error("the port outlives its task")
	}
	w.Stop(w.Run("bridge", ec2)) // the fixed port is free again
}

func TestHostAndNoNetwork(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	port := free(t)
	app := w.Container("app", "serve", fmt.Sprint(port))
	app.PortMappings = []types.PortMapping{{ContainerPort: &port}}
	see := w.Container("see", "machine", "/etc/hosts")
	see.Essential = aws.Bool(false)
	w.Register("host", onInstance(types.NetworkModeHost), app, see)
	arn := w.Run("host", ec2)
	w.Until(arn, "RUNNING")
	answers(w, port)
	if got := hostPort(t, w.Task(arn), "app", port); got != port {
		t.Errorf("host port %d", got)
	}
	var seen map[string]string
	w.Eventually("the container has said what it sees", func() bool {
		seen = facts(w, arn, "see")
		return seen["net"] != "" && seen["hostname"] != ""
	})
	own, _ := os.Readlink("/proc/self/ns/net")
	host, _ := os.Hostname()
	if seen["net"] != own || seen["hostname"] != host {
		t.Errorf("%v", seen)
	}
	w.Stop(arn)

	w.Register("none", onInstance(types.NetworkModeNone), w.Container("app", "sleep"), see)
	arn = w.Run("none", ec2)
	w.Eventually("see has ended", func() bool {
		return aws.ToString(harness.ByName(w.Task(arn), "see").LastStatus) == "STOPPED"
	})
	for _, line := range w.Lines(arn, "see") {
		if strings.HasPrefix(line, "link ") && line != "link lo" {
			t.Errorf("a task without network has %s", line)
		}
	}
	w.Stop(arn)
}

func TestWhatContainersHaveOfTheMachine(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "seen"), []byte("from the machine"), 0o644); err != nil {
		t.Fatal(err)
	}
	see := func(change func(*types.ContainerDefinition)) types.ContainerDefinition {
		c := w.Container("app", "machine", "/host/seen", "/etc/hostname")
		change(&c)
		return c
	}
	hostOf := func(ns string) string { link, _ := os.Readlink("/proc/self/ns/" + ns); return link }
	volume := func(in *ecs.RegisterTaskDefinitionInput) {
		in.Volumes = []types.Volume{{Name: aws.String("h"), Host: &types.HostVolumeProperties{SourcePath: &dir}}}
		in.ContainerDefinitions[0].MountPoints = []types.MountPoint{{SourceVolume: aws.String("h"), ContainerPath: aws.String("/host")}}
	}
	for name, tc := range map[string]struct {
		container types.ContainerDefinition
		change    func(*ecs.RegisterTaskDefinitionInput)
		holds     func(facts map[string]string) bool
	}{
		"plain": {see(func(*types.ContainerDefinition) {}), func(*ecs.RegisterTaskDefinitionInput) {}, func(f map[string]string) bool {
			return f["NoNewPrivs"] == "0" && f["Seccomp"] == "2" && f["shm"] == "64" && f["pid"] != hostOf("pid") && f["ipc"] != hostOf("ipc") && len(f["hostname"]) == 12
		}},
		"privileged": {see(func(c *types.ContainerDefinition) { c.Privileged, c.User = aws.Bool(true), aws.String("0") }), func(*ecs.RegisterTaskDefinitionInput) {}, func(f map[string]string) bool {
			return f["Seccomp"] == "0" && f["CapEff"] == ownCapabilities()
		}},
		"limits": {see(func(c *types.ContainerDefinition) {
			c.DockerSecurityOptions, c.Hostname = []string{"no-new-privileges"}, aws.String("quay")
			c.LinuxParameters = &types.LinuxParameters{SharedMemorySize: aws.Int32(128), MaxSwap: aws.Int32(0), Swappiness: aws.Int32(10)}
		}), func(*ecs.RegisterTaskDefinitionInput) {}, func(f map[string]string) bool {
			return f["NoNewPrivs"] == "1" && f["shm"] == "128" && f["hostname"] == "quay" && f["/etc/hostname"] == `true "quay\n"`
		}},
		"namespaces": {see(func(*types.ContainerDefinition) {}), func(in *ecs.RegisterTaskDefinitionInput) {
			in.PidMode, in.IpcMode = types.PidModeHost, types.IpcModeHost
		}, func(f map[string]string) bool { return f["pid"] == hostOf("pid") && f["ipc"] == hostOf("ipc") }},
		"ipc none": {see(func(*types.ContainerDefinition) {}), func(in *ecs.RegisterTaskDefinitionInput) { in.IpcMode = types.IpcModeNone },
			func(f map[string]string) bool { return f["shm"] == "" && f["ipc"] != hostOf("ipc") }},
		"volume": {see(func(*types.ContainerDefinition) {}), volume, func(f map[string]string) bool { return f["/host/seen"] == `true "from the machine"` }},
	} {
		t.Run(name, func(t *testing.T) {
			family := strings.ReplaceAll(name, " ", "-")
			w.Register(family, onInstance(types.NetworkModeBridge, tc.change), tc.container)
			arn := w.Run(family, ec2)
			task := w.Until(arn, "STOPPED")
			if got := harness.ByName(task, "app"); aws.ToInt32(got.ExitCode) != 0 || got.ExitCode == nil {
				t.Fatalf("%s %s", aws.ToString(task.StoppedReason), aws.ToString(got.Reason))
			}
			if f := facts(w, arn, "app"); !tc.holds(f) {
				t.Errorf("%v", f)
			}
		})
	}
}

func TestSharedVolumesOutliveTheirTasks(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	shared := func(in *ecs.RegisterTaskDefinitionInput) {
		in.Volumes = []types.Volume{{Name: aws.String("kept"), DockerVolumeConfiguration: &types.DockerVolumeConfiguration{Scope: types.ScopeShared, Autoprovision: aws.Bool(true)}}}
		in.ContainerDefinitions[0].MountPoints = []types.MountPoint{{SourceVolume: aws.String("kept"), ContainerPath: aws.String("/kept")}}
	}
	write := w.Container("app", "write", "/kept/note", "kept")
	write.User = aws.String("0") // a new volume is root's
	w.Register("write", onInstance(types.NetworkModeBridge, shared), write)
	w.Register("read", onInstance(types.NetworkModeBridge, shared), w.Container("app", "cat", "/kept/note"))
	w.Until(w.Run("write", ec2), "STOPPED")
	arn := w.Run("read", ec2)
	w.Until(arn, "STOPPED")
	if lines := w.Lines(arn, "app"); len(lines) != 1 || lines[0] != "kept" {
		t.Errorf("read %q", lines)
	}
}

func TestDenyPrivileged(t *testing.T) {
	w := harness.Start(t, "--deny-privileged")
	w.Image()
	w.Register("host", onInstance(types.NetworkModeHost), w.Container("app", "sleep"))
	_, err := w.ECS.RunTask(context.Background(), &ecs.RunTaskInput{TaskDefinition: aws.String("host"), LaunchType: types.LaunchTypeEc2})
	if err == nil || !strings.Contains(err.Error(), "networkMode 'host' is not allowed: this Hatoba was started with --deny-privileged.") {
		t.Errorf("%v", err)
	}
	w.Register("bridge", onInstance(types.NetworkModeBridge), w.Container("app", "exit", "0"))
	w.Until(w.Run("bridge", ec2), "STOPPED")
}

// ownCapabilities are those of this process, which are all there are.
func ownCapabilities() string {
	b, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(b), "CapEff:\t")
	own, _, _ := strings.Cut(rest, "\n")
	return own
}

// facts reads what the app's verb "machine" printed.
func facts(w *harness.World, arn, container string) map[string]string {
	out := map[string]string{}
	for _, line := range w.Lines(arn, container) {
		key, value, _ := strings.Cut(line, " ")
		if key == "file" {
			key, value, _ = strings.Cut(value, " ")
		}
		out[key] = value
	}
	return out
}
