package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// devFolder is a service as somebody writes it: a Go program and a task
// definition for Fargate.
var devFolder = map[string]string{
	"go.mod": "module example.com/site\n\ngo 1.26\n",
	"main.go": `package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s := &http.Server{Addr: ":8080", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, _ := os.ReadFile("/notes/note")
		fmt.Fprint(w, "one ", os.Getenv("MOOD"), string(file))
	})}
	go func() { <-ctx.Done(); fmt.Println("last words"); s.Close() }()
	fmt.Println("site begins")
	_ = s.ListenAndServe()
}
`,
	"taskdef.json": `{"family": "site", "networkMode": "awsvpc", "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"],
  "containerDefinitions": [{"name": "site", "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/site:1",
    "environment": [{"name": "MOOD", "value": "calm"}], "portMappings": [{"containerPort": 8080}]}]}
`,
}

// devLoop is a running `hatoba dev`.
type devLoop struct {
	t    *testing.T
	cmd  *exec.Cmd
	mu   sync.Mutex
	text strings.Builder
	done chan struct{}
}

func startDev(t *testing.T, w *harness.World, dir string, flags ...string) *devLoop {
	t.Helper()
	l := &devLoop{t: t, done: make(chan struct{})}
	l.cmd = exec.Command(harness.Binary(t, "hatoba"), append([]string{"dev", dir, "--data-dir", w.Dir, "--listen", w.Listen}, flags...)...)
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	l.cmd.Stderr = l.cmd.Stdout
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(l.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			l.mu.Lock()
			l.text.WriteString(lines.Text() + "\n")
			l.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = l.cmd.Process.Kill()
		<-l.done
		if t.Failed() {
			t.Logf("hatoba dev said:\n%s", l.said())
		}
	})
	return l
}

func (l *devLoop) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// end presses Ctrl-C and waits for the end.
func (l *devLoop) end() {
	l.t.Helper()
	if err := l.cmd.Process.Signal(os.Interrupt); err != nil {
		l.t.Fatal(err)
	}
	<-l.done
	if err := l.cmd.Wait(); err != nil {
		l.t.Errorf("an interrupted loop ended with %v", err)
	}
}

func writeFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var at = regexp.MustCompile(`task [0-9a-f]+ is at (http://\S+/)\n`)

// A save is a new container that serves; the old one has its last words; the end
// takes away what the loop deployed, and the files are as the user left them.
func TestDevDeploysWhatIsSaved(t *testing.T) {
	w := harness.Start(t)
	dir := writeFolder(t, devFolder)
	l := startDev(t, w, dir, "-e", "MOOD=merry")
	serves := func(n int, want string) {
		t.Helper()
		w.Eventually("the page says "+want, func() bool {
			urls := at.FindAllStringSubmatch(l.said(), -1)
			if len(urls) < n {
				return false
			}
			body, err := harness.Get(urls[n-1][1])
			return err == nil && body == want
		})
	}
	serves(1, "one merry")
	main := filepath.Join(dir, "main.go")
	saved := strings.Replace(devFolder["main.go"], "one", "two", 1)
	// Broken first: what runs goes on, and the compiler's words are shown.
	if err := os.WriteFile(main, []byte(saved+"oops\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.Eventually("the compiler's words", func() bool { return strings.Contains(l.said(), "syntax error") })
	serves(1, "one merry")
	began := time.Now()
	if err := os.WriteFile(main, []byte(saved), 0o644); err != nil {
		t.Fatal(err)
	}
	serves(2, "two merry")
	t.Logf("from save to serving: %.2f s", time.Since(began).Seconds())
	w.Eventually("last words of the first", func() bool { return strings.Contains(l.said(), "last words") })
	// A definition is saved too: another variable, the same image.
	if err := os.WriteFile(filepath.Join(dir, "hatoba.dev.yml"), []byte("mounts: [\"./notes:/notes:ro\"]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	serves(3, "two merry")
	if err := os.WriteFile(filepath.Join(dir, "notes", "note"), []byte("!"), 0o644); err != nil {
		t.Fatal(err) // the folder was made with the mount
	}
	serves(3, "two merry!")
	l.end()
	for name, want := range map[string]string{"taskdef.json": devFolder["taskdef.json"], "main.go": saved} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s is changed: %v\n%s", name, err, got)
		}
	}
	tasks, err := w.ECS.ListTasks(t.Context(), &ecs.ListTasksInput{})
	if err != nil || len(tasks.TaskArns) != 0 {
		t.Errorf("tasks that are left: %v %v", tasks, err)
	}
	revisions, err := w.ECS.ListTaskDefinitions(t.Context(), &ecs.ListTaskDefinitionsInput{Status: types.TaskDefinitionStatusActive})
	if err != nil || len(revisions.TaskDefinitionArns) != 0 {
		t.Errorf("revisions that are left: %v %v", revisions, err)
	}
}

// A task that ends by itself is told, and the next save runs it again.
func TestDevTellsOfAnEnd(t *testing.T) {
	w := harness.Start(t)
	files := map[string]string{"go.mod": devFolder["go.mod"], "taskdef.json": devFolder["taskdef.json"]}
	files["main.go"] = "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\tfmt.Println(\"no config\")\n\tos.Exit(3)\n}\n"
	dir := writeFolder(t, files)
	l := startDev(t, w, dir)
	w.Eventually("the exit is told", func() bool {
		return strings.Contains(l.said(), "site exited with 3") && strings.Contains(l.said(), "no config")
	})
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(devFolder["main.go"]), 0o644); err != nil {
		t.Fatal(err)
	}
	w.Eventually("it serves", func() bool { return at.MatchString(l.said()) })
	l.end()
}

// With a service definition the loop makes the service, a save is a deployment
// of it, and the end deletes it; one that was there gets back what it had.
func TestDevDeploysAService(t *testing.T) {
	w := harness.Start(t)
	dir := writeFolder(t, devFolder)
	for name, text := range map[string]string{
		"service.json": `{"serviceName": "site", "desiredCount": 1, "launchType": "FARGATE",
  "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d4e5f60718"]}}}`,
		"hatoba.dev.yml": "cluster: dev\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l := startDev(t, w, dir)
	w.Eventually("the service is up", func() bool { return strings.Contains(l.said(), "service site: 1 of 1 tasks run") })
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(strings.Replace(devFolder["main.go"], "one", "two", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	w.Eventually("the second deployment is complete", func() bool {
		return strings.Count(l.said(), "deployment completed") == 2 && strings.Count(l.said(), "✓ up") == 2
	})
	for _, want := range []string{"cluster dev was not there: made", "site begins", "last words", "has reached a steady state"} {
		if !strings.Contains(l.said(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	l.end()
	out, err := w.ECS.ListClusters(t.Context(), &ecs.ListClustersInput{})
	if err != nil || slices.ContainsFunc(out.ClusterArns, func(arn string) bool { return strings.HasSuffix(arn, "/dev") }) {
		t.Errorf("clusters: %v %v", out.ClusterArns, err)
	}
}
