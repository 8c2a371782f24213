package containerd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/continuity/fs"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// populate fills the directories that begin with what the image has at their
// place: owner and mode too, so that a user who is not root may write there.
func (e *Engine) populate(ctx context.Context, id string, mounts []runtime.Mount) error {
	mounts = slices.DeleteFunc(slices.Clone(mounts), func(m runtime.Mount) bool { return !m.Populate || !isEmpty(m.Source) })
	if len(mounts) == 0 {
		return nil
	}
	below, err := e.client.SnapshotService(e.snapshotter).Mounts(ctx, id)
	if err != nil {
		return err
	}
	return mount.WithReadonlyTempMount(ctx, below, func(root string) error {
		for _, m := range mounts {
			from, err := fs.RootPath(root, m.Destination)
			if err == nil {
				err = fs.CopyDir(m.Source, from)
			}
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("copy what the image has in %s: %w", m.Destination, err)
			}
		}
		return nil
	})
}

func isEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}
