// Package harness starts the whole product in one call: the real binary, on a
// port and a data dir of its own, with SDK clients that reach it.
package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// The scope the worlds' clients act in.
const (
	Account = "123456789012"
	Region  = "us-east-1"
)

// Patience bounds every wait of the harness.
const Patience = time.Minute

// World is one running Hatoba.
type World struct {
	t      testing.TB
	Dir    string // data dir
	Build  string // the program Up starts; "": the one built here
	Listen string
	cmd    *exec.Cmd
	output *bytes.Buffer

	ECS     *ecs.Client
	Logs    *cloudwatchlogs.Client
	ECR     *ecr.Client
	Secrets *secretsmanager.Client
	SSM     *ssm.Client
	S3      *s3.Client
	KMS     *kms.Client
}

// NeedRoot skips a test where containers cannot be run, and says why.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 || os.Getenv("HATOBA_ROOT_TESTS") != "1" {
		t.Skip("runs containers: needs root and HATOBA_ROOT_TESTS=1")
	}
}

// Start starts a Hatoba. When the test ends, its tasks are ended and nothing
// of it may be left.
func Start(t testing.TB, flags ...string) *World {
	t.Helper()
	NeedRoot(t)
	return StartIn(t, t.TempDir(), flags...)
}

// StartIn is Start with a data dir of the test's own.
func StartIn(t testing.TB, dir string, flags ...string) *World {
	t.Helper()
	NeedRoot(t)
	w := &World{t: t, Dir: dir, Listen: freePort(t)}
	cfg := aws.Config{
		Region: Region, BaseEndpoint: aws.String("http://" + w.Listen),
		Credentials: credentials.NewStaticCredentialsProvider(Account, "x", ""),
		// The SDK's own retries stay on: its client closes a connection when the
		// answer arrives while it still looks for the end of the request's body.
	}
	w.ECS, w.Logs, w.ECR = ecs.NewFromConfig(cfg), cloudwatchlogs.NewFromConfig(cfg), ecr.NewFromConfig(cfg)
	w.Secrets, w.SSM = secretsmanager.NewFromConfig(cfg), ssm.NewFromConfig(cfg)
	w.S3, w.KMS = s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), kms.NewFromConfig(cfg)
	w.Up(flags...)
	t.Cleanup(w.end)
	return w
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// built compiles the binaries of the tests once per process.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hatoba-harness-")
	if err != nil {
		return "", err
	}
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", err
	}
	top := strings.TrimSpace(string(root))
	for _, args := range [][]string{
		{"build", "-tags", "embedshim", "-o", filepath.Join(dir, "hatoba"), "./cmd/hatoba"},
		{"build", "-o", filepath.Join(dir, "app"), "./test/e2e/app"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = top, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go %s: %w\n%s(run `make shim` first)", strings.Join(args, " "), err, out)
		}
	}
	return dir, nil
})

