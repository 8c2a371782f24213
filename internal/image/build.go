package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Recipe describes an image made from nothing but one static binary.
type Recipe struct {
	Binary string   // path on this machine
	Name   string   // path in the image, for example /web: the entry point
	Arch   string   // as in GOARCH
	Env    []string // KEY=value
	Ports  []string // for example "8080/tcp"
}

// User is the user an image made by Build runs as.
const User = "65532:65532"

// Build makes the image. The same recipe gives the same digest.
func Build(r Recipe) (v1.Image, error) {
	binary, err := os.ReadFile(r.Binary)
	if err != nil {
		return nil, err
	}
	layer, err := layerOf([]file{
		{"etc/", nil, 0o755},
		{"etc/passwd", []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"), 0o644},
		{"etc/group", []byte("root:x:0:\nnonroot:x:65532:\n"), 0o644},
		{"tmp/", nil, 0o1777},
		{strings.TrimPrefix(r.Name, "/"), binary, 0o755},
	})
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err := mutate.AppendLayers(base, layer)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", r.Arch
	config.Config = v1.Config{Entrypoint: []string{r.Name}, User: User, Env: r.Env, WorkingDir: "/", ExposedPorts: map[string]struct{}{}}
	for _, p := range r.Ports {
		config.Config.ExposedPorts[p] = struct{}{}
	}
	return mutate.ConfigFile(img, config)
}

type file struct {
	name string // a directory ends in "/"
	body []byte
	mode int64
}

func layerOf(files []file) (v1.Layer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range files {
		h := &tar.Header{Name: path.Clean(f.name), Mode: f.mode, Size: int64(len(f.body)), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag, h.Name = tar.TypeDir, f.name
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("layer: %w", err)
		}
		if _, err := w.Write(f.body); err != nil {
			return nil, fmt.Errorf("layer: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(buf.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}
