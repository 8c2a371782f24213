package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/test/harness"
)

// pluginDir is what plugin made, for TestMain to remove.
var pluginDir string

// plugin builds AWS's session manager plugin once, from the Go module proxy, in
// the version that test/e2e/plugin pins.
var plugin = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hatoba-plugin-")
	if err != nil {
		return "", err
	}
	pluginDir = dir
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "session-manager-plugin"), "github.com/aws/session-manager-plugin/src/sessionmanagerplugin-main")
	cmd.Dir = "plugin"
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

// terminal is a program on a pseudo-terminal of its own.
type terminal struct {
	*testing.T
	cmd  *exec.Cmd
	file *os.File

	mu   sync.Mutex
	text bytes.Buffer
	seen int // bytes of text that were looked at
	done chan struct{}
}

func openTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	ptmx, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(ptmx.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(ptmx.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	pts, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pts.Close()
	term := &terminal{T: t, cmd: cmd, file: ptmx, done: make(chan struct{})}
	term.resize(80, 24)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = pts, pts, pts
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go term.read()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		ptmx.Close()
		<-term.done
	})
	return term
}

func (t *terminal) read() {
	defer close(t.done)
	b := make([]byte, 64<<10)
	for {
		n, err := t.file.Read(b)
		t.mu.Lock()
		t.text.Write(b[:n])
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (t *terminal) resize(cols, rows uint16) {
	if err := unix.IoctlSetWinsize(int(t.file.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: cols, Row: rows}); err != nil {
		t.Fatal(err)
	}
}

func (t *terminal) write(text string) {
	if _, err := t.file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// until waits for a text that was not looked at yet, and returns what came up
// to its end.
func (t *terminal) until(text string) string {
	t.Helper()
	for deadline := time.Now().Add(2 * harness.Patience); ; time.Sleep(10 * time.Millisecond) {
		t.mu.Lock()
		rest := t.text.Bytes()[t.seen:]
		at := bytes.Index(rest, []byte(text))
		if at >= 0 {
			t.seen += at + len(text)
			out := string(rest[:at+len(text)])
			t.mu.Unlock()
			return out
		}
		tail := string(rest[max(0, len(rest)-500):])
		t.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("%q does not come; the end is %q", text, tail)
		}
	}
}

// ends waits for the program's end and returns its exit code.
func (t *terminal) ends() int {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- t.cmd.Wait() }()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode()
		}
		return 0
	case <-time.After(2 * harness.Patience):
		t.Fatal("the program does not end")
		return 0
	}
}

func execTask(w *harness.World) string {
	w.Image()
	c := w.Container("app", "print", "up")
	c.User, c.ReadonlyRootFilesystem = aws.String("1000"), aws.Bool(true)
	c.Environment = []types.KeyValuePair{{Name: aws.String("COLOUR"), Value: aws.String("blue")}}
	w.Register("exec", nil, c)
	arn := w.Run("exec", func(in *ecs.RunTaskInput) { in.EnableExecuteCommand = true })
	w.Until(arn, "RUNNING")
	return arn
}

// awsExec is `aws ecs execute-command`, which runs AWS's plugin.
func awsExec(t *testing.T, w *harness.World, task, command string) *exec.Cmd {
	t.Helper()
	dir, err := plugin()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("aws", "ecs", "execute-command", "--task", task, "--interactive", "--command", command)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL=http://"+w.Listen, "AWS_DEFAULT_REGION="+harness.Region, "AWS_REGION="+harness.Region,
		"AWS_ACCESS_KEY_ID="+harness.Account, "AWS_SECRET_ACCESS_KEY=x", "PATH="+dir+":"+os.Getenv("PATH"))
	return cmd
}

// flood is what the test's shell floods with.
func flood(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return string(b)
}

