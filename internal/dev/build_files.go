package dev

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hatoba/hatoba/internal/image"
)

// filesImage lays a folder's files on a base, or on nothing; then one of them
// is the program.
func (s source) filesImage(ctx context.Context, pull func(context.Context, string, string) (v1.Image, error)) (built, error) {
	c := image.Composition{Arch: s.arch}
	at := s.path
	if s.base != "" {
		base, err := pull(ctx, s.base, s.arch)
		if err != nil {
			return built{}, fmt.Errorf("base %s: %w", s.base, err)
		}
		c.Base = base
	} else if at == "" {
		at = "/app"
	}
	var err error
	if c.Files, err = image.Tree(s.dir, at, notForImage); err != nil {
		return built{}, err
	}
	if len(c.Files) == 0 {
		return built{}, fmt.Errorf("%s: no files in it to make an image of", s.dir)
	}
	if c.Base == nil {
		c.WorkingDir = at
		if c.Entrypoint, err = entry(s.entry, c.Files, at); err != nil {
			return built{}, fmt.Errorf("%s: %w", s.dir, err)
		}
	}
	img, err := image.Compose(c)
	return built{Image: img}, err
}

// notForImage names what of a folder is not the service's.
func notForImage(rel string, d fs.DirEntry) bool {
	if strings.HasPrefix(d.Name(), ".") || rel == SettingsName || rel == "network.json" {
		return true
	}
	return slices.Contains(slices.Concat(ecspressoNames, taskDefNames, serviceNames), rel)
}

// entry is what an image without a base runs: what the definition says, or the
// only program at the top of the folder.
func entry(defined []string, files []image.File, at string) ([]string, error) {
	if len(defined) > 0 {
		return defined, nil
	}
	var programs []string
	for _, f := range files {
		if f.Mode&0o111 != 0 && !strings.HasSuffix(f.Name, "/") && "/"+path.Dir(f.Name) == path.Clean("/"+strings.Trim(at, "/")) {
			programs = append(programs, "/"+f.Name)
		}
	}
	if len(programs) != 1 {
		return nil, fmt.Errorf("%d programs at the top of it, and one is asked for: name build.base in %s, an image to lay the files on, or the definition's entryPoint", len(programs), SettingsName)
	}
	return programs, nil
}
