package e2e

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// What a definition says of a container's kernel parameters, resolver and
// volumes is asked of the container.
func TestFieldsInsideAContainer(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	mount := []types.MountPoint{{SourceVolume: aws.String("shared"), ContainerPath: aws.String("/shared")}}
	owner := w.Container("owner", "write", "/shared/note", "from the owner")
	owner.MountPoints, owner.User = mount, aws.String("0")
	owner.SystemControls = []types.SystemControl{{Namespace: aws.String("net.core.somaxconn"), Value: aws.String("1234")}}
	last := func(c types.ContainerDefinition, from ...types.VolumeFrom) types.ContainerDefinition {
		c.VolumesFrom, c.User = from, aws.String("0")
		c.DependsOn = []types.ContainerDependency{{ContainerName: aws.String("owner"), Condition: types.ContainerConditionSuccess}}
		return c
	}
	readOnly := types.VolumeFrom{SourceContainer: aws.String("owner"), ReadOnly: aws.Bool(true)}
	shm := last(w.Container("shm", "cat", "/proc/sys/kernel/shmmax"))
	shm.SystemControls = []types.SystemControl{{Namespace: aws.String("kernel.shmmax"), Value: aws.String("1048576")}}
	dns := last(w.Container("dns", "cat", "/etc/resolv.conf"))
	dns.DnsServers, dns.DnsSearchDomains = []string{"10.9.8.7", "10.9.8.8"}, []string{"corp.example"}
	containers := []types.ContainerDefinition{
		owner, shm, dns,
		last(w.Container("reader", "cat", "/shared/note"), readOnly),
		last(w.Container("writer", "write", "/shared/more", "x"), readOnly),
		last(w.Container("conn", "cat", "/proc/sys/net/core/somaxconn")),
		last(w.Container("end", "touch-then-wait")),
	}
	for i := range containers {
		containers[i].Essential = aws.Bool(aws.ToString(containers[i].Name) == "end")
	}
	w.Register("fields", func(in *ecs.RegisterTaskDefinitionInput) { in.Volumes = []types.Volume{{Name: aws.String("shared")}} }, containers...)
	arn := w.Run("fields")
	w.Until(arn, "RUNNING")
	w.Eventually("all but the last have ended", func() bool {
		ended := 0
		for _, c := range w.Task(arn).Containers {
			if aws.ToString(c.LastStatus) == "STOPPED" {
				ended++
			}
		}
		return ended == len(containers)-1
	})
	task := w.Stop(arn)
	for name, want := range map[string]string{
		"shm": "1048576", "dns": "search corp.example\nnameserver 10.9.8.7\nnameserver 10.9.8.8",
		"reader": "from the owner", "conn": "1234",
	} {
		if got := strings.Join(w.Lines(arn, name), "\n"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if c := harness.ByName(task, "writer"); c.ExitCode == nil || *c.ExitCode == 0 {
		t.Errorf("a read-only volume was written to: %+v", c)
	}
}

// An EFS file system is a folder of the machine, and outlives its tasks.
func TestEFS(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(folder+"/app", 0o755); err != nil {
		t.Fatal(err)
	}
	w := harness.Start(t, "--efs", "fs-1="+folder)
	w.Image()
	register := func(family, id, root string, c types.ContainerDefinition) {
		c.User, c.MountPoints = aws.String("0"), []types.MountPoint{{SourceVolume: aws.String("data"), ContainerPath: aws.String("/data")}}
		w.Register(family, func(in *ecs.RegisterTaskDefinitionInput) {
			in.Volumes = []types.Volume{{Name: aws.String("data"), EfsVolumeConfiguration: &types.EFSVolumeConfiguration{FileSystemId: &id, RootDirectory: &root}}}
		}, c)
	}
	register("writes", "fs-1", "/app", w.Container("app", "write", "/data/note", "kept"))
	register("reads", "fs-1", "/", w.Container("app", "cat", "/data/app/note"))
	register("missing", "fs-1", "/none", w.Container("app", "sleep"))
	register("unmapped", "fs-2", "/", w.Container("app", "sleep"))
	w.Until(w.Run("writes"), "STOPPED")
	arn := w.Run("reads")
	w.Until(arn, "STOPPED")
	if lines := w.Lines(arn, "app"); len(lines) != 1 || lines[0] != "kept" {
		t.Errorf("%q", lines)
	}
	if task := w.Until(w.Run("missing"), "STOPPED"); !strings.HasPrefix(aws.ToString(task.StoppedReason), "ResourceInitializationError: failed to invoke EFS utils") {
		t.Errorf("%q", aws.ToString(task.StoppedReason))
	}
	_, err := w.ECS.RunTask(t.Context(), &ecs.RunTaskInput{
		TaskDefinition: aws.String("unmapped"), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0123456789abcdef0"}}},
	})
	if err == nil || !strings.Contains(err.Error(), "--efs fs-2=") {
		t.Errorf("%v", err)
	}
}

// A container with a restart policy comes back in the same file system, its
// log goes on in the same stream, and the task does not notice; also when
// Hatoba is killed meanwhile.
func TestRestartPolicy(t *testing.T) {
	if testing.Short() {
		t.Skip("a container runs for a minute before it is restarted")
	}
	w := harness.Start(t)
	w.Image()
	app := w.Container("app", "lives", "61s")
	app.RestartPolicy = &types.ContainerRestartPolicy{Enabled: aws.Bool(true), RestartAttemptPeriod: aws.Int32(60)}
	w.Register("restarts", nil, app)
	arn := w.Run("restarts")
	w.Until(arn, "RUNNING")
	time.Sleep(55 * time.Second)
	w.Kill()
	time.Sleep(10 * time.Second) // it ends while nobody is there
	w.Up()
	var task types.Task
	w.Eventually("it lives again", func() bool {
		task = w.Task(arn)
		return len(w.Lines(arn, "app")) == 2 && aws.ToString(harness.ByName(task, "app").LastStatus) == "RUNNING"
	})
	if c := harness.ByName(task, "app"); aws.ToString(task.LastStatus) != "RUNNING" || aws.ToString(c.LastStatus) != "RUNNING" || c.ExitCode != nil {
		t.Errorf("%s %+v", aws.ToString(task.LastStatus), c)
	}
	task = w.Stop(arn)
	if lines := w.Lines(arn, "app"); len(lines) != 2 || lines[0] != "life 1" || lines[1] != "life 2" {
		t.Errorf("log %q", lines)
	}
	if c := harness.ByName(task, "app"); aws.ToInt32(c.ExitCode) != 0 || c.ExitCode == nil {
		t.Errorf("%+v", c)
	}
}
