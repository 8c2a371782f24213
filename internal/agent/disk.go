package agent

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hatoba/hatoba/internal/agent/storage"
)

// included is the storage in GiB that a task has without asking. It is taken
// from the node's disk like everything else there, and costs no start anything.
const included = 20

// hasDisk tells whether the task has a disk of its own: when it asked for
// storage.
func (w *worker) hasDisk() bool { return w.rec.Assignment.Task.Spec.EphemeralStorageGiB > included }

// diskDir is where the task's disk is mounted.
func (w *worker) diskDir() string { return filepath.Join(w.dir, storage.MountName) }

// storageDir is where what the task writes is, but for its containers' layers
// without a disk.
func (w *worker) storageDir() string {
	if w.hasDisk() {
		return w.diskDir()
	}
	return w.dir
}

// openDisk makes the task's disk.
func (w *worker) openDisk(ctx context.Context) error {
	if !w.hasDisk() {
		return nil
	}
	if w.a.cfg.Disks == nil {
		return errors.New("this node makes no disks for tasks")
	}
	if _, err := w.a.cfg.Disks.Open(ctx, w.dir, w.rec.Assignment.Task.Spec.EphemeralStorageGiB); err != nil {
		return fmt.Errorf("ephemeral storage: %w", err)
	}
	return nil
}

// written tells how many bytes the task has written.
func (w *worker) written(ctx context.Context) (int64, error) {
	if w.hasDisk() {
		used, _, err := storage.Used(w.diskDir())
		return used, err
	}
	sum, err := storage.Walk(ctx, filepath.Join(w.dir, "volumes"))
	if err != nil {
		return 0, err
	}
	more, err := storage.Walk(ctx, filepath.Join(w.dir, imageVolumes))
	sum += more
	for _, p := range w.plans {
		n, werr := w.a.cfg.Engine.Written(ctx, containerID(w.key.ID, p.Name))
		if werr == nil {
			sum += n
		}
	}
	return sum, err
}
