package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/test/harness"
)

const password = "the secret of the soak"

// kinds are the ways a task's life can go. Each returns what was wrong with it.
var kinds = []struct {
	name string
	live func(ctx context.Context, s *soak, n int, r *rand.Rand) error
}{
	{"ends by itself", func(ctx context.Context, s *soak, n int, r *rand.Rand) error {
		code := r.Int32N(256)
		return s.runs(ctx, n, "plain", want{stop: exited, code: code, lines: []string{}}, "exit", fmt.Sprint(code))
	}},
	{"writes and ends", func(ctx context.Context, s *soak, n int, r *rand.Rand) error {
		var lines []string
		for i := range 1 + r.IntN(3000) {
			lines = append(lines, fmt.Sprint("line ", i))
		}
		return s.runs(ctx, n, "plain", want{stop: exited, lines: lines}, "lines", fmt.Sprint(len(lines)))
	}},
	{"ends a second later", func(ctx context.Context, s *soak, n int, r *rand.Rand) error {
		code := r.Int32N(256)
		return s.runs(ctx, n, "plain", want{stop: exited, code: code, lines: []string{"line before the end"}}, "say-exit", fmt.Sprint(code))
	}},
	{"is stopped", func(ctx context.Context, s *soak, n int, _ *rand.Rand) error {
		return s.stops(ctx, n, "plain", want{stop: types.TaskStopCodeUserInitiated, reason: "soaked", lines: []string{"ready", "last words"}}, "ready")
	}},
	{"must be killed", func(ctx context.Context, s *soak, n int, _ *rand.Rand) error {
		return s.stops(ctx, n, "plain", want{stop: types.TaskStopCodeUserInitiated, code: 137, lines: []string{"ready"}}, "stubborn")
	}},
	{"is stopped as it starts", stoppedEarly},
	{"is killed from inside", killed},
	{"eats its memory", func(ctx context.Context, s *soak, n int, _ *rand.Rand) error {
		return s.runs(ctx, n, "hungry", want{stop: exited, code: 137, container: "OutOfMemoryError"}, "eat")
	}},
	{"has containers that wait for each other", func(ctx context.Context, s *soak, n int, _ *rand.Rand) error {
		return s.runs(ctx, n, "ordered", want{stop: exited, lines: []string{"handed over"}})
	}},
	{"waits for what cannot be", func(ctx context.Context, s *soak, n int, _ *rand.Rand) error {
		return s.runs(ctx, n, "hopeless", want{stop: types.TaskStopCodeTaskFailedToStart, reason: "TaskDependencyError", code: none})
	}},
	{"becomes healthy", healthy},
	{"has a secret", func(ctx context.Context, s *soak, n int, _ *rand.Rand) error {
		return s.runs(ctx, n, "secretive", want{stop: exited, lines: []string{password}})
	}},
	{"has no such command", func(ctx context.Context, s *soak, n int, _ *rand.Rand) error {
		return s.runs(ctx, n, "commandless", want{stop: types.TaskStopCodeTaskFailedToStart, reason: "CannotStartContainerError", code: none})
	}},
	{"has no such image", func(ctx context.Context, s *soak, n int, _ *rand.Rand) error {
		return s.runs(ctx, n, "imageless", want{stop: types.TaskStopCodeTaskFailedToStart, reason: "CannotPullContainerError", code: none})
	}},
}

const exited = types.TaskStopCodeEssentialContainerExited