// AWS's own CLI and session manager plugin open a shell: it is root's, has the
// size of the terminal, hears Ctrl-C, and loses nothing.
func TestExecWithAWSPlugin(t *testing.T) {
	w := harness.Start(t)
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("the aws CLI is not here")
	}
	task := execTask(w)
	term := openTerminal(t, awsExec(t, w, task, "/app shell"))
	term.until("$ ")
	term.write("who\n")
	term.until("uid 0 xterm-256color blue")
	term.write("size\n")
	term.until("size 80 24")
	term.resize(132, 40)
	w.Eventually("the new size arrives", func() bool {
		term.write("size\n")
		return strings.Contains(term.until("$ "), "size 132 40")
	})
	term.write("wait\n")
	term.until("waiting")
	term.write("\x03")
	term.until("interrupted")
	second := openTerminal(t, awsExec(t, w, task, "/app shell"))
	second.until("$ ")
	const size = 10 << 20
	term.write(fmt.Sprintf("flood %d\n", size))
	term.until(fmt.Sprintf("flood %d", size))
	second.write("who\n")
	second.until("uid 0")
	got := strings.NewReplacer("\r", "", "\n", "").Replace(term.until("the flood has ended"))
	if got != flood(size)+"the flood has ended" {
		t.Errorf("%d characters of %d are not those that were written", len(got), size)
	}
	term.write("exit 3\n")
	term.until("Exiting session with sessionId: ecs-execute-command-")
	if code := term.ends(); code != 0 {
		t.Errorf("aws ended with %d", code)
	}
	w.Stop(task)
	second.until("Exiting session with sessionId: ecs-execute-command-")
	second.ends()
	// The container logs to /e2e, and so do its sessions.
	streams, err := w.Logs.DescribeLogStreams(context.Background(), &cloudwatchlogs.DescribeLogStreamsInput{
		LogGroupName: aws.String("/e2e"), LogStreamNamePrefix: aws.String("ecs-execute-command-"),
	})
	if err != nil || len(streams.LogStreams) != 2 {
		t.Errorf("%+v %v", streams, err)
	}
}

// What AWS refuses is refused in AWS's words.
func TestExecRefusals(t *testing.T) {
	w := harness.Start(t)
	task := execTask(w)
	term := openTerminal(t, awsExec(t, w, task, "/nothing here"))
	term.until("SessionId: ecs-execute-command-")
	term.until(" : ----------ERROR-------")
	term.until("Unable to start command: Failed to start pty: fork/exec /nothing: no such file or directory")
	term.ends()
	w.Register("two", nil, w.Container("app", "print", "up"), w.Container("side", "print", "up"))
	without, two := w.Run("exec"), w.Run("two", func(in *ecs.RunTaskInput) { in.EnableExecuteCommand = true })
	w.Until(without, "RUNNING")
	w.Until(two, "RUNNING")
	for name, c := range map[string]struct {
		in   ecs.ExecuteCommandInput
		want string
	}{
		"not interactive":    {ecs.ExecuteCommandInput{Task: &task}, "InvalidParameterException: Interactive is the only mode supported currently"},
		"no such task":       {ecs.ExecuteCommandInput{Task: aws.String(strings.Repeat("0", 32)), Interactive: true}, "InvalidParameterException: The referenced task was not found"},
		"no such container":  {ecs.ExecuteCommandInput{Task: &task, Container: aws.String("zz"), Interactive: true}, "InvalidParameterException: The container does not exist in the task"},
		"which container":    {ecs.ExecuteCommandInput{Task: &two, Interactive: true}, "InvalidParameterException: A container name must be specified"},
		"not enabled":        {ecs.ExecuteCommandInput{Task: &without, Interactive: true}, "InvalidParameterException: The execute command failed because execute command was not enabled when the task was run or the execute command agent isn't running. Wait and try again or run a new task with execute command enabled and try again."},
		"an unended quote":   {ecs.ExecuteCommandInput{Task: &task, Command: aws.String("sh 'x"), Interactive: true}, "InvalidParameterException: The command cannot be read: EOF found when expecting closing quote"},
		"no such cluster":    {ecs.ExecuteCommandInput{Task: &task, Cluster: aws.String("zz"), Interactive: true}, "ClusterNotFoundException"},
		"a command of blank": {ecs.ExecuteCommandInput{Task: &task, Command: aws.String(" "), Interactive: true}, "InvalidParameterException: Command cannot be empty"},
	} {
		if c.in.Command == nil {
			c.in.Command = aws.String("/app shell")
		}
		if _, err := w.ECS.ExecuteCommand(context.Background(), &c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	agents := harness.ByName(w.Task(task), "app").ManagedAgents
	if len(agents) != 1 || aws.ToString(agents[0].LastStatus) != "RUNNING" || agents[0].LastStartedAt == nil {
		t.Errorf("%+v", agents)
	}
	if agents := harness.ByName(w.Stop(task), "app").ManagedAgents; len(agents) != 1 || aws.ToString(agents[0].LastStatus) != "STOPPED" {
		t.Errorf("%+v", agents)
	}
}

// A session ends with Hatoba, however that ends, and leaves nothing in the
// container.
func TestExecAndRestart(t *testing.T) {
	w := harness.Start(t)
	task := execTask(w)
	const mark = "exec-and-restart"
	for name, end := range map[string]func(){"kill": w.Kill, "term": w.Down} {
		term := openTerminal(t, awsExec(t, w, task, "/app shell "+mark))
		term.until("$ ")
		w.Eventually("the shell runs", func() bool { return shells(mark) == 1 })
		end()
		w.Up()
		w.Eventually(name+": the shell is gone", func() bool { return shells(mark) == 0 })
		term.until("ession") // "Exiting session", or "Session: … timed out."
		term.ends()
		w.Until(task, "RUNNING")
	}
}

// shells counts the test's shells with a mark.
func shells(mark string) (n int) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	shell := regexp.MustCompile(`^/app\x00shell\x00` + mark)
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && shell.Match(b) {
			n++
		}
	}
	return n
}

