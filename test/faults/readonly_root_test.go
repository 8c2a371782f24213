package faults

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/test/harness"
)

// The data directory's file system turns read-only under open files, as ext4
// does after an error of its disk: containers go on, nothing new is
// acknowledged, and when the disk is back all that was acknowledged is there.
func TestFileSystemTurnsReadOnly(t *testing.T) {
	harness.NeedRoot(t)
	image, dir := filepath.Join(t.TempDir(), "disk.img"), t.TempDir()
	run := func(program string, args ...string) {
		t.Helper()
		if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", program, err, out)
		}
	}
	run("truncate", "-s", "2G", image)
	run("mkfs.ext4", "-q", "-F", image)
	run("mount", "-o", "loop", image, dir)
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("something is still held on the disk: %v", err)
		}
	})
	w := harness.StartIn(t, dir)
	w.Image()
	w.Register("stays", nil, w.Container("app", "serve", "8080"))
	stays := w.Run("stays")
	url := "http://" + harness.Address(w.Until(stays, "RUNNING")) + ":8080/"
	w.Eventually("the container answers", func() bool { _, err := harness.Get(url); return err == nil })

	run("mount", "-o", "remount,abort", dir)
	if f, err := os.Create(filepath.Join(dir, "new")); err == nil {
		f.Close()
		t.Fatal("the file system takes a file")
	}
	out, err := w.ECS.RunTask(t.Context(), &ecs.RunTaskInput{
		TaskDefinition: aws.String("stays"), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0123456789abcdef0"}}},
	}, func(o *ecs.Options) { o.RetryMaxAttempts = 1 })
	if err == nil {
		t.Errorf("a task is acknowledged that is on no disk: %+v", out)
	}
	// The store cannot keep what it was told, and ends the process rather than go
	// on with what is nowhere: whoever watches over it sees that.
	w.Gone()
	if answer, err := http.Get("http://" + w.Listen + "/_hatoba/health"); err == nil {
		answer.Body.Close()
		t.Error("it answers without a store")
	}
	if _, err := harness.Get(url); err != nil {
		t.Errorf("the running container: %v", err)
	}

	// The disk is mended, as it is with the machine down.
	w.PowerOff()
	run("umount", dir)
	_ = exec.Command("fsck.ext4", "-p", image).Run() // tells by its code what it mended
	run("mount", "-o", "loop", image, dir)
	w.Reboot()
	w.Up()
	task := w.Until(stays, "STOPPED")
	if !strings.HasPrefix(aws.ToString(task.StoppedReason), "Host EC2 (instance ") {
		t.Errorf("%s %q", task.StopCode, aws.ToString(task.StoppedReason))
	}
	w.Stop(w.Run("stays"))
}