// Binary is the path of a binary the harness built: "hatoba" or "app".
func Binary(t testing.TB, name string) string {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// Clean removes what the harness built; call it from TestMain.
func Clean() {
	if os.Getenv("HATOBA_ROOT_TESTS") != "1" {
		return
	}
	if dir, err := built(); err == nil {
		os.RemoveAll(dir)
	}
}

// Up starts the process and returns when it answers.
func (w *World) Up(flags ...string) {
	w.t.Helper()
	w.Spawn(flags...)
	w.Eventually("Hatoba answers", w.Answers)
}

// Spawn starts the process and returns at once.
func (w *World) Spawn(flags ...string) {
	w.t.Helper()
	w.output = &bytes.Buffer{}
	program := w.Build
	if program == "" {
		program = Binary(w.t, "hatoba")
	}
	w.cmd = exec.Command(program, append([]string{"up", "--data-dir", w.Dir, "--listen", w.Listen, "--log-level", "warn"}, flags...)...)
	w.cmd.Stdout, w.cmd.Stderr = w.output, w.output
	if err := w.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
}

// Answers tells whether Hatoba is up and all its parts are well.
func (w *World) Answers() bool {
	answer, err := http.Get("http://" + w.Listen + "/_hatoba/health")
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// Kill kills the process as a crash would; its containers go on.
func (w *World) Kill() {
	w.t.Helper()
	if err := w.cmd.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
	_ = w.cmd.Wait()
}

// Down ends the process in order; its containers go on.
func (w *World) Down() {
	w.t.Helper()
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Fatal(err)
	}
	if err := w.cmd.Wait(); err != nil {
		w.t.Errorf("hatoba up ended with %v\n%s", err, w.output)
	}
}

// CLI runs a hatoba command against this world and returns what it printed.
func (w *World) CLI(args ...string) (string, error) {
	cmd := exec.Command(Binary(w.t, "hatoba"), append(args, "--data-dir", w.Dir, "--listen", w.Listen)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (w *World) end() {
	out, err := w.CLI("stop")
	if err != nil {
		w.t.Errorf("hatoba stop: %v\n%s", err, out)
	}
	_ = w.cmd.Wait()
	if w.t.Failed() {
		w.t.Logf("hatoba said:\n%s", w.output)
	}
	id, _ := os.ReadFile(filepath.Join(w.Dir, "instance"))
	for _, leak := range Leaks(strings.TrimSpace(string(id))) {
		w.t.Errorf("left behind: %s", leak)
	}
}

// Leaks lists what is there of an instance on this machine.
func Leaks(instance string) (out []string) {
	for _, file := range []string{"/proc/self/mountinfo"} {
		b, _ := os.ReadFile(file)
		for _, line := range strings.Split(string(b), "\n") {
			if strings.Contains(line, "/run/hatoba/"+instance) {
				out = append(out, "mount "+line)
			}
		}
	}
	links, _ := filepath.Glob("/sys/class/net/hb-" + instance)
	cgroups, _ := filepath.Glob("/sys/fs/cgroup/*/hatoba-" + instance)
	unified, _ := filepath.Glob("/sys/fs/cgroup/hatoba-" + instance)
	runs, _ := filepath.Glob("/run/hatoba/" + instance)
	out = append(append(append(append(out, links...), cgroups...), unified...), runs...)
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		if b, err := os.ReadFile(p); err == nil && bytes.Contains(b, []byte("/run/hatoba/"+instance)) {
			out = append(out, "process "+strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return out
}

// Eventually waits until a condition holds.
func (w *World) Eventually(what string, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	w.t.Fatalf("not within %s: %s\n%s", Patience, what, w.output)
}

// Image pushes an image of the test's app and returns its reference as a task
// definition of a real account has it.
func (w *World) Image() string {
	w.t.Helper()
	if out, err := w.CLI("image", "build", "--binary", Binary(w.t, "app"), "--arch", runtime.GOARCH, "--push", "app:1"); err != nil {
		w.t.Fatalf("image build: %v\n%s", err, out)
	}
	return Account + ".dkr.ecr." + Region + ".amazonaws.com/app:1"
}

// Container is a container definition of the app with a verb, logging to
// /e2e.
func (w *World) Container(name string, command ...string) types.ContainerDefinition {
	return types.ContainerDefinition{
		Name: aws.String(name), Image: aws.String(Account + ".dkr.ecr." + Region + ".amazonaws.com/app:1"), Command: command,
		LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
			"awslogs-group": "/e2e", "awslogs-region": Region, "awslogs-stream-prefix": "t", "awslogs-create-group": "true",
		}},
	}
}

// Register registers a Fargate definition of 256 units and 512 MiB.
func (w *World) Register(family string, change func(*ecs.RegisterTaskDefinitionInput), containers ...types.ContainerDefinition) {
	w.t.Helper()
	in := &ecs.RegisterTaskDefinitionInput{
		Family: &family, NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		Cpu: aws.String("256"), Memory: aws.String("512"), ExecutionRoleArn: aws.String("arn:aws:iam::" + Account + ":role/exec"),
		ContainerDefinitions: containers,
	}
	if change != nil {
		change(in)
	}
	if _, err := w.ECS.RegisterTaskDefinition(context.Background(), in); err != nil {
		w.t.Fatal(err)
	}
}

// Run runs a task of a family and returns its ARN.
func (w *World) Run(family string, change ...func(*ecs.RunTaskInput)) string {
	w.t.Helper()
	in := &ecs.RunTaskInput{
		TaskDefinition: &family, LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: []string{"subnet-0a1b2c3d4e5f60718"}, SecurityGroups: []string{"sg-0123456789abcdef0"},
		}},
	}
	for _, f := range change {
		f(in)
	}
	out, err := w.ECS.RunTask(context.Background(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(out.Failures) > 0 {
		w.t.Fatalf("run-task: %s %s", aws.ToString(out.Failures[0].Reason), aws.ToString(out.Failures[0].Detail))
	}
	return aws.ToString(out.Tasks[0].TaskArn)
}

// Task describes a task.
func (w *World) Task(arn string) types.Task {
	w.t.Helper()
	out, err := w.ECS.DescribeTasks(context.Background(), &ecs.DescribeTasksInput{Tasks: []string{arn}})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(out.Tasks) != 1 {
		w.t.Fatalf("no task %s: %v", arn, out.Failures)
	}
	return out.Tasks[0]
}

// Until waits until a task's last status is as wanted, and returns the task.
func (w *World) Until(arn, status string) (task types.Task) {
	w.t.Helper()
	w.Eventually("task is "+status, func() bool {
		task = w.Task(arn)
		if got := aws.ToString(task.LastStatus); got == "STOPPED" && status != got {
			w.t.Fatalf("the task stopped: %s %s; %s", task.StopCode, aws.ToString(task.StoppedReason), reasons(task))
		}
		return aws.ToString(task.LastStatus) == status
	})
	return task
}

func reasons(task types.Task) string {
	var out []string
	for _, c := range task.Containers {
		out = append(out, fmt.Sprintf("%s exit %d %s", aws.ToString(c.Name), aws.ToInt32(c.ExitCode), aws.ToString(c.Reason)))
	}
	return strings.Join(out, "; ")
}

// Stop stops a task and waits until it is STOPPED.
func (w *World) Stop(arn string) types.Task {
	w.t.Helper()
	if _, err := w.ECS.StopTask(context.Background(), &ecs.StopTaskInput{Task: &arn}); err != nil {
		w.t.Fatal(err)
	}
	return w.Until(arn, "STOPPED")
}

// Address is a task's private address.
func Address(task types.Task) string {
	for _, a := range task.Attachments {
		for _, d := range a.Details {
			if aws.ToString(d.Name) == "privateIPv4Address" {
				return aws.ToString(d.Value)
			}
		}
	}
	return ""
}

// ByName finds a container of a task.
func ByName(task types.Task, name string) types.Container {
	for _, c := range task.Containers {
		if aws.ToString(c.Name) == name {
			return c
		}
	}
	return types.Container{}
}

// Lines reads the log of a container of a task.
func (w *World) Lines(arn, container string) (out []string) {
	w.t.Helper()
	id := arn[strings.LastIndex(arn, "/")+1:]
	var token *string
	for {
		page, err := w.Logs.GetLogEvents(context.Background(), &cloudwatchlogs.GetLogEventsInput{
			LogGroupName: aws.String("/e2e"), LogStreamName: aws.String("t/" + container + "/" + id), StartFromHead: aws.Bool(true), NextToken: token,
		})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range page.Events {
			out = append(out, aws.ToString(e.Message))
		}
		if aws.ToString(page.NextForwardToken) == aws.ToString(token) {
			return out
		}
		token = page.NextForwardToken
	}
}

// sleepAWhile is the pause between two looks at something that changes by
// itself.
func sleepAWhile() { time.Sleep(50 * time.Millisecond) }

// Get fetches a page of a task's own address.
func Get(url string) (string, error) {
	answer, err := (&http.Client{Timeout: 5 * time.Second}).Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = errors.Join(err, errors.New(answer.Status))
	}
	return b.String(), err
}

// Processes counts the processes of this machine with an argument.
func Processes(arg string) int { return len(Pids(arg)) }

// Pids are the processes of this machine with an argument.
func Pids(arg string) (out []int) {
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		if b, err := os.ReadFile(p); err == nil && bytes.Contains(b, []byte("\x00"+arg+"\x00")) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(p))); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

// Pid is the process id of the running Hatoba.
func (w *World) Pid() int { return w.cmd.Process.Pid }

// OpenFiles counts the files a process has open.
func OpenFiles(pid int) int {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	return len(files)
}
