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
	layer, err := layerOf(append(accounts(), File{strings.TrimPrefix(r.Name, "/"), binary, 0o755}))
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

func layerOf(files []File) (v1.Layer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range files {
		if err := add(w, f); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(buf.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}

func add(w *tar.Writer, f File) error {
	h := &tar.Header{Name: path.Clean(f.Name), Mode: f.Mode, Size: int64(len(f.Body)), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	if strings.HasSuffix(f.Name, "/") {
		h.Typeflag, h.Name = tar.TypeDir, f.Name
	}
	if err := w.WriteHeader(h); err != nil {
		return fmt.Errorf("layer: %w", err)
	}
	if _, err := w.Write(f.Body); err != nil {
		return fmt.Errorf("layer: %w", err)
	}
	return nil
}
