package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/test/harness"
)

func TestLifeOfATask(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("life", nil, w.Container("app", "serve", "8080"))
	arn := w.Run("life")
	task := w.Until(arn, "RUNNING")
	if task.StartedAt == nil || task.PullStartedAt == nil || task.PullStoppedAt == nil || task.ConnectivityAt == nil || task.CreatedAt == nil {
		t.Errorf("times are missing: %+v", task)
	}
	c := harness.ByName(task, "app")
	if !strings.HasPrefix(aws.ToString(c.ImageDigest), "sha256:") || c.RuntimeId == nil || aws.ToString(c.LastStatus) != "RUNNING" {
		t.Errorf("container %+v", c)
	}
	w.Eventually("the task answers on its own address", func() bool {
		_, err := harness.Get("http://" + harness.Address(task) + ":8080/")
		return err == nil
	})
	task = w.Stop(arn)
	if task.StopCode != types.TaskStopCodeUserInitiated || aws.ToString(task.StoppedReason) != "Task stopped by user" ||
		task.StoppingAt == nil || task.StoppedAt == nil || task.ExecutionStoppedAt == nil {
		t.Errorf("stopped as %s %q: %+v", task.StopCode, aws.ToString(task.StoppedReason), task)
	}
	if c := harness.ByName(task, "app"); aws.ToInt32(c.ExitCode) != 0 || c.ExitCode == nil {
		t.Errorf("exit code %v", c.ExitCode)
	}
	if lines := w.Lines(arn, "app"); len(lines) != 1 || lines[0] != "last words" {
		t.Errorf("log %q", lines)
	}
}

func TestHowTasksEnd(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	bad := w.Container("app")
	bad.EntryPoint = []string{"/no/such"}
	missing := w.Container("app")
	missing.Image = aws.String(harness.Account + ".dkr.ecr." + harness.Region + ".amazonaws.com/app:nope")
	secret := w.Container("app")
	secret.Secrets = []types.Secret{{Name: aws.String("X"), ValueFrom: aws.String("arn:aws:secretsmanager:us-east-1:" + harness.Account + ":secret:nope")}}
	group := w.Container("app")
	group.LogConfiguration.Options = map[string]string{"awslogs-group": "/nope", "awslogs-region": harness.Region, "awslogs-stream-prefix": "t"}
	for name, tc := range map[string]struct {
		container types.ContainerDefinition
		code      types.TaskStopCode
		reason    string // part of stoppedReason
		exit      *int32
	}{
		"exit0":   {w.Container("app", "exit", "0"), types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", aws.Int32(0)},
		"exit3":   {w.Container("app", "exit", "3"), types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", aws.Int32(3)},
		"bad":     {bad, types.TaskStopCodeTaskFailedToStart, `exec: "/no/such": stat /no/such: no such file or directory`, nil},
		"missing": {missing, types.TaskStopCodeTaskFailedToStart, "CannotPullContainerError: ", nil},
		"secret":  {secret, types.TaskStopCodeTaskFailedToStart, "ResourceInitializationError: ", nil},
		"group":   {group, types.TaskStopCodeTaskFailedToStart, "ResourceInitializationError: ", nil},
	} {
		w.Register(name, nil, tc.container)
		task := w.Until(w.Run(name), "STOPPED")
		got := harness.ByName(task, "app")
		if task.StopCode != tc.code || !strings.Contains(aws.ToString(task.StoppedReason), tc.reason) {
			t.Errorf("%s: %s %q", name, task.StopCode, aws.ToString(task.StoppedReason))
		}
		if (tc.exit == nil) != (got.ExitCode == nil) || aws.ToInt32(tc.exit) != aws.ToInt32(got.ExitCode) {
			t.Errorf("%s: exit code %v", name, got.ExitCode)
		}
		if task.StoppedAt == nil || aws.ToString(got.LastStatus) != "STOPPED" {
			t.Errorf("%s: %+v", name, task)
		}
	}
}

func TestOutOfMemoryIsToldForTheRightContainer(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	// The neighbour is a PID 1: until it has a handler, SIGTERM does nothing.
	eater, neighbour := w.Container("eater", "eat"), w.Container("neighbour", "touch-then-wait")
	neighbour.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "/app", "healthy"}, Interval: aws.Int32(5)}
	eater.Memory = aws.Int32(64)
	eater.DependsOn = []types.ContainerDependency{{ContainerName: neighbour.Name, Condition: types.ContainerConditionHealthy}}
	w.Register("oom", nil, eater, neighbour)
	task := w.Until(w.Run("oom"), "STOPPED")
	if c := harness.ByName(task, "eater"); aws.ToInt32(c.ExitCode) != 137 || !strings.HasPrefix(aws.ToString(c.Reason), "OutOfMemoryError") {
		t.Errorf("eater: %d %q", aws.ToInt32(c.ExitCode), aws.ToString(c.Reason))
	}
	if c := harness.ByName(task, "neighbour"); aws.ToInt32(c.ExitCode) != 0 || c.Reason != nil {
		t.Errorf("neighbour: %d %q", aws.ToInt32(c.ExitCode), aws.ToString(c.Reason))
	}
}

