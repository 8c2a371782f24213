package dev

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/fsnotify/fsnotify"
	"golang.org/x/tools/txtar"
)

// folder writes files, given as a txtar, to a folder of the test's own.
func folder(t *testing.T, files string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(files)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, dir string, flags Settings) (*Project, error) {
	t.Helper()
	return Load(t.Context(), dir, flags, func(name string) (string, bool) { return map[string]string{"TAG": "7"}[name], name == "TAG" }, nil)
}

const ecspressoFolder = `
-- ecspresso.yml --
region: us-east-1
cluster: main
service: web
service_definition: ecs-service-def.jsonnet
task_definition: ecs-task-def.json
timeout: 10m0s
plugins:
  - name: tfstate
    config: {path: terraform.tfstate}
-- terraform.tfstate --
{"version": 4, "resources": [{"mode": "managed", "type": "aws_iam_role", "name": "exec", "instances": [{"attributes": {"arn": "arn:aws:iam::123456789012:role/exec"}}]}]}
-- ecs-service-def.jsonnet --
{ launchType: 'FARGATE', desiredCount: 2, createdAt: '2024-01-01', networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-00000001'], assignPublicIp: 'ENABLED' } } }
-- ecs-task-def.json --
{ "taskDefinition": { "family": "web", "revision": 3, "networkMode": "awsvpc", "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"],
  "executionRoleArn": "{{ tfstate ` + "`aws_iam_role.exec.arn`" + ` }}",
  "containerDefinitions": [
    { "name": "proxy", "image": "envoy:1" },
    { "name": "web", "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/web:{{ must_env ` + "`TAG`" + ` }}",
      "environment": [{"name": "A", "value": "1"}], "secrets": [{"name": "B", "valueFrom": "b"}] } ] } }
`

