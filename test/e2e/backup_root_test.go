package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/test/harness"
)

func TestBackupAndRestore(t *testing.T) {
	w, ctx := harness.Start(t), t.Context()
	w.Image()
	w.Register("ends", nil, w.Container("app", "say-exit", "7"))
	w.Register("stays", nil, w.Container("app", "ready"))
	if _, err := w.Secrets.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("db"), SecretString: aws.String("hunter2")}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SSM.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("/key"), Value: aws.String("v"), Type: ssmtypes.ParameterTypeSecureString}); err != nil {
		t.Fatal(err)
	}
	ended, stays := w.Run("ends"), w.Run("stays")
	w.Until(stays, "RUNNING")
	w.Until(ended, "STOPPED")
	dir := t.TempDir()
	file := filepath.Join(dir, "b.hatoba")
	if out, err := w.CLI("backup", file, "--with-keys"); err != nil || !strings.Contains(out, "master key") {
		t.Fatalf("%v %s", err, out)
	}
	bare := filepath.Join(dir, "bare.hatoba")
	if out, err := w.CLI("backup", bare); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	key, err := os.ReadFile(filepath.Join(w.Dir, "keys/master.key"))
	if err != nil {
		t.Fatal(err)
	}

	// Half of one, or one into a directory in use, restores nothing.
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "half")
	if err := os.WriteFile(half, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := w.Restore(half, filepath.Join(dir, "no")); err == nil || !strings.Contains(out, "not whole") {
		t.Errorf("half a backup: %v %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "no")); err == nil {
		t.Error("half a backup left a directory")
	}
	if out, err := w.Restore(file, w.Dir); err == nil || !strings.Contains(out, "not empty") {
		t.Errorf("over another: %v %s", err, out)
	}

	// Here, as it were on another machine: the range must be free.
	w.Stop(stays)
	if out, err := w.CLI("stop"); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	w.Gone()
	original := w.Dir
	w.Dir = filepath.Join(dir, "bare")
	if out, err := w.Restore(bare, w.Dir); err != nil || !strings.Contains(out, "master.key") {
		t.Fatalf("%v %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(w.Dir, "keys")); err == nil {
		t.Error("the bare one has keys")
	}
	if err := os.MkdirAll(filepath.Join(w.Dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.Dir, "keys/master.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	w.Up()
	restored(t, w, ended, stays)
	if out, err := w.CLI("stop"); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	w.Gone()
	w.Dir = filepath.Join(dir, "with")
	if out, err := w.Restore(file, w.Dir); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	w.Up()
	restored(t, w, ended, stays)
	if a, _ := os.ReadFile(filepath.Join(original, "instance")); string(a) == w.Instance() {
		t.Error("the restored one is the same instance")
	}
}

// restored reads all that was acknowledged before the backup, and runs on.
func restored(t *testing.T, w *harness.World, ended, stays string) {
	t.Helper()
	task := w.Task(ended)
	if c := harness.ByName(task, "app"); aws.ToInt32(c.ExitCode) != 7 || task.StopCode != types.TaskStopCodeEssentialContainerExited {
		t.Errorf("%s, exit %v", task.StopCode, c.ExitCode)
	}
	if lines := w.Lines(ended, "app"); strings.Join(lines, "|") != "line before the end" {
		t.Errorf("%q", lines)
	}
	task = w.Task(stays)
	if c := harness.ByName(task, "app"); aws.ToString(task.LastStatus) != "STOPPED" || task.StopCode != types.TaskStopCodeTerminationNotice || c.ExitCode != nil || aws.ToString(c.LastStatus) != "STOPPED" ||
		!strings.HasPrefix(aws.ToString(task.StoppedReason), "Host EC2 (instance i-0") {
		t.Errorf("the one that ran: %s %s %q %v", aws.ToString(task.LastStatus), task.StopCode, aws.ToString(task.StoppedReason), c)
	}
	secret, err := w.Secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("db")})
	if err != nil || aws.ToString(secret.SecretString) != "hunter2" {
		t.Errorf("the secret: %v", err)
	}
	parameter, err := w.SSM.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/key"), WithDecryption: aws.Bool(true)})
	if err != nil || aws.ToString(parameter.Parameter.Value) != "v" {
		t.Errorf("the parameter: %v", err)
	}
	if again := w.Until(w.Run("ends"), "STOPPED"); aws.ToInt32(harness.ByName(again, "app").ExitCode) != 7 {
		t.Errorf("a task of the restored image: %s", aws.ToString(again.StoppedReason))
	}
}
