package containerd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/diff"
	"github.com/containerd/containerd/v2/core/diff/apply"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/plugins"
	"github.com/containerd/containerd/v2/plugins/diff/walking"
	"github.com/containerd/plugin"
	"github.com/containerd/plugin/registry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/hatoba/hatoba/internal/agent/layer"
)

// differName is what containerd is told to unpack layers with.
const differName = "hatoba"

// registerDiffer adds the plugin that unpacks layers on several threads.
func registerDiffer() {
	registry.Register(&plugin.Registration{
		Type:     plugins.DiffPlugin,
		ID:       differName,
		Requires: []plugin.Type{plugins.MetadataPlugin},
		InitFn: func(ic *plugin.InitContext) (any, error) {
			db, err := ic.GetSingle(plugins.MetadataPlugin)
			if err != nil {
				return nil, err
			}
			meta, ok := db.(*metadata.DB)
			if !ok {
				return nil, errors.New("the metadata plugin is of another kind")
			}
			store := meta.ContentStore()
			return differ{Comparer: walking.NewWalkingDiff(store), slow: apply.NewFileSystemApplier(store), store: store}, nil
		},
	})
}

// differ is containerd's, but for how layers are unpacked.
type differ struct {
	diff.Comparer
	slow  diff.Applier
	store content.Provider
}

// Apply implements diff.Applier. The content may still be on its way: then it is
// unpacked as it comes, and Apply returns when all of it is there.
func (d differ) Apply(ctx context.Context, desc ocispec.Descriptor, mounts []mount.Mount, opts ...diff.ApplyOpt) (ocispec.Descriptor, error) {
	var config diff.ApplyConfig
	for _, o := range opts {
		if err := o(ctx, desc, &config); err != nil {
			return ocispec.Descriptor{}, err
		}
	}
	t, _ := ctx.Value(transferKey{}).(*transfer)
	if t == nil {
		t = &transfer{}
	}
	dir, options, ok := upper(mounts)
	if !ok || config.SyncFs { // a copy of the layers below, without overlayfs
		if err := t.await(ctx, desc.Digest); err != nil {
			return ocispec.Descriptor{}, err
		}
		return d.slow.Apply(ctx, desc, mounts, opts...)
	}
	packed, err := t.follow(ctx, desc)
	if err == nil && packed == nil {
		packed, err = d.stored(ctx, desc)
	}
	if err != nil {
		return ocispec.Descriptor{}, fmt.Errorf("read layer %s: %w", desc.Digest, err)
	}
	defer packed.Close()
	out, err := unpack(ctx, desc, packed, config, dir, options)
	if err == nil {
		err = t.await(ctx, desc.Digest)
	}
	return out, err
}

// stored opens content that is there.
func (d differ) stored(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	r, err := d.store.ReaderAt(ctx, desc)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{content.NewReader(r), r}, nil
}

// unpack writes a layer to a directory, and tells what its archive is.
func unpack(ctx context.Context, desc ocispec.Descriptor, packed io.Reader, config diff.ApplyConfig, dir string, o layer.Options) (out ocispec.Descriptor, err error) {
	stream, err := processors(ctx, desc, packed, config)
	defer func() { err = errors.Join(err, stream.close()) }()
	if err != nil {
		return out, err
	}
	digester := digest.Canonical.Digester()
	archive := layer.ReadAhead(ctx, stream, digester.Hash())
	defer archive.Close()
	err = layer.Unpack(ctx, dir, archive, o)
	if err == nil {
		_, err = io.Copy(io.Discard, archive) // what lies behind the end counts for the digest
	}
	if err != nil {
		return out, err
	}
	return ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Size: archive.Size(), Digest: digester.Digest()}, nil
}

// chain turns a layer's content into its archive.
type chain []diff.StreamProcessor

func processors(ctx context.Context, desc ocispec.Descriptor, packed io.Reader, config diff.ApplyConfig) (chain, error) {
	next := diff.NewProcessorChain(desc.MediaType, packed)
	all := chain{next}
	for next.MediaType() != ocispec.MediaTypeImageLayer || len(all) == 1 {
		var err error
		if next, err = diff.GetProcessor(ctx, next, config.ProcessorPayloads); err != nil {
			return all, fmt.Errorf("unpack %s: %w", desc.MediaType, err)
		}
		all = append(all, next)
	}
	return all, nil
}

// Read implements io.Reader.
func (c chain) Read(p []byte) (int, error) { return c[len(c)-1].Read(p) }

// close returns what a processor that is a process has failed with.
func (c chain) close() error {
	errs := []error{c[len(c)-1].Close()}
	for _, p := range c {
		if failed, ok := p.(interface{ Err() error }); ok {
			errs = append(errs, failed.Err())
		}
	}
	return errors.Join(errs...)
}

// upper finds the empty directory that a layer goes to.
func upper(mounts []mount.Mount) (dir string, o layer.Options, ok bool) {
	if len(mounts) != 1 {
		return "", o, false
	}
	switch mounts[0].Type {
	case "bind":
		dir = mounts[0].Source
	case "overlay":
		o.Overlay = true
		for _, option := range mounts[0].Options {
			if path, found := strings.CutPrefix(option, "upperdir="); found {
				dir = path
			}
			if paths, found := strings.CutPrefix(option, "lowerdir="); found {
				o.Parents = strings.Split(paths, ":")
			}
		}
	}
	if dir == "" {
		return "", o, false
	}
	entries, err := os.ReadDir(dir)
	return dir, o, err == nil && len(entries) == 0
}
