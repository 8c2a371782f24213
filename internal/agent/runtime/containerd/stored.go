package containerd

import (
	"context"
	"errors"
	"fmt"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/leases"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/image-spec/identity"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// labelUsed keeps when an image was last used, for the next life.
const labelUsed = "hatoba/used"

// useImage notes that an image is used now. It is kept in memory, so that a start
// pays nothing for it; Images writes it down.
func (e *Engine) useImage(ref string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.used[ref] = time.Now()
}

func (e *Engine) lastUsed(ref string) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.used[ref]
}

// Images tells every image that is stored, with what it takes alone or shared.
// One is in use while a container was made from it.
func (e *Engine) Images(ctx context.Context) ([]runtime.StoredImage, error) {
	ctx = e.context(ctx)
	stored, err := e.client.ListImages(ctx)
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	inUse, err := e.imagesInUse(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]runtime.StoredImage, 0, len(stored))
	for _, image := range stored {
		bytes, err := e.measure(ctx, image)
		if err != nil {
			return nil, fmt.Errorf("measure image %s: %w", image.Name(), err)
		}
		used, err := e.noteUse(ctx, image.Metadata())
		if err != nil {
			return nil, err
		}
		out = append(out, runtime.StoredImage{Ref: image.Name(), Bytes: bytes, LastUsed: used, InUse: inUse[image.Name()]})
	}
	return out, nil
}

// measure sums up an image's content and its unpacked layers. What is not
// there, of an image half pulled, takes nothing.
func (e *Engine) measure(ctx context.Context, image containerd.Image) (int64, error) {
	sum, err := image.Size(ctx)
	if err != nil {
		return 0, ignoreMissing(err)
	}
	layers, err := image.RootFS(ctx)
	if err != nil {
		return sum, ignoreMissing(err)
	}
	snapshots := e.client.SnapshotService(e.snapshotter)
	for i := range layers {
		usage, err := snapshots.Usage(ctx, identity.ChainID(layers[:i+1]).String())
		if err != nil {
			return sum, ignoreMissing(err)
		}
		sum += usage.Size
	}
	return sum, nil
}

func ignoreMissing(err error) error {
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}

// noteUse returns when an image was last used, and writes it down when that is
// news.
func (e *Engine) noteUse(ctx context.Context, image images.Image) (time.Time, error) {
	kept := image.UpdatedAt
	if at, err := time.Parse(time.RFC3339, image.Labels[labelUsed]); err == nil {
		kept = at
	}
	used := e.lastUsed(image.Name).UTC().Truncate(time.Second)
	if !used.After(kept) {
		return kept, nil
	}
	if image.Labels == nil {
		image.Labels = map[string]string{}
	}
	image.Labels[labelUsed] = used.Format(time.RFC3339)
	_, err := e.client.ImageService().Update(ctx, image, "labels."+labelUsed)
	if errdefs.IsNotFound(err) {
		err = nil
	}
	return used, err
}

func (e *Engine) imagesInUse(ctx context.Context) (map[string]bool, error) {
	containers, err := e.client.ContainerService().List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	out := map[string]bool{}
	for _, c := range containers {
		out[c.Image] = true
	}
	return out, nil
}

// RemoveImage deletes an image with the content and snapshots only it needs.
// One that came into use since it was listed stays.
func (e *Engine) RemoveImage(ctx context.Context, image runtime.StoredImage) error {
	ctx = e.context(ctx)
	unlock, err := e.pulls.Lock(ctx, image.Ref) // no pull of it goes on
	if err != nil {
		return err
	}
	defer unlock()
	inUse, err := e.imagesInUse(ctx)
	if err != nil || inUse[image.Ref] || e.lastUsed(image.Ref).After(image.LastUsed.Add(time.Second)) {
		return err
	}
	err = e.client.ImageService().Delete(ctx, image.Ref, images.SynchronousDelete())
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("delete image %s: %w", image.Ref, err)
	}
	e.mu.Lock()
	delete(e.used, image.Ref)
	e.mu.Unlock()
	return e.abortIngests(ctx, ingestLife)
}

// forgetTransfers throws away, after a pull that failed for good, the transfers
// nobody is at work on, so that the next pull does not go on from bytes that are
// wrong, and frees what was unpacked half.
func (e *Engine) forgetTransfers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := errors.Join(e.abortIngests(ctx, 0), e.collect(ctx)); err != nil {
		e.cfg.Log.Warn("a failed pull's leftovers could not be thrown away", "error", err)
	}
}

// collect has containerd free, before it returns, what nothing refers to.
func (e *Engine) collect(ctx context.Context) error {
	manager := e.client.LeasesService()
	lease, err := manager.Create(ctx, leases.WithRandomID())
	if err != nil {
		return err
	}
	return manager.Delete(ctx, lease, leases.SynchronousDelete)
}

// ingestLife is how long a transfer may stand still before its bytes are freed.
const ingestLife = time.Hour

// abortIngests frees the transfers that nobody is at work on and that have
// stood still for so long.
func (e *Engine) abortIngests(ctx context.Context, still time.Duration) error {
	store := e.client.ContentStore()
	transfers, err := store.ListStatuses(ctx)
	if err != nil {
		return fmt.Errorf("list transfers: %w", err)
	}
	var errs []error
	for _, t := range transfers {
		if time.Since(t.UpdatedAt) < still {
			continue
		}
		w, err := store.Writer(ctx, content.WithRef(t.Ref))
		if err != nil {
			continue // somebody holds it
		}
		w.Close()
		if err := store.Abort(ctx, t.Ref); err != nil && !errdefs.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