func TestDependencies(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	shared := []types.MountPoint{{SourceVolume: aws.String("shared"), ContainerPath: aws.String("/shared")}}
	setup := w.Container("setup", "write", "/shared/note", "made by setup")
	setup.Essential, setup.MountPoints, setup.User = aws.Bool(false), shared, aws.String("0") // a volume is root's
	db := w.Container("db", "touch-then-wait")
	db.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "/app", "healthy"}, Interval: aws.Int32(5)}
	app := w.Container("app", "cat", "/shared/note")
	app.MountPoints = shared
	app.DependsOn = []types.ContainerDependency{
		{ContainerName: aws.String("setup"), Condition: types.ContainerConditionSuccess},
		{ContainerName: aws.String("db"), Condition: types.ContainerConditionHealthy},
	}
	w.Register("deps", func(in *ecs.RegisterTaskDefinitionInput) { in.Volumes = []types.Volume{{Name: aws.String("shared")}} }, app, db, setup)
	arn := w.Run("deps")
	task := w.Until(arn, "STOPPED")
	if lines := w.Lines(arn, "app"); len(lines) != 1 || lines[0] != "made by setup" {
		t.Errorf("%q; %+v", lines, task)
	}
	failing := w.Container("setup", "exit", "2")
	failing.Essential = aws.Bool(false)
	app.DependsOn = app.DependsOn[:1]
	app.MountPoints = nil
	w.Register("deps-fail", nil, app, failing)
	task = w.Until(w.Run("deps-fail"), "STOPPED")
	if c := harness.ByName(task, "app"); task.StopCode != types.TaskStopCodeTaskFailedToStart || c.ExitCode != nil || !strings.Contains(aws.ToString(c.Reason), "setup") {
		t.Errorf("%s %q; %q", task.StopCode, aws.ToString(task.StoppedReason), aws.ToString(c.Reason))
	}
}

