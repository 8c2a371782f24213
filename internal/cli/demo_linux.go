package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hatoba/hatoba/internal/app"
	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/image"
)

func demoCommand(s *settings) *cobra.Command {
	d := &demo{told: map[string]bool{}}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job from nothing: an unchanged task definition as real containers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			values, err := s.values()
			if err != nil {
				return err
			}
			if values["data-dir"].Origin == config.FromDefault {
				values["data-dir"] = config.Value{Text: ".demo", Origin: config.FromDefault}
			}
			values["stop-tasks-on-exit"] = config.Value{Text: "true", Origin: config.FromFlag}
			if d.cfg, err = values.Check(); err != nil {
				return err
			}
			d.out, d.in = cmd.OutOrStdout(), cmd.InOrStdin()
			d.cfg.LogLevel = "warn"
			return d.run(cmd)
		},
	}
	cmd.Flags().StringVar(&d.dir, "dir", "examples/web", "folder with the sample's taskdef.json and Go source")
	cmd.Flags().StringVar(&d.binary, "app", "", "the sample as a static binary (default: built from --dir with go)")
	return cmd
}

// demo is one run of the demonstration.
type demo struct {
	cfg         config.Config
	dir, binary string
	out         io.Writer
	in          io.Reader
	task        ecstypes.Task
	behind      demoService
	told        map[string]bool // events of the service
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func (d *demo) step(format string, args ...any) {
	fmt.Fprintf(d.out, "\n\x1b[1m== "+format+"\x1b[0m\n", args...)
}

// run starts a Hatoba in this process, shows the job, and ends it with its
// tasks, so that nothing is left behind.
func (d *demo) run(cmd *cobra.Command) error {
	if d.binary == "" {
		if err := d.compile(cmd.Context()); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(cmd.Context())
	ready, ended := make(chan app.Ready, 1), make(chan error, 1)
	go func() { ended <- app.Run(ctx, d.cfg, logger(cmd, d.cfg), func(r app.Ready) { ready <- r }) }()
	select {
	case err := <-ended:
		stop()
		return err
	case r := <-ready:
		d.cfg.Listen = r.Listen
		d.step("Hatoba is ready after %s at %s", r.Took, endpoint(d.cfg))
		d.say("tasks live in %s behind bridge %s, on %s", r.VPC, r.Bridge, r.Runtime)
	}
	err := d.show(ctx)
	if err == nil {
		d.next()
		d.wait(cmd.Context())
	}
	d.step("Stopping: the tasks are ended, and nothing is left behind")
	d.clear(ctx)
	stop()
	return errors.Join(err, <-ended)
}

// compile builds the sample as a static binary.
func (d *demo) compile(ctx context.Context) error {
	d.step("Building the sample service from %s", d.dir)
	d.binary = filepath.Join(d.cfg.DataDir, "web")
	if err := os.MkdirAll(d.cfg.DataDir, 0o700); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", d.binary, "./"+filepath.Clean(d.dir))
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s(the demo needs Go and this checkout; or give the binary with --app)", d.dir, err, out)
	}
	return nil
}

// show does the job, step by step.
func (d *demo) show(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.push, d.store, d.register, d.runTask, d.follow, d.curl, d.logs, d.balance, d.roll, d.breakIt, d.drill, d.review} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) push(ctx context.Context) error {
	d.step("An image from one static binary, pushed to the built-in registry")
	ref, digest, err := buildAndPush(ctx, d.cfg, "web:1", image.Recipe{Binary: d.binary, Name: "/web", Arch: runtime.GOARCH, Ports: []string{"8080/tcp"}})
	if err == nil {
		d.say("%s\n%s", ref, digest)
	}
	return err
}

func (d *demo) store(ctx context.Context) error {
	d.step("A secret and a parameter")
	_, err := secretsmanager.NewFromConfig(sdk(d.cfg)).CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String("web/db"), SecretString: aws.String(`{"password":"correct horse battery staple"}`),
	})
	var exists *smtypes.ResourceExistsException
	if err != nil && !errors.As(err, &exists) {
		return err
	}
	_, err = ssm.NewFromConfig(sdk(d.cfg)).PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String("/web/api-key"), Type: ssmtypes.ParameterTypeSecureString, Value: aws.String("k3y-of-the-demo"), Overwrite: aws.Bool(true),
	})
	if err == nil {
		d.say("secretsmanager web/db (key password)   ssm /web/api-key (SecureString)")
	}
	return err
}

