package read

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func openImage(ctx context.Context, ref string, opt ImageOptions) (*opened, error) {
	info, err := os.Stat(ref)
	switch {
	case err == nil && info.IsDir():
		if isLayout(os.DirFS(ref)) {
			return fromFiles(os.DirFS(ref), opt)
		}
		if isPath(ref) {
			return nil, errors.New("the folder is no OCI layout: it has no index.json")
		}
	case err == nil:
		return openArchive(ref, opt)
	case isPath(ref):
		return nil, err
	}
	return openRemote(ctx, ref, opt)
}

// isPath tells what can only be meant as a file.
func isPath(ref string) bool {
	return filepath.IsAbs(ref) || strings.HasPrefix(ref, ".") || strings.HasSuffix(ref, "/") ||
		strings.HasSuffix(ref, ".tar") || strings.HasSuffix(ref, ".tar.gz") || strings.HasSuffix(ref, ".tgz")
}

func openRemote(ctx context.Context, ref string, opt ImageOptions) (*opened, error) {
	var parse []name.Option
	if host, _, ok := strings.Cut(ref, "/"); ok && slices.Contains(opt.Insecure, host) {
		parse = append(parse, name.Insecure)
	}
	reference, err := name.ParseReference(ref, parse...)
	if err != nil {
		return nil, err
	}
	keychain := opt.Keychain
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(keychain)}
	if opt.Transport != nil {
		options = append(options, remote.WithTransport(opt.Transport))
	}
	found, err := remote.Get(reference, options...)
	if err != nil {
		return nil, err
	}
	out := &opened{digest: found.Digest.String(), close: func() error { return nil }}
	var image v1.Image
	if found.MediaType.IsIndex() {
		index, err := found.ImageIndex()
		if err != nil {
			return nil, err
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			return nil, err
		}
		chosen, platforms, err := choose(manifest, opt.Platform)
		if err != nil {
			return nil, err
		}
		out.platforms = platforms
		image, err = index.Image(chosen.Digest)
		if err != nil {
			return nil, err
		}
	} else if image, err = found.Image(); err != nil {
		return nil, err
	}
	return out, out.take(image, opt)
}

// take lists the layers of a registry's image.
func (o *opened) take(image v1.Image, opt ImageOptions) error {
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	o.config = *config
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		digest, err := l.Digest()
		if err != nil {
			return err
		}
		size, err := l.Size()
		if err != nil {
			return err
		}
		o.layers = append(o.layers, blob{digest: digest.String(), size: size, open: l.Compressed})
	}
	return fits(o.config, opt.Platform)
}
