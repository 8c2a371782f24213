package examine

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

func TestImagesOfALocalEndpoint(t *testing.T) {
	const ref = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:1"
	for endpoint, want := range map[string]string{
		"http://localhost:4566":      "localhost:4566/123456789012/us-east-1/team/app:1",
		"http://127.0.0.1:4570/":     "127.0.0.1:4570/123456789012/us-east-1/team/app:1",
		"https://ecs.example":        ref,
		"http://192.0.2.1:4566":      ref,
		"":                           ref,
		"http://localhost.evil:4566": ref,
	} {
		got := ref
		if host := loopback(endpoint); host != "" {
			got = local(ref, host)
		}
		if got != want {
			t.Errorf("%s: %s", endpoint, got)
		}
	}
	if local("nginx:1", "localhost:4566") != "nginx:1" {
		t.Error("other registries stay")
	}
}

func request(t *testing.T, files map[string]string) (Request, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Request{TaskDef: filepath.Join(dir, "taskdef.json"), Now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}, dir
}

// A part that cannot be read is a gap; one that was named wrongly ends the
// review.
func TestGapsAndMistakes(t *testing.T) {
	req, dir := request(t, map[string]string{"taskdef.json": `{"containerDefinitions": [{"name": "app", "image": "app:1"}]}`, "broken.tar": "no archive", "src/main.go": "package main"})
	req.Image = filepath.Join(dir, "broken.tar")
	r, err := Run(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range r.Inputs {
		if in.Part == review.PartImage && (in.Read || !strings.Contains(in.Why.EN, "could not be read")) {
			t.Errorf("%+v", in)
		}
	}
	for _, res := range r.Results {
		if res.Rule.ID == "IMG-04" && res.Status != review.NotExamined {
			t.Errorf("an image nobody read: %s", res.Status)
		}
	}
	for what, change := range map[string]func(*Request){
		"source":   func(r *Request) { r.Source = filepath.Join(dir, "nowhere") },
		"file":     func(r *Request) { r.Source = filepath.Join(dir, "taskdef.json") },
		"docker":   func(r *Request) { r.Dockerfile = filepath.Join(dir, "Dockerfile") },
		"service":  func(r *Request) { r.ServiceDef = filepath.Join(dir, "taskdef.json") },
		"evidence": func(r *Request) { r.Evidence = []string{filepath.Join(dir, "nothing")} },
		"settings": func(r *Request) { r.Settings = filepath.Join(dir, "nothing") },
		"prices":   func(r *Request) { r.Prices = filepath.Join(dir, "nothing") },
		"vulndb":   func(r *Request) { r.VulnDB = filepath.Join(dir, "nothing") },
		"rule":     func(r *Request) { r.Options.Only = []string{"NO-1"} },
	} {
		bad, _ := request(t, map[string]string{"taskdef.json": `{"requiresCompatibilities": ["FARGATE"], "containerDefinitions": [{"name": "app"}]}`})
		change(&bad)
		if _, err := Run(context.Background(), bad); err == nil {
			t.Errorf("%s: a mistake is no gap", what)
		}
	}
	bad := Request{SBOM: io.Discard, TaskDef: req.TaskDef}
	if _, err := Run(context.Background(), bad); err == nil || !strings.Contains(err.Error(), "inventory") {
		t.Errorf("an inventory of nothing: %v", err)
	}
}

func TestFingerprints(t *testing.T) {
	a, b := printer(), printer()
	if first, again := a("x"), a("x"); first != again || first == a("y") || first == b("x") {
		t.Error("equal within a review, unlike any other's")
	}
}

func TestEnvironments(t *testing.T) {
	_, dir := request(t, map[string]string{
		"ours/taskdef.json": `{"containerDefinitions": [{"name": "app"}]}`, "ours/service.json": `{"serviceName": "web"}`,
		"theirs/ecs-task-def.jsonnet": `{containerDefinitions: [{name: 'app'}]}`, "empty/README": "x",
	})
	for name, service := range map[string]bool{"ours": true, "theirs": false, "ours/taskdef.json": false} {
		s, err := Environment(context.Background(), filepath.Join(dir, name), Request{})
		if err != nil || !s.TaskDef.OK || s.Service.OK != service {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Environment(context.Background(), filepath.Join(dir, "empty"), Request{}); err == nil || !strings.Contains(err.Error(), "taskdef.json") {
		t.Error(err)
	}
}
