package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// pollEvery is how often a task's state is asked for: what is measured is at
// most this much too long.
const pollEvery = 2 * time.Millisecond

// hatoba is the product: its real binary, used through AWS's SDK.
type hatoba struct {
	binary, dir, listen string
	name, family        string // of the row, and of the task definition
	process             *exec.Cmd
	pinned              bool // runs on the second CPU only
	flags               []string
	ecs                 *ecs.Client
	logs                *cloudwatchlogs.Client
}

func newHatoba(binary, dir string) (*hatoba, error) {
	spare, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &hatoba{binary: binary, dir: dir, listen: spare.Addr().String(), name: "hatoba", family: "bench"}
	config := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + h.listen),
		Credentials: credentials.NewStaticCredentialsProvider(benchKey, benchSecret, ""),
	}
	h.ecs, h.logs = ecs.NewFromConfig(config), cloudwatchlogs.NewFromConfig(config)
	return h, spare.Close()
}

func (h *hatoba) title() string { return h.name }

// wide is the same Hatoba with tasks of two CPUs: what a start costs when the
// task's CPU quota does not slow it down.
func (h *hatoba) wide() *hatoba {
	w := *h
	w.name, w.family = "hatoba, tasks of 2 vCPU", "bench-wide"
	return &w
}

func (h *hatoba) command(args ...string) *exec.Cmd {
	cmd := exec.Command(h.binary, append(args, "--data-dir", h.dir, "--listen", h.listen, "--log-level", "warn")...)
	cmd.Env = append(os.Environ(), "HATOBA_CONFIG=")
	return cmd
}

// up starts Hatoba and returns how long it took to answer that it is well.
func (h *hatoba) up(ctx context.Context) (time.Duration, error) {
	log, err := os.OpenFile(h.dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	h.process = h.command(append([]string{"up"}, h.flags...)...)
	if h.pinned {
		h.process.Path, h.process.Args = "/usr/bin/taskset", append([]string{"taskset", "-c", "1", h.binary}, h.process.Args[1:]...)
	}
	h.process.Stderr = log
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	took, err := startUp(ctx, h.process, client, "http://"+h.listen+"/_hatoba/health")
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		return 0, fmt.Errorf("hatoba up: %w: %s", err, lastLines(text, 3))
	}
	return took, nil
}

// down ends Hatoba and leaves its containers.
func (h *hatoba) down() error {
	if h.process == nil {
		return nil
	}
	_ = h.process.Process.Signal(syscall.SIGTERM)
	err := h.process.Wait()
	h.process = nil
	return err
}

// end ends Hatoba and its tasks, and takes away all it made.
func (h *hatoba) end() error {
	out, err := h.command("stop").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("hatoba stop: %w: %s", err, out)
	}
	if h.process != nil {
		err = errors.Join(err, h.process.Wait())
		h.process = nil
	}
	return err
}

// prepare brings in image and task definition, and makes the image present.
func (h *hatoba) prepare(ctx context.Context, archive string) error {
	if out, err := h.command("image", "import", archive).CombinedOutput(); err != nil {
		return fmt.Errorf("hatoba image import: %w: %s", err, out)
	}
	for _, d := range []struct{ family, cpu, memory string }{{h.family, "256", "512"}, {h.wide().family, "2048", "4096"}} {
		if err := h.register(ctx, d.family, d.cpu, d.memory); err != nil {
			return err
		}
	}
	_, err := h.launch(ctx)
	return err
}

func (h *hatoba) register(ctx context.Context, family, cpu, memory string) error {
	return h.registerImage(ctx, family, "123456789012.dkr.ecr.us-east-1.amazonaws.com/"+imageName, cpu, memory)
}

func (h *hatoba) registerImage(ctx context.Context, family, image, cpu, memory string) error {
	_, err := h.ecs.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: &family, NetworkMode: types.NetworkModeAwsvpc, Cpu: &cpu, Memory: &memory,
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ExecutionRoleArn:        aws.String("arn:aws:iam::123456789012:role/bench"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("stamp"), Image: &image,
			LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
				"awslogs-group": "/bench", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "b", "awslogs-create-group": "true",
			}},
		}},
	})
	return err
}

