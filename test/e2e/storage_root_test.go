package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// A task with ephemeralStorage has as much as it asked for, its volumes and
// containers together, and then finds its disk full; others find the machine's.
func TestEphemeralStorage(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	app, beside := w.Container("app", "fill", "/data", "/tmp"), w.Container("beside", "inside", "8080")
	for _, c := range []*types.ContainerDefinition{&app, &beside} {
		c.MountPoints = []types.MountPoint{{SourceVolume: aws.String("scratch"), ContainerPath: aws.String("/data")}}
	}
	app.Essential, app.User = aws.Bool(false), aws.String("0")
	w.Register("stored", func(in *ecs.RegisterTaskDefinitionInput) {
		in.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: 21}
		in.Volumes = []types.Volume{{Name: aws.String("scratch")}}
	}, app, beside)
	w.Register("plain", nil, w.Container("beside", "inside", "8080"))
	plain := w.Run("plain")
	w.Until(plain, "RUNNING")
	c := caller{t, plain, "http://" + harness.Address(w.Task(plain)) + ":8080"}
	w.Eventually("the task listens", func() bool { _, err := harness.Get(c.base + "/env"); return err == nil })
	if storage, _ := c.object(c.env("ECS_CONTAINER_METADATA_URI_V4") + "/task")["EphemeralStorageMetrics"].(map[string]any); storage["Reserved"] != 20.0*1024 || storage["Utilized"] == nil {
		t.Errorf("metadata without a size: %v", storage)
	}
	w.Stop(plain)

	before := w.Settled()
	arn := w.Run("stored")
	w.Until(arn, "RUNNING")
	w.Eventually("both places are filled", func() bool { return len(w.Lines(arn, "app")) == 2 })
	for i, place := range []string{"/data", "/tmp"} {
		var filled, size int
		line := w.Lines(arn, "app")[i]
		if n, _ := fmt.Sscanf(line, place+" %d no space left on device %d", &filled, &size); n != 2 || size < 20<<10 || size > 21<<10 || filled < size-256 {
			t.Errorf("%q", line)
		}
	}
	c = caller{t, arn, "http://" + harness.Address(w.Task(arn)) + ":8080"}
	away(w, c)
	storage, _ := c.object(c.env("ECS_CONTAINER_METADATA_URI_V4") + "/task")["EphemeralStorageMetrics"].(map[string]any)
	if storage["Reserved"] != 21.0*1024 || storage["Utilized"] == nil || storage["Utilized"].(float64) > 400 {
		t.Errorf("metadata: %v", storage)
	}
	if got := w.Task(arn).EphemeralStorage; got == nil || got.SizeInGiB != 21 {
		t.Errorf("%+v", got)
	}
	images, _ := filepath.Glob(filepath.Join(w.Dir, "agent/tasks/*/disk.img"))
	if len(images) != 1 {
		t.Fatalf("disks: %v", images)
	}
	if s, err := os.Stat(images[0]); err != nil || s.Size() != 21<<30 {
		t.Errorf("%+v %v", s, err)
	}
	w.Stop(arn)
	harness.Same(t, "after the task", before, w.Settled)
	loops, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	for _, loop := range loops {
		if b, _ := os.ReadFile(loop); strings.HasPrefix(string(b), w.Dir) {
			t.Errorf("%s is %s", loop, b)
		}
	}
}