func TestInsideATask(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	facts := w.Container("facts", "facts")
	facts.User, facts.WorkingDirectory, facts.ReadonlyRootFilesystem = aws.String("1234"), aws.String("/tmp"), aws.Bool(true)
	facts.Ulimits = []types.Ulimit{{Name: types.UlimitNameNofile, SoftLimit: 1111, HardLimit: 2222}}
	others := []types.ContainerDefinition{
		facts, w.Container("resolv", "cat", "/etc/resolv.conf"), w.Container("hosts", "cat", "/etc/hosts"),
		w.Container("lookup", "lookup", "host.hatoba.internal"), w.Container("server", "serve", "8080"), w.Container("client", "get", "http://localhost:8080/"),
	}
	for i := range others {
		others[i].Essential = aws.Bool(aws.ToString(others[i].Name) == "server")
	}
	w.Register("inside", nil, others...)
	arn := w.Run("inside")
	task := w.Until(arn, "RUNNING")
	address := harness.Address(task)
	host := "ip-" + strings.ReplaceAll(address, ".", "-") + ".ec2.internal"
	w.Eventually("the helpers end", func() bool {
		task = w.Task(arn)
		for _, c := range task.Containers {
			if aws.ToString(c.Name) != "server" && aws.ToString(c.LastStatus) != "STOPPED" {
				return false
			}
		}
		return true
	})
	w.Register("other", nil, w.Container("get", "get", "http://"+address+":8080/"))
	other := w.Until(w.Run("other"), "STOPPED")
	task = w.Stop(arn)
	for name, want := range map[string]string{
		"facts": host + " /tmp 1234 2222 false", "resolv": "search ec2.internal\nnameserver 169.254.170.2",
		"hosts": address + " " + host, "client": "1", // of 127.0.0.1 or ::1
	} {
		if got := strings.Join(w.Lines(arn, name), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := w.Lines(arn, "lookup"); len(got) != 1 || strings.Count(got[0], ".") != 3 {
		t.Errorf("host.hatoba.internal is %q", got)
	}
	if got := w.Lines(aws.ToString(other.TaskArn), "get"); len(got) != 1 || got[0] == "" || got[0] == address {
		t.Errorf("another task was seen as %q", got)
	}
}

func TestOverridesAndSecrets(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	ctx := context.Background()
	const password = "hunter2-in-the-vault"
	if _, err := w.Secrets.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("db"), SecretString: aws.String(`{"password":"` + password + `"}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SSM.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("/key"), Type: ssmtypes.ParameterTypeSecureString, Value: aws.String(password)}); err != nil {
		t.Fatal(err)
	}
	app := w.Container("app", "env", "COLOUR")
	app.Environment = []types.KeyValuePair{{Name: aws.String("COLOUR"), Value: aws.String("red")}}
	sm, ps := w.Container("sm", "env", "A"), w.Container("ps", "env", "B")
	sm.Secrets = []types.Secret{{Name: aws.String("A"), ValueFrom: aws.String("arn:aws:secretsmanager:us-east-1:" + harness.Account + ":secret:db:password::")}}
	ps.Secrets = []types.Secret{{Name: aws.String("B"), ValueFrom: aws.String("/key")}}
	hold := w.Container("hold", "sleep")
	hold.Secrets = sm.Secrets
	for _, c := range []*types.ContainerDefinition{&app, &sm, &ps} {
		c.Essential = aws.Bool(false)
	}
	// Values must not reach the log in this test: only their lengths count.
	sm.LogConfiguration, ps.LogConfiguration = nil, nil
	w.Register("over", nil, app, sm, ps, hold)
	arn := w.Run("over", func(in *ecs.RunTaskInput) {
		in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
			Name: aws.String("app"), Environment: []types.KeyValuePair{{Name: aws.String("COLOUR"), Value: aws.String("blue")}},
		}}}
	})
	w.Until(arn, "RUNNING")
	w.Eventually("the others end", func() bool {
		return aws.ToString(harness.ByName(w.Task(arn), "app").LastStatus) == "STOPPED"
	})
	for _, dir := range []string{w.Dir} {
		grep(t, dir, password)
	}
	w.Stop(arn)
	if lines := w.Lines(arn, "app"); len(lines) != 1 || lines[0] != "blue" {
		t.Errorf("%q", lines)
	}
	grep(t, w.Dir, password)
}

// grep fails the test for every file that holds the text.
func grep(t *testing.T, dir, text string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		files++
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), text) {
			t.Errorf("a secret's value is in %s", path)
		}
		return nil
	})
	if err != nil || files < 10 {
		t.Errorf("looked into %d files: %v", files, err)
	}
}

func TestStubbornContainerIsKilledAfterItsStopTimeout(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	c := w.Container("app", "stubborn")
	c.StopTimeout = aws.Int32(2)
	w.Register("stubborn", nil, c)
	arn := w.Run("stubborn")
	w.Until(arn, "RUNNING")
	w.Eventually("it ignores signals", func() bool { return len(w.Lines(arn, "app")) == 1 })
	task := w.Stop(arn)
	if got := harness.ByName(task, "app"); aws.ToInt32(got.ExitCode) != 137 || got.Reason != nil {
		t.Errorf("%d %q", aws.ToInt32(got.ExitCode), aws.ToString(got.Reason))
	}
	if took := task.StoppedAt.Sub(*task.StoppingAt); took.Seconds() < 2 {
		t.Errorf("killed after %s", took)
	}
}

func TestEveryLineInOrder(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	const n = 20_000
	w.Register("lines", nil, w.Container("app", "lines", fmt.Sprint(n)))
	arn := w.Run("lines")
	w.Until(arn, "STOPPED")
	lines := w.Lines(arn, "app")
	if len(lines) != n {
		t.Fatalf("%d lines of %d", len(lines), n)
	}
	for i, l := range lines {
		if l != fmt.Sprint("line ", i) {
			t.Fatalf("line %d is %q", i, l)
		}
	}
}