func (h *hatoba) runTasks(ctx context.Context, n int) (arns []string, err error) {
	out, err := h.ecs.RunTask(ctx, &ecs.RunTaskInput{
		TaskDefinition: &h.family, Count: aws.Int32(int32(n)), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: []string{"subnet-0a1b2c3d4e5f60718"}, SecurityGroups: []string{"sg-0123456789abcdef0"},
		}},
	})
	if err != nil {
		return nil, err
	}
	if len(out.Failures) > 0 {
		return nil, fmt.Errorf("run-task: %s", aws.ToString(out.Failures[0].Reason))
	}
	for _, t := range out.Tasks {
		arns = append(arns, aws.ToString(t.TaskArn))
	}
	return arns, nil
}

// await waits until all tasks are in a state, and returns the last answer.
func (h *hatoba) await(ctx context.Context, arns []string, want string, every time.Duration) ([]types.Task, error) {
	for {
		out, err := h.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Tasks: arns})
		if err != nil {
			return nil, err
		}
		there := 0
		for _, t := range out.Tasks {
			switch aws.ToString(t.LastStatus) {
			case want:
				there++
			case "STOPPED":
				return nil, fmt.Errorf("task stopped: %s", aws.ToString(t.StoppedReason))
			}
		}
		if there == len(arns) {
			return out.Tasks, nil
		}
		time.Sleep(every)
	}
}

func (h *hatoba) stopNow(ctx context.Context, arn string) error {
	_, err := h.ecs.StopTask(ctx, &ecs.StopTaskInput{Task: &arn})
	return err
}

func (h *hatoba) stop(ctx context.Context, arns []string) error {
	err := eightWay(len(arns), func(i int) error { return h.stopNow(ctx, arns[i]) })
	if err != nil {
		return err
	}
	_, err = h.await(ctx, arns, "STOPPED", 20*time.Millisecond)
	return err
}

func (h *hatoba) launch(ctx context.Context) (out sample, err error) {
	begin := time.Now()
	arns, err := h.runTasks(ctx, 1)
	if err != nil {
		return out, err
	}
	answered := time.Since(begin)
	tasks, err := h.await(ctx, arns, "RUNNING", pollEvery)
	if err != nil {
		return out, err
	}
	out.running = time.Since(begin)
	if out.exec, err = h.stamp(ctx, arns[0], begin); err != nil {
		return out, err
	}
	out.phases = taskPhases(tasks[0], begin, answered, out)
	return out, h.stop(ctx, arns)
}

// taskPhases cuts a start at the times the API shows of it, which are whole
// milliseconds.
func taskPhases(t types.Task, begin time.Time, answered time.Duration, s sample) []phase {
	at := func(v *time.Time) time.Duration { return aws.ToTime(v).Sub(begin) }
	return []phase{
		{"RunTask answered", answered},
		{"RunTask called → image looked up", at(t.PullStartedAt)},
		{"image looked up → known present", at(t.PullStoppedAt) - at(t.PullStartedAt)},
		{"image present → first instruction", s.exec - at(t.PullStoppedAt)},
		{"first instruction → runtime says started", at(t.StartedAt) - s.exec},
		{"started → RUNNING seen by the API", s.running - at(t.StartedAt)},
	}
}

// stamp reads the time the task printed from its log.
func (h *hatoba) stamp(ctx context.Context, arn string, begin time.Time) (time.Duration, error) {
	stream := "b/stamp/" + arn[strings.LastIndex(arn, "/")+1:]
	for ctx.Err() == nil {
		out, err := h.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
			LogGroupName: aws.String("/bench"), LogStreamName: &stream, StartFromHead: aws.Bool(true),
		})
		if err != nil {
			return 0, err
		}
		if len(out.Events) > 0 {
			return since(aws.ToString(out.Events[0].Message), begin)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0, ctx.Err()
}

// fill runs n tasks, ten with each call as AWS allows, the calls at once.
func (h *hatoba) fill(ctx context.Context, n int) (arns []string, took time.Duration, err error) {
	calls := (n + 9) / 10
	parts := make([][]string, calls)
	begin := time.Now()
	err = eightWay(calls, func(i int) (err error) {
		parts[i], err = h.runTasks(ctx, min(10, n-10*i))
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	for _, p := range parts {
		arns = append(arns, p...)
	}
	_, err = h.await(ctx, arns, "RUNNING", 5*pollEvery)
	return arns, time.Since(begin), err
}

func (h *hatoba) burst(ctx context.Context, n int) (time.Duration, error) {
	arns, took, err := h.fill(ctx, n)
	if err != nil {
		return took, err
	}
	return took, h.stop(ctx, arns)
}

func (h *hatoba) shims() ([]int, error) {
	return processes("hatoba-shim", h.dir)
}