func TestAnEcspressoFolderIsReadAsItIs(t *testing.T) {
	p, err := load(t, folder(t, ecspressoFolder), Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Cluster != "main" || aws.ToString(p.Service.ServiceName) != "web" || *p.Service.DesiredCount != 2 || p.Network.AwsvpcConfiguration.Subnets[0] != "subnet-00000001" {
		t.Errorf("got %+v", p)
	}
	c, err := p.Target()
	if err != nil || aws.ToString(c.Name) != "web" || !strings.HasSuffix(aws.ToString(c.Image), "team/web:7") {
		t.Errorf("the container of our own is %v %v", c, err)
	}
	if aws.ToString(p.TaskDef.ExecutionRoleArn) != "arn:aws:iam::123456789012:role/exec" {
		t.Errorf("the state is not asked: %s", aws.ToString(p.TaskDef.ExecutionRoleArn))
	}
	if !slices.ContainsFunc(p.Files, func(f string) bool { return filepath.Base(f) == "terraform.tfstate" }) {
		t.Errorf("the state is not watched: %v", p.Files)
	}
}

func TestOverridesLeaveTheDefinitionAsItWas(t *testing.T) {
	p, err := load(t, folder(t, ecspressoFolder), Settings{})
	if err != nil {
		t.Fatal(err)
	}
	before, _ := json.Marshal(p.TaskDef)
	o := Override{
		Container: "web", Image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/web@sha256:0", Env: map[string]string{"A": "2", "B": "3"},
		Mounts: []Mount{{Source: "/src", Path: "/site", ReadOnly: true}}, LogGroup: "/hatoba/dev/web", Region: "us-east-1",
	}
	def, err := o.Apply(p.TaskDef)
	if err != nil {
		t.Fatal(err)
	}
	if after, _ := json.Marshal(p.TaskDef); string(after) != string(before) {
		t.Error("the definition that was read is changed")
	}
	web := def.ContainerDefinitions[1]
	env := map[string]string{}
	for _, kv := range web.Environment {
		env[*kv.Name] = *kv.Value
	}
	if !maps.Equal(env, o.Env) || len(web.Secrets) != 0 {
		t.Errorf("variables %v, secrets %v: one name has one value", env, web.Secrets)
	}
	if *web.Image != o.Image || *def.ContainerDefinitions[0].Image != "envoy:1" {
		t.Errorf("images %s, %s", *def.ContainerDefinitions[0].Image, *web.Image)
	}
	if len(web.MountPoints) != 1 || *def.Volumes[0].Host.SourcePath != "/src" || !*web.MountPoints[0].ReadOnly || !slices.Equal(def.RequiresCompatibilities, []ecstypes.Compatibility{"EC2"}) {
		t.Errorf("the mount: %+v %+v %v", web.MountPoints, def.Volumes, def.RequiresCompatibilities)
	}
	s := o.Onto(*p.Service)
	if s.LaunchType != ecstypes.LaunchTypeEc2 || s.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp != "" {
		t.Errorf("the service: %s %+v", s.LaunchType, s.NetworkConfiguration.AwsvpcConfiguration)
	}
	if p.Service.LaunchType != ecstypes.LaunchTypeFargate || p.Service.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp != "ENABLED" {
		t.Error("the service that was read is changed")
	}
	if def.ContainerDefinitions[0].LogConfiguration.Options["awslogs-group"] != "/hatoba/dev/web" {
		t.Error("a container that logs nowhere has no log to follow")
	}
}

func TestWhatCannotBeMeantIsSaid(t *testing.T) {
	two := `
-- taskdef.json --
{"family": "x", "containerDefinitions": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]}
`
	for name, c := range map[string]struct{ files, want string }{
		"nothing":        {"-- README --\n", "no task definition in it"},
		"a misspelling":  {"-- taskdef.json --\n{\"family\": \"x\", \"containerDefinitons\": []}\n", `unknown field "containerDefinitons"`},
		"no json":        {"-- taskdef.json --\n{\n", "taskdef.json"},
		"which":          {two, "which of a, b is built here"},
		"no such":        {two + "-- hatoba.dev.yml --\ncontainer: c\n", "there is no container c; there is a, b"},
		"own misspelled": {two + "-- hatoba.dev.yml --\ncontaner: c\n", "contaner"},
		"kind":           {two + "-- hatoba.dev.yml --\nbuild: {kind: maven}\n", "build.kind is go, files or dockerfile"},
		"mount":          {two + "-- hatoba.dev.yml --\nmounts: ['here']\n", "SRC:/path"},
		"codedeploy":     {two + "-- ecspresso.yml --\nservice: x\ncodedeploy: {application_name: x}\n", "codedeploy is not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := load(t, folder(t, c.files), Settings{})
			if err == nil {
				_, err = p.Target()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestSettingsOfTheFolderAndOfTheCommandLine(t *testing.T) {
	p, err := load(t, folder(t, ecspressoFolder+`
-- hatoba.dev.yml --
env: {A: file, LOG: debug}
mounts: ["./site:/site:ro"]
balancers: false
`), Settings{Env: map[string]string{"A": "flag"}, Mounts: []Mount{{Source: "/x", Path: "/y"}}, Cluster: "other"})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"A": "flag", "LOG": "debug"}; !maps.Equal(p.Settings.Env, want) || len(p.Settings.Mounts) != 2 || p.Cluster != "other" {
		t.Errorf("got %+v, cluster %s", p.Settings, p.Cluster)
	}
	mounts, err := p.absolute(p.Settings.Mounts)
	if err != nil || mounts[0] != (Mount{filepath.Join(p.Dir, "site"), "/site", true}) || mounts[1] != (Mount{"/x", "/y", false}) {
		t.Errorf("mounts %+v %v", mounts, err)
	}
}

func TestRepositories(t *testing.T) {
	for ref, want := range map[string]string{
		"123456789012.dkr.ecr.us-east-1.amazonaws.com/team/web:7": "team/web",
		"web": "web", "web:1": "web", "team/web@sha256:00": "team/web", "localhost:5000/web": "web", "ghcr.io/a/b:c": "a/b", "docker.io/library/nginx:1": "nginx",
	} {
		if got := Repository(ref); got != want {
			t.Errorf("%s is of %s, not %s", ref, got, want)
		}
	}
}

func TestWhatIsBuilt(t *testing.T) {
	const def = "-- taskdef.json --\n{\"family\": \"x\", \"containerDefinitions\": [{\"name\": \"a\", \"image\": \"team/a:1\"}]}\n"
	const mod = "-- go.mod --\nmodule example.com/x\n"
	t.Setenv("PATH", filepath.Dir(goBinary(t))) // no docker, no buildah
	for name, c := range map[string]struct{ files, want, fails string }{
		"here":       {def + mod + "-- main.go --\npackage main\nfunc main() {}\n", "go build ., as /a for amd64", ""},
		"below":      {def + mod + "-- cmd/x/main.go --\npackage main\nfunc main() {}\n-- lib.go --\npackage lib\n", "go build ./cmd/x, as /a for amd64", ""},
		"several":    {def + mod + "-- cmd/x/main.go --\npackage main\nfunc main() {}\n-- cmd/y/main.go --\npackage main\nfunc main() {}\n", "", "./cmd/x, ./cmd/y"},
		"none":       {def + mod + "-- lib.go --\npackage lib\n", "", "no Go program"},
		"dockerfile": {def + "-- Dockerfile --\nFROM scratch\n", "", "needs docker or buildah"},
		"both":       {def + mod + "-- Dockerfile --\nFROM scratch\n-- main.go --\npackage main\nfunc main() {}\n", "go build ., as /a for amd64", ""},
		"files":      {def + "-- index.html --\nhello\n", "files", ""},
		"files on":   {def + "-- index.html --\nhello\n-- hatoba.dev.yml --\nbuild: {base: 'nginx:1', path: /usr/share/nginx/html}\n", "files, on nginx:1", ""},
		"where to":   {def + "-- index.html --\nhello\n-- hatoba.dev.yml --\nbuild: {base: 'nginx:1'}\n", "", "build.path"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := load(t, folder(t, c.files), Settings{Build: Build{}})
			if err != nil {
				t.Fatal(err)
			}
			p.Settings.Build.Arch = "amd64"
			target, err := p.Target()
			if err != nil {
				t.Fatal(err)
			}
			s, err := p.find(t.Context(), target)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("got %v, want %s", err, c.fails)
				}
				return
			}
			if err != nil || s.String() != c.want {
				t.Errorf("got %s %v, want %s", s, err, c.want)
			}
		})
	}
}

func goBinary(t *testing.T) string {
	t.Helper()
	out, err := goTool(context.Background(), ".", "amd64", "env", "GOROOT")
	if err != nil {
		t.Skip("no go on PATH")
	}
	return filepath.Join(strings.TrimSpace(out), "bin", "go")
}

func TestFilesBecomeAnImage(t *testing.T) {
	dir := folder(t, "-- index.html --\nhello\n-- run --\nprogram\n-- taskdef.json --\n{}\n-- .git/config --\nx\n-- css/a.css --\nx\n")
	s := source{kind: KindFiles, dir: dir, arch: "amd64"}
	if _, err := s.image(t.Context(), "", nil); err == nil || !strings.Contains(err.Error(), "0 programs") {
		t.Errorf("files without a program are no image: %v", err)
	}
	if err := os.Chmod(filepath.Join(dir, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	img, err := s.image(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil || !slices.Equal(config.Config.Entrypoint, []string{"/app/run"}) || config.Config.WorkingDir != "/app" {
		t.Errorf("%+v %v", config.Config, err)
	}
	again, err := s.image(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := img.Digest()
	if b, _ := again.Digest(); a != b {
		t.Error("the same files give two images")
	}
}

func TestDebounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &debounce{quiet: 60 * time.Millisecond, most: time.Second}
		if got := d.seen(time.Now()); got != d.quiet {
			t.Errorf("after the first event it waits %s", got)
		}
		time.Sleep(970 * time.Millisecond)
		if got := d.seen(time.Now()); got != 30*time.Millisecond {
			t.Errorf("a folder that is written all the time is waited for another %s", got)
		}
	})
}

func TestSavesAreSeenOnce(t *testing.T) {
	dir := folder(t, "-- a/x.go --\npackage a\n-- .git/HEAD --\nx\n-- node_modules/m/i.js --\nx\n")
	w, err := newWatcher([]string{"*.log"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.tree(dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.Run(ctx) }()
	write := func(name string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(time.Now().String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w.mounted.Store(&[]string{filepath.Join(dir, "site")})
	if err := os.Mkdir(filepath.Join(dir, "site"), 0o755); err != nil { // a folder without files is no save
		t.Fatal(err)
	}
	for _, name := range []string{"site/index.html", ".git/HEAD", "a/x_test.go", "a/x.go~", "a/.x.go.swp", "b.log", "node_modules/m/i.js"} {
		write(name)
	}
	for i := range 5 {
		write("a/x.go")
		_ = i
	}
	if got := <-w.changes; filepath.Base(got.name) != "x.go" || got.at.IsZero() {
		t.Errorf("got %+v", got)
	}
	write("new/folder/y.go") // made while it is watched
	if got := <-w.changes; !strings.HasPrefix(got.name, filepath.Join(dir, "new")) {
		t.Errorf("got %+v", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestPortsThatExclude(t *testing.T) {
	def := &ecstypes.TaskDefinition{ContainerDefinitions: []ecstypes.ContainerDefinition{{PortMappings: []ecstypes.PortMapping{{ContainerPort: aws.Int32(80)}}}}}
	for mode, want := range map[ecstypes.NetworkMode]bool{"awsvpc": false, "bridge": false, "host": true} {
		def.NetworkMode = mode
		if exclusive(def) != want {
			t.Errorf("%s: %v", mode, !want)
		}
	}
	def.NetworkMode, def.ContainerDefinitions[0].PortMappings[0].HostPort = "bridge", aws.Int32(80)
	if !exclusive(def) {
		t.Error("two tasks cannot have one port")
	}
}

// A module may lie in a folder whose name has a space, and be reached through a
// symbolic link.
func TestProgramsAreFoundWhereverTheyLie(t *testing.T) {
	dir := filepath.Join(folder(t, "-- my web/go.mod --\nmodule example.com/x\n-- my web/cmd/x/main.go --\npackage main\nfunc main() {}\n"), "my web")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, link} {
		if got, err := program(t.Context(), dir); err != nil || got != "./cmd/x" {
			t.Errorf("in %s: %q %v", dir, got, err)
		}
		s := source{kind: KindGo, dir: dir, pkg: "./cmd/x", arch: "amd64"}
		if got := s.folders(t.Context()); !slices.Equal(got, []string{filepath.Join(dir, "cmd", "x")}) {
			t.Errorf("of %s are watched %q", dir, got)
		}
	}
}

// A loop that would not see a save says so and ends.
func TestALoopThatSeesNothingEnds(t *testing.T) {
	w, err := newWatcher(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.notify.Close(); err != nil {
		t.Fatal(err)
	}
	l := &loop{Config: Config{Dir: t.TempDir()}, screen: screen{out: t.Output()}, watch: w}
	if err := l.attend(t.Context()); !errors.Is(err, fsnotify.ErrClosed) {
		t.Errorf("it ended with %v", err)
	}
}

func TestFoldersOfOthersAreNotWatched(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads every folder")
	}
	dir := folder(t, "-- a/x --\nx\n-- data/y --\ny\n")
	data := filepath.Join(dir, "data")
	if err := os.Chmod(data, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(data, 0o755) })
	w, err := newWatcher(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.notify.Close()
	if err := w.tree(dir); err != nil || !slices.Contains(w.notify.WatchList(), filepath.Join(dir, "a")) {
		t.Errorf("watched are %v, %v", w.notify.WatchList(), err)
	}
	if empty, err := w.made(data); !empty || err != nil {
		t.Errorf("one that is made: %v %v", empty, err)
	}
}
