package containerd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/errdefs"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// labelLayer keeps where a container's writable layer is that is not among the
// snapshots.
const labelLayer = "hatoba/layer"

// snapshot is a container's file system: a snapshot of its own, or, where its
// writable layer lies elsewhere, the image's as it is.
func (e *Engine) snapshot(spec runtime.Spec, image containerd.Image) (containerd.NewContainerOpts, error) {
	if spec.Layer == "" {
		return containerd.WithNewSnapshot(spec.ID, image), nil
	}
	if e.snapshotter != "overlayfs" {
		return nil, errors.New("a container's disk can only be limited with overlayfs")
	}
	if err := os.RemoveAll(spec.Layer); err != nil {
		return nil, err
	}
	for _, name := range []string{"fs", "work"} {
		if err := os.MkdirAll(filepath.Join(spec.Layer, name), 0o755); err != nil {
			return nil, err
		}
	}
	return containerd.WithNewSnapshotView(spec.ID, image), nil
}

// onLayer mounts the writable layer over the image's file system.
func (e *Engine) onLayer(ctx context.Context, id, layer string) (opts []containerd.NewTaskOpts, err error) {
	if layer == "" {
		return nil, nil
	}
	below, err := e.client.SnapshotService(e.snapshotter).Mounts(ctx, id)
	if err != nil {
		return nil, err
	}
	over, err := overlay(below, layer)
	if err != nil {
		return nil, err
	}
	return []containerd.NewTaskOpts{containerd.WithRootFS([]mount.Mount{over})}, nil
}

// overlay is a mount like the one given, which only shows, that takes what is
// written into layer.
func overlay(below []mount.Mount, layer string) (mount.Mount, error) {
	out := mount.Mount{Type: "overlay", Source: "overlay", Options: []string{
		"upperdir=" + filepath.Join(layer, "fs"), "workdir=" + filepath.Join(layer, "work"),
	}}
	if len(below) != 1 {
		return out, fmt.Errorf("an image is shown by %d mounts", len(below))
	}
	if below[0].Type == "bind" { // of one layer
		out.Options = append(out.Options, "lowerdir="+below[0].Source)
		return out, nil
	}
	for _, option := range below[0].Options {
		if option == "ro" || strings.HasPrefix(option, "upperdir=") || strings.HasPrefix(option, "workdir=") {
			continue
		}
		out.Options = append(out.Options, option)
	}
	return out, nil
}

// Written implements runtime.Engine.
func (e *Engine) Written(ctx context.Context, id string) (int64, error) {
	usage, err := e.client.SnapshotService(e.snapshotter).Usage(e.context(ctx), id)
	if errdefs.IsNotFound(err) {
		return 0, fmt.Errorf("%w: %s", runtime.ErrNotFound, id)
	}
	return usage.Size, err
}
