package dev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// source is where an image comes from, found out.
type source struct {
	kind  string
	dir   string // absolute
	pkg   string // the Go package, "." or ./cmd/web
	arch  string
	path  string // where the program, or the files, are in the image
	note  string // what a user should know of the choice
	base  string
	args  []string // flags of go build
	tool  string   // docker or buildah
	entry []string // the definition's entry point
}

// find finds out how the image of a container is made.
func (p *Project) find(ctx context.Context, c *ecstypes.ContainerDefinition) (source, error) {
	b := p.Settings.Build
	dir, err := filepath.Abs(p.at(b.Source))
	if err != nil {
		return source{}, err
	}
	s := source{kind: b.Kind, dir: dir, pkg: b.Package, arch: p.arch(), path: b.Path, base: b.Base, args: b.Flags}
	dockerfile := exists(filepath.Join(dir, "Dockerfile"))
	if s.kind == "" && s.pkg != "" {
		s.kind = KindGo
	}
	if s.kind == "" && dockerfile || s.kind == KindDockerfile {
		var missing error
		if s.tool, missing = builder(ctx); missing == nil {
			s.kind = KindDockerfile
			return s, nil
		}
		if s.kind == KindDockerfile || !exists(filepath.Join(dir, "go.mod")) && !goFiles(dir) {
			return s, fmt.Errorf("%s: %w", filepath.Join(dir, "Dockerfile"), missing)
		}
		s.note = fmt.Sprintf("the Dockerfile is not used: %v; the Go program is built instead", missing)
	}
	if s.kind == "" && s.base == "" && (goFiles(dir) || exists(filepath.Join(dir, "go.mod"))) {
		s.kind = KindGo
	}
	if s.kind == KindGo {
		if s.pkg == "" {
			s.pkg = p.program
		}
		if s.pkg == "" {
			if s.pkg, err = program(ctx, dir); err != nil {
				return s, err
			}
		}
		if s.path == "" {
			s.path = programPath(c)
		}
		return s, nil
	}
	s.kind, s.entry = KindFiles, c.EntryPoint
	if s.base != "" && s.path == "" {
		return s, fmt.Errorf("where in %s do the files go? Say so with build.path in %s", s.base, SettingsName)
	}
	return s, nil
}

// programPath is where a definition expects its program.
func programPath(c *ecstypes.ContainerDefinition) string {
	if len(c.EntryPoint) > 0 && path.IsAbs(c.EntryPoint[0]) {
		return c.EntryPoint[0]
	}
	return "/" + path.Base(Repository(aws.ToString(c.Image)))
}

// arch is the definition's architecture, or this machine's.
func (p *Project) arch() string {
	if a := p.Settings.Build.Arch; a != "" {
		return a
	}
	if r := p.TaskDef.RuntimePlatform; r != nil {
		switch r.CpuArchitecture {
		case ecstypes.CPUArchitectureX8664:
			return "amd64"
		case ecstypes.CPUArchitectureArm64:
			return "arm64"
		}
	}
	return runtime.GOARCH
}

// built is an image, and what to call when it has been pushed.
type built struct {
	v1.Image
	close func() error
}

func (b built) Close() {
	if b.close != nil {
		_ = b.close() // scratch files; the loop's folder is removed at its end
	}
}

// image makes the image; scratch is a folder for what it takes.
func (s source) image(ctx context.Context, scratch string, pull func(context.Context, string, string) (v1.Image, error)) (built, error) {
	switch s.kind {
	case KindGo:
		return s.goImage(ctx, scratch)
	case KindDockerfile:
		return s.dockerImage(ctx, scratch)
	case KindFiles:
		return s.filesImage(ctx, pull)
	}
	return built{}, errors.New("unknown kind of image source " + s.kind)
}

// String says what is built, for people.
func (s source) String() string {
	switch s.kind {
	case KindGo:
		return fmt.Sprintf("go build %s, as %s for %s", s.pkg, s.path, s.arch)
	case KindDockerfile:
		return "Dockerfile, with " + filepath.Base(s.tool)
	}
	if s.base != "" {
		return "files, on " + s.base
	}
	return "files"
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func goFiles(dir string) bool {
	found, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, f := range found {
		if !strings.HasSuffix(f, "_test.go") {
			return true
		}
	}
	return false
}
