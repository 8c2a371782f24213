package read

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hatoba/hatoba/internal/review"
)

// ImageOptions say how an image is read. The zero value reads linux/amd64 with
// docker's own credentials.
type ImageOptions struct {
	// Platform is the one to look at. Without it: linux/amd64, else the first of
	// the index.
	Platform *v1.Platform

	Keychain  authn.Keychain    // default: docker's config file
	Transport http.RoundTripper // default: the registry client's
	Insecure  []string          // hosts that speak plain HTTP; loopback needs no mention

	// MaxUnpacked bounds the bytes of all layers unpacked; default 16 GiB, which
	// is close to what a Fargate task has (20 GiB for image and data together).
	MaxUnpacked int64
	// MaxFiles bounds the entries of all layers; default two million.
	MaxFiles int

	// Visit sees every regular file in the order of the stream, lower layers
	// first: whether a later layer hides it is not known yet, and f.Hidden is
	// false. open is valid during the call and need not be read to its end.
	Visit func(f review.File, open io.Reader) error
}

const (
	defaultMaxUnpacked = 16 << 30
	defaultMaxFiles    = 2_000_000
)

// opened is an image that was found and chosen, its layers not read yet.
type opened struct {
	digest    string
	platforms []v1.Platform
	config    v1.ConfigFile
	layers    []blob
	close     func() error
}

// blob is a layer as it is stored.
type blob struct {
	digest string
	size   int64
	open   func() (io.ReadCloser, error)
}

// Image reads an image: a docker archive (docker save) or an OCI archive, both
// also gzipped, an OCI layout folder, or a registry reference.
func Image(ctx context.Context, ref string, opt ImageOptions) (_ *review.Image, err error) {
	if opt.MaxUnpacked == 0 {
		opt.MaxUnpacked = defaultMaxUnpacked
	}
	if opt.MaxFiles == 0 {
		opt.MaxFiles = defaultMaxFiles
	}
	o, err := openImage(ctx, ref, opt)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", ref, err)
	}
	defer func() {
		if failed := o.close(); err == nil && failed != nil {
			err = fmt.Errorf("image %s: %w", ref, failed)
		}
	}()
	out := &review.Image{Ref: ref, Digest: o.digest, Platforms: o.platforms, Config: o.config}
	if len(out.Platforms) == 0 {
		if p := o.config.Platform(); p != nil && p.OS != "" {
			out.Platforms = []v1.Platform{*p}
		}
	}
	w := newWalker(ctx, opt)
	created := createdBy(o.config, len(o.layers))
	for i, b := range o.layers {
		layer := review.Layer{Digest: b.digest, Size: b.size, CreatedBy: created[i]}
		if err := w.layer(b, &layer); err != nil {
			return nil, fmt.Errorf("image %s: layer %d: %w", ref, i+1, err)
		}
		out.Size += layer.Size
		out.Layers = append(out.Layers, layer)
	}
	out.Files = w.files
	return out, nil
}

// createdBy are the history's lines of the layers that hold files. A history
// that does not fit the layers says nothing of them.
func createdBy(config v1.ConfigFile, layers int) []string {
	var lines []string
	for _, h := range config.History {
		if !h.EmptyLayer {
			lines = append(lines, h.CreatedBy)
		}
	}
	if len(lines) != layers {
		return make([]string, layers)
	}
	return lines
}

var errNoImage = errors.New("the index holds no image")

// choose finds the manifest of the wanted platform in an index. Attestations
// stand there too, as unknown/unknown, and are no images.
func choose(index *v1.IndexManifest, want *v1.Platform) (v1.Descriptor, []v1.Platform, error) {
	var images []v1.Descriptor
	var platforms []v1.Platform
	seen := map[v1.Hash]bool{}
	for _, d := range index.Manifests {
		if seen[d.Digest] || !d.MediaType.IsImage() && !d.MediaType.IsIndex() && d.MediaType != "" ||
			d.Platform != nil && d.Platform.OS == "unknown" || d.Annotations["vnd.docker.reference.type"] != "" {
			continue
		}
		seen[d.Digest] = true
		images = append(images, d)
		if d.Platform != nil {
			platforms = append(platforms, *d.Platform)
		}
	}
	switch {
	case len(images) == 0:
		return v1.Descriptor{}, nil, errNoImage
	case len(images) > 1 && len(platforms) < len(images):
		return v1.Descriptor{}, nil, fmt.Errorf("it holds %d images: save one at a time", len(images))
	case len(platforms) == 0: // one image, and nothing said of its platform: the config says it
		return images[0], nil, nil
	}
	wanted := v1.Platform{OS: "linux", Architecture: "amd64"}
	if want != nil {
		wanted = *want
	}
	for _, d := range images {
		if d.Platform.Satisfies(wanted) {
			return d, platforms, nil
		}
	}
	if want != nil {
		return v1.Descriptor{}, nil, noPlatform(*want, platforms)
	}
	return images[0], platforms, nil
}

func noPlatform(want v1.Platform, have []v1.Platform) error {
	var names []string
	for _, p := range have {
		names = append(names, p.String())
	}
	return fmt.Errorf("there is no %s in it, only %s", want, strings.Join(names, ", "))
}

// fits refuses a plain image of another platform than the one asked for.
func fits(config v1.ConfigFile, want *v1.Platform) error {
	if p := config.Platform(); want != nil && p != nil && p.OS != "" && !p.Satisfies(*want) {
		return noPlatform(*want, []v1.Platform{*p})
	}
	return nil
}