func (d *demo) register(ctx context.Context) error {
	d.step("The task definition, unchanged: %s", filepath.Join(d.dir, "taskdef.json"))
	in := &ecs.RegisterTaskDefinitionInput{}
	if err := readJSON(filepath.Join(d.dir, "taskdef.json"), in); err != nil {
		return err
	}
	out, err := ecs.NewFromConfig(sdk(d.cfg)).RegisterTaskDefinition(ctx, in)
	if err == nil {
		d.say("%s", aws.ToString(out.TaskDefinition.TaskDefinitionArn))
		d.say("image %s", aws.ToString(out.TaskDefinition.ContainerDefinitions[0].Image))
	}
	return err
}

func (d *demo) runTask(ctx context.Context) error {
	network := &ecstypes.NetworkConfiguration{}
	if err := readJSON(filepath.Join(d.dir, "network.json"), network); err != nil {
		return err
	}
	d.step("aws ecs run-task --launch-type FARGATE (subnet %s)", network.AwsvpcConfiguration.Subnets[0])
	out, err := ecs.NewFromConfig(sdk(d.cfg)).RunTask(ctx, &ecs.RunTaskInput{
		TaskDefinition: aws.String("web"), LaunchType: ecstypes.LaunchTypeFargate, NetworkConfiguration: network,
	})
	if err != nil {
		return err
	}
	if len(out.Failures) > 0 {
		return fmt.Errorf("run-task: %s %s", aws.ToString(out.Failures[0].Reason), aws.ToString(out.Failures[0].Detail))
	}
	d.task = out.Tasks[0]
	d.say("%s", aws.ToString(d.task.TaskArn))
	return nil
}

// follow prints the task's states until it is RUNNING and HEALTHY.
func (d *demo) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	client, start, shown := ecs.NewFromConfig(sdk(d.cfg)), time.Now(), ""
	for {
		out, err := client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Tasks: []string{aws.ToString(d.task.TaskArn)}})
		if err != nil {
			return err
		}
		if len(out.Tasks) == 0 {
			return errors.New("the task is gone")
		}
		d.task = out.Tasks[0]
		now := fmt.Sprintf("%-14s %-8s address %s", aws.ToString(d.task.LastStatus), d.task.HealthStatus, taskAddress(d.task))
		if now != shown {
			d.say("%6d ms  %s", time.Since(start).Milliseconds(), now)
			shown = now
		}
		switch {
		case aws.ToString(d.task.LastStatus) == "STOPPED":
			return fmt.Errorf("the task stopped: %s", aws.ToString(d.task.StoppedReason))
		case aws.ToString(d.task.LastStatus) == "RUNNING" && d.task.HealthStatus == ecstypes.HealthStatusHealthy:
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (d *demo) curl(ctx context.Context) error {
	url := "http://" + taskAddress(d.task) + ":8080/"
	d.step("curl %s: the task on its own address", url)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Client{Timeout: 5 * time.Second}).Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return err
	}
	text := strings.TrimSpace(string(body))
	d.say("%s", text)
	if !strings.Contains(text, `"DB_PASSWORD"`) || !strings.Contains(text, `"API_KEY"`) {
		return errors.New("the task does not see its secrets")
	}
	return nil
}

// logs prints the task's log once its request is in it.
func (d *demo) logs(ctx context.Context) error {
	d.step("Its log in CloudWatch Logs, /ecs/web: the secrets by name, never by value")
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client := cloudwatchlogs.NewFromConfig(sdk(d.cfg))
	stream := "ecs/web/" + lastPart(d.task.TaskArn)
	for {
		out, err := client.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
			LogGroupName: aws.String("/ecs/web"), LogStreamName: &stream, StartFromHead: aws.Bool(true),
		})
		if err != nil {
			return err
		}
		if len(out.Events) >= 2 {
			for _, e := range out.Events {
				d.say("%s", aws.ToString(e.Message))
				if strings.Contains(aws.ToString(e.Message), "correct horse") {
					return errors.New("a secret's value is in the log")
				}
			}
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (d *demo) next() {
	d.step("Done. Type next, while Hatoba runs (hatoba up):")
	d.say(`  eval "$(hatoba env)"
  aws ecs run-task --task-definition web --launch-type FARGATE --network-configuration file://examples/web/network.json
  hatoba ps
  hatoba logs -f /ecs/web
  aws ecs stop-task --task TASK
  hatoba stop`)
}

// wait lets a person look around; without one the demo ends by itself.
func (d *demo) wait(ctx context.Context) {
	f, ok := d.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return
	}
	d.say("\nHatoba runs until you press Enter; in another terminal: eval \"$(bin/hatoba env)\"")
	pressed := make(chan struct{})
	go func() { _, _ = bufio.NewReader(f).ReadString('\n'); close(pressed) }()
	select {
	case <-pressed:
	case <-ctx.Done():
	}
}
