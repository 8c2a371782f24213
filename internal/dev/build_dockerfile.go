package dev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hatoba/hatoba/internal/image"
)

// builder finds what builds Dockerfiles: a docker whose daemon answers, or
// buildah.
func builder(ctx context.Context) (string, error) {
	docker, err := exec.LookPath("docker")
	var silent bool
	if err == nil {
		if exec.CommandContext(ctx, docker, "version", "--format", "{{.Server.Version}}").Run() == nil {
			return docker, nil
		}
		silent = true
	}
	if buildah, err := exec.LookPath("buildah"); err == nil {
		return buildah, nil
	}
	if silent {
		return "", errors.New("docker is here, but its daemon does not answer, and there is no buildah")
	}
	return "", errors.New("building it needs docker or buildah, and neither is on the PATH")
}

// dockerImage has the Dockerfile built and takes the image from there.
func (s source) dockerImage(ctx context.Context, scratch string) (built, error) {
	const tag = "hatoba-dev:latest"
	file := filepath.Join(scratch, "image.tar")
	if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
		return built{}, err
	}
	steps := [][]string{{"build", "--platform", "linux/" + s.arch, "-t", tag, s.dir}, {"save", "-o", file, tag}}
	if filepath.Base(s.tool) == "buildah" {
		steps = [][]string{{"bud", "--layers", "--platform", "linux/" + s.arch, "-t", tag, s.dir}, {"push", tag, "oci-archive:" + file}}
	}
	for _, args := range steps {
		out, err := exec.CommandContext(ctx, s.tool, args...).CombinedOutput()
		if ctx.Err() != nil {
			return built{}, ctx.Err()
		}
		if err != nil {
			return built{}, fmt.Errorf("%s %s: %w\n%s", filepath.Base(s.tool), args[0], err, strings.TrimSpace(string(out)))
		}
	}
	archive, err := image.Open(file)
	if err != nil {
		return built{}, err
	}
	if archive.Image == nil {
		archive.Close()
		return built{}, fmt.Errorf("%s made an index of several images: one platform is asked for", filepath.Base(s.tool))
	}
	return built{archive.Image, archive.Close}, nil
}
