package e2e

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/disk"
	"github.com/hatoba/hatoba/test/harness"
)

// smallDisk is a file system of a size, for as long as the test runs.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	harness.NeedRoot(t)
	dir := t.TempDir()
	if err := unix.Mount("hatoba-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("something is still held on the small disk: %v", err)
		}
	})
	return dir
}

// fill leaves so many bytes free.
func fill(t *testing.T, dir string, left int64) {
	t.Helper()
	u, err := disk.Of(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.CreateTemp(dir, "fill-")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// What is free shrinks meanwhile, for Hatoba writes, too.
	if err := unix.Fallocate(int(f.Fd()), 0, 0, max(u.Free-left, 4096)); err != nil && !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
}

func unfill(t *testing.T, dir string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "fill-*"))
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
}

// A full disk refuses new tasks, pushes and records with a reason; what runs
// goes on, nothing acknowledged is lost, and with room again all goes on by
// itself.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, "1300m")
	w := harness.StartIn(t, dir, "--disk-floor", "150MiB")
	w.Image()
	w.Register("stays", nil, w.Container("app", "serve", "8080"))
	stays := w.Run("stays")
	url := "http://" + harness.Address(w.Until(stays, "RUNNING")) + ":8080/"
	w.Eventually("the container answers", func() bool { _, err := harness.Get(url); return err == nil })
	w.Eventually("the reserve is there", func() bool { _, err := os.Stat(filepath.Join(dir, "reserve")); return err == nil })
	secret := func(name string) error {
		_, err := w.Secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String(name), SecretString: aws.String("x")},
			func(o *secretsmanager.Options) { o.RetryMaxAttempts = 1 })
		return err
	}

	fill(t, dir, 120<<20)
	task := w.Until(w.Run("stays"), "STOPPED")
	if task.StopCode != types.TaskStopCodeTaskFailedToStart || !strings.Contains(aws.ToString(task.StoppedReason), "no space left on device: the disk of "+dir) {
		t.Errorf("%s %s", task.StopCode, aws.ToString(task.StoppedReason))
	}
	if answer, err := http.Post("http://"+w.Listen+"/v2/app/blobs/uploads/", "", nil); err != nil || answer.StatusCode != http.StatusInsufficientStorage {
		t.Errorf("a push: %v, %v", answer, err)
	}
	if answer, err := http.Get("http://" + w.Listen + "/_hatoba/health"); err != nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("health: %v, %v", answer, err)
	} else if body, _ := io.ReadAll(answer.Body); !strings.Contains(string(body), `"disk":"no space left on device`) {
		t.Errorf("health: %s", body)
	}
	if err := secret("above"); err != nil {
		t.Errorf("a record above the store's floor: %v", err)
	}

	fill(t, dir, 40<<20)
	if err := secret("reserve"); err != nil {
		t.Errorf("a record when the reserve can be given up: %v", err)
	}
	fill(t, dir, 40<<20)
	var refused smithy.APIError
	if err := secret("full"); !errors.As(err, &refused) || refused.ErrorCode() != "ServiceUnavailable" || !strings.Contains(refused.ErrorMessage(), "no space left on device") {
		t.Errorf("a record on a full disk: %v", err)
	}
	fill(t, dir, 0)
	if err := secret("fuller"); !errors.As(err, &refused) {
		t.Errorf("a record on a disk without a byte: %v", err)
	}
	w.Until(stays, "RUNNING")
	if _, err := harness.Get(url); err != nil {
		t.Errorf("the running container: %v", err)
	}

	unfill(t, dir)
	w.Eventually("the reserve is back", func() bool { _, err := os.Stat(filepath.Join(dir, "reserve")); return err == nil })
	w.Until(w.Run("stays"), "RUNNING")
	w.Stop(stays)
	w.Kill()
	w.Up("--disk-floor", "150MiB")
	for _, name := range []string{"above", "reserve"} {
		if _, err := w.Secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(name)}); err != nil {
			t.Errorf("secret %s, which was acknowledged: %v", name, err)
		}
	}
	if err := secret("full"); err != nil {
		t.Errorf("what was refused was stored in part: %v", err)
	}
}
