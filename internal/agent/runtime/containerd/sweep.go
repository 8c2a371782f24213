package containerd

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/leases"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/core/snapshots/storage"
	"github.com/containerd/errdefs"
	"golang.org/x/sys/unix"
)

// sweepSnapshotDirs removes the directories of snapshots that the snapshotter
// does not know. It makes a directory before it notes the snapshot, and forgets
// a snapshot before it removes the directory; killed in between, it would find
// the directory of the next snapshot taken. To be called while it is not open.
func (c Config) sweepSnapshotDirs(ctx context.Context, snapshotter string) error {
	root := filepath.Join(c.Root, "containerd", "io.containerd.snapshotter.v1."+snapshotter)
	if _, err := os.Stat(filepath.Join(root, "metadata.db")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	entries, err := os.ReadDir(filepath.Join(root, "snapshots"))
	if err != nil || len(entries) == 0 {
		return nil
	}
	meta, err := storage.NewMetaStore(filepath.Join(root, "metadata.db"))
	if err != nil {
		return err
	}
	var known map[string]string // by directory
	err = meta.WithTransaction(ctx, false, func(ctx context.Context) (err error) {
		known, err = storage.IDMap(ctx)
		return err
	})
	if errdefs.IsNotFound(err) {
		err = nil // it has had no snapshot yet
	}
	if err = errors.Join(err, meta.Close()); err != nil {
		return err
	}
	for _, entry := range entries {
		if _, ok := known[entry.Name()]; ok {
			continue
		}
		c.Log.Debug("removing the directory of no snapshot", "directory", entry.Name())
		if err := os.RemoveAll(filepath.Join(root, "snapshots", entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// sweepBundles removes the bundles whose removal was begun. It renames a bundle
// out of the way first, which fails when one of the same name is there from an
// interrupted removal. To be called while containerd is not open.
func (c Config) sweepBundles() error {
	var errs []error
	for _, dir := range []string{filepath.Join(c.RunDir, "c"), filepath.Join(c.Root, "containerd")} {
		begun, _ := filepath.Glob(filepath.Join(dir, "io.containerd.runtime.v2.task", namespace, ".*"))
		for _, path := range begun {
			errs = append(errs, mount.UnmountRecursive(filepath.Join(path, "rootfs"), unix.MNT_DETACH), os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}

// sweepLeases ends the temporary leases of an earlier life, which nobody is
// left to end, and waits until what only they kept is gone: a container that
// was being made is made again under the same name.
func (e *Engine) sweepLeases(ctx context.Context) error {
	manager := e.client.LeasesService()
	all, err := manager.List(ctx)
	if err != nil {
		return err
	}
	var stale []leases.Lease
	for _, lease := range all {
		if lease.Labels[expiry] != "" {
			stale = append(stale, lease)
		}
	}
	for i, lease := range stale {
		var opts []leases.DeleteOpt
		if i == len(stale)-1 {
			opts = append(opts, leases.SynchronousDelete)
		}
		if err := manager.Delete(ctx, lease, opts...); err != nil && !errdefs.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// expiry marks a lease that is held while something is being made.
const expiry = "containerd.io/gc.expire"
