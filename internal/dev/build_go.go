package dev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/hatoba/hatoba/internal/image"
)

// program finds the one Go program in a folder or below it.
func program(ctx context.Context, dir string) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", fmt.Errorf("%s holds a Go program, and there is no go on the PATH to build it", dir)
	}
	out, err := goTool(ctx, dir, runtime.GOARCH, "list", "-e", "-f", `{{if eq .Name "main"}}{{.Dir}}{{end}}`, ".", "./...")
	if err != nil {
		return "", err
	}
	var found []string
	for _, line := range lines(out) {
		rel, err := filepath.Rel(dir, line)
		if err != nil {
			return "", err
		}
		if rel == "." {
			return ".", nil
		}
		if rel = "./" + rel; len(found) == 0 || found[len(found)-1] != rel {
			found = append(found, rel)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%s: no Go program (package main) in it", dir)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%s holds several Go programs: say which with build.package in %s: %s", dir, SettingsName, strings.Join(found, ", "))
}

// goImage builds a static program and makes an image of it alone.
func (s source) goImage(ctx context.Context, scratch string) (built, error) {
	file := filepath.Join(scratch, "program")
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file}, s.args...)
	if _, err := goTool(ctx, s.dir, s.arch, append(args, s.pkg)...); err != nil {
		return built{}, err
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return built{}, err
	}
	files := []image.File{{Name: strings.TrimPrefix(s.path, "/"), Body: body, Mode: 0o755}}
	if roots, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt"); err == nil {
		files = append(files, image.File{Name: "etc/ssl/certs/ca-certificates.crt", Body: roots, Mode: 0o644})
	}
	img, err := image.Compose(image.Composition{Arch: s.arch, Files: files, Entrypoint: []string{s.path}})
	return built{Image: img}, err
}

// folders are those a Go program is built from, outside of the module cache.
func (s source) folders(ctx context.Context) []string {
	if s.kind != KindGo {
		return nil
	}
	out, err := goTool(ctx, s.dir, s.arch, "list", "-e", "-deps", "-f", `{{if and .Module .Module.Main}}{{.Dir}}{{end}}`, s.pkg)
	if err != nil {
		return nil // the build will say it
	}
	return lines(out)
}

// lines are those of a tool's output that are not empty.
func lines(out string) []string {
	return strings.FieldsFunc(out, func(r rune) bool { return r == '\n' })
}

func goTool(ctx context.Context, dir, arch string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	// cmd.Environ has dir as PWD: behind a symbolic link go names folders as dir does.
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if text := strings.TrimSpace(errs.String()); text != "" {
			return "", errors.New(text)
		}
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return out.String(), nil
}