// hatoba exec needs no plugin: pipes, both output streams, the exit code, and a
// terminal where there is one.
func TestHatobaExec(t *testing.T) {
	w := harness.Start(t)
	task := execTask(w)
	run := func(in string, args ...string) (out, problems string, code int) {
		cmd := exec.Command(harness.Binary(t, "hatoba"), append([]string{"--data-dir", w.Dir, "--listen", w.Listen, "exec"}, args...)...)
		var o, e bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &o, &e
		if err := cmd.Run(); err != nil {
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatal(err)
			}
			code = exit.ExitCode()
		}
		return o.String(), e.String(), code
	}
	input := flood(3 << 20)
	if out, problems, code := run(input, "-i", task, "--", "/app", "copy"); out != input || code != 0 {
		t.Errorf("%d of %d bytes came back, exit %d: %s", len(out), len(input), code, problems)
	}
	if out, problems, code := run("", task, "-c", "app", "--", "/app", "fail", "42"); out != "to stdout\n" || problems != "to stderr\n" || code != 42 {
		t.Errorf("%q %q %d", out, problems, code)
	}
	if out, _, code := run("unheard", task, "--", "/app", "copy"); out != "" || code != 0 {
		t.Errorf("%q %d", out, code)
	}
	if _, problems, code := run("", task, "--", "/nothing"); code != 126 || !strings.Contains(problems, "fork/exec /nothing: no such file or directory") {
		t.Errorf("%q %d", problems, code)
	}
	if _, problems, code := run("", "ffff", "--", "/app"); code != 1 || !strings.Contains(problems, "no running task ffff") {
		t.Errorf("%q %d", problems, code)
	}
	if _, problems, code := run("", "-t", task, "--", "/app"); code != 1 || !strings.Contains(problems, "not a terminal") {
		t.Errorf("%q %d", problems, code)
	}
	id := task[strings.LastIndex(task, "/")+1:][:8]
	term := openTerminal(t, exec.Command(harness.Binary(t, "hatoba"), "--data-dir", w.Dir, "--listen", w.Listen, "exec", "-it", id, "--", "/app", "shell"))
	term.until("$ ")
	term.write("size\r")
	term.until("size 80 24")
	term.resize(100, 50)
	w.Eventually("the new size arrives", func() bool {
		term.write("size\r")
		return strings.Contains(term.until("$ "), "size 100 50")
	})
	term.write("wait\r")
	term.until("waiting")
	term.write("\x03")
	term.until("interrupted")
	const size = 1 << 20
	term.write(fmt.Sprintf("flood %d\r", size))
	term.until(fmt.Sprintf("flood %d", size))
	if got := strings.NewReplacer("\r", "", "\n", "").Replace(term.until("the flood has ended")); got != flood(size)+"the flood has ended" {
		t.Errorf("%d characters of %d are not those that were written", len(got), size)
	}
	term.write("exit 7\r")
	if code := term.ends(); code != 7 {
		t.Errorf("exit %d", code)
	}
}