// register makes the definitions of all kinds, and the secret.
func (s *soak) register() {
	w := s.w
	secret, err := w.Secrets.CreateSecret(context.Background(), &secretsmanager.CreateSecretInput{Name: aws.String("soak"), SecretString: aws.String(password)})
	if err != nil {
		s.t.Fatal(err)
	}
	plain := w.Container("app")
	plain.StopTimeout = aws.Int32(2)
	w.Register("plain", nil, plain)
	hungry := w.Container("app")
	hungry.Memory = aws.Int32(48)
	w.Register("hungry", nil, hungry)
	shared := []types.MountPoint{{SourceVolume: aws.String("shared"), ContainerPath: aws.String("/shared")}}
	setup, beside, app := w.Container("setup", "write", "/shared/x", "handed over"), w.Container("beside", "ready"), w.Container("app", "cat", "/shared/x")
	setup.Essential, beside.Essential = aws.Bool(false), aws.Bool(false)
	setup.MountPoints, app.MountPoints = shared, shared
	setup.User = aws.String("0") // a volume is root's
	app.DependsOn = []types.ContainerDependency{
		{ContainerName: setup.Name, Condition: types.ContainerConditionSuccess}, {ContainerName: beside.Name, Condition: types.ContainerConditionStart},
	}
	w.Register("ordered", func(in *ecs.RegisterTaskDefinitionInput) { in.Volumes = []types.Volume{{Name: aws.String("shared")}} }, app, beside, setup)
	fails, waits := w.Container("fails", "exit", "3"), w.Container("app", "ready")
	fails.Essential = aws.Bool(false)
	waits.DependsOn = []types.ContainerDependency{{ContainerName: fails.Name, Condition: types.ContainerConditionSuccess}}
	w.Register("hopeless", nil, waits, fails)
	checked := w.Container("app", "touch-then-wait")
	checked.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "/app", "healthy"}, Interval: aws.Int32(5)}
	w.Register("checked", nil, checked)
	secretive := w.Container("app", "env", "PASSWORD")
	secretive.Secrets = []types.Secret{{Name: aws.String("PASSWORD"), ValueFrom: secret.ARN}}
	w.Register("secretive", nil, secretive)
	commandless := w.Container("app")
	commandless.EntryPoint = []string{"/no-such-command"}
	w.Register("commandless", nil, commandless)
	imageless := w.Container("app")
	imageless.Image = aws.String(harness.Account + ".dkr.ecr." + harness.Region + ".amazonaws.com/app:missing")
	w.Register("imageless", nil, imageless)
}

// runs has a task end by itself.
func (s *soak) runs(ctx context.Context, n int, family string, end want, command ...string) error {
	arn, err := s.run(ctx, n, family, command...)
	if err != nil {
		return err
	}
	task, err := s.stopped(ctx, arn)
	if err != nil {
		return err
	}
	return s.check(ctx, task, end)
}

// stops has a task be stopped once it says that it is ready.
func (s *soak) stops(ctx context.Context, n int, family string, end want, command ...string) error {
	arn, err := s.run(ctx, n, family, command...)
	if err == nil {
		_, err = s.running(ctx, arn)
	}
	if err == nil {
		err = s.said(ctx, arn, "app", "ready")
	}
	if err != nil {
		return err
	}
	task, err := s.stop(ctx, arn)
	if err != nil {
		return err
	}
	return s.check(ctx, task, end)
}

// stoppedEarly stops a task somewhere on its way up. How far it came is
// chance; that it ends and why is not.
func stoppedEarly(ctx context.Context, s *soak, n int, r *rand.Rand) error {
	pause := time.Duration(r.IntN(300)) * time.Millisecond
	arn, err := s.run(ctx, n, "ordered")
	if err != nil {
		return err
	}
	time.Sleep(pause)
	task, err := s.stop(ctx, arn)
	if err != nil {
		return err
	}
	if task.StopCode != types.TaskStopCodeUserInitiated && task.StopCode != exited {
		return fmt.Errorf("ended as %s", describe(task))
	}
	return nil
}

// killed has somebody else end the container's process.
func killed(ctx context.Context, s *soak, n int, _ *rand.Rand) error {
	mark := fmt.Sprintf("victim-%d-%d", s.seed, n)
	arn, err := s.run(ctx, n, "plain", "ready", mark)
	if err == nil {
		_, err = s.running(ctx, arn)
	}
	if err == nil {
		err = s.said(ctx, arn, "app", "ready")
	}
	if err != nil {
		return err
	}
	pids := harness.Pids(mark)
	if len(pids) != 1 {
		return fmt.Errorf("processes %v run, not one", pids)
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		return err
	}
	task, err := s.stopped(ctx, arn)
	if err != nil {
		return err
	}
	return s.check(ctx, task, want{stop: exited, code: 137, lines: []string{"ready"}})
}

func healthy(ctx context.Context, s *soak, n int, _ *rand.Rand) error {
	arn, err := s.run(ctx, n, "checked")
	if err != nil {
		return err
	}
	_, err = s.until(ctx, arn, "HEALTHY", func(t types.Task) bool { return t.HealthStatus == types.HealthStatusHealthy })
	if err != nil {
		return err
	}
	task, err := s.stop(ctx, arn)
	if err != nil {
		return err
	}
	if task.HealthStatus == types.HealthStatusUnhealthy {
		return errors.New("it was healthy and is not")
	}
	return s.check(ctx, task, want{stop: types.TaskStopCodeUserInitiated, lines: []string{}})
}
