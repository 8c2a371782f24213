package containerd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/pkg/reference"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

// Pull implements runtime.Engine. The image is kept under its digest: a tag
// that moves between a task's pull and its start does not move the task.
func (e *Engine) Pull(ctx context.Context, source protocol.ImageSource) (runtime.Image, error) {
	ctx = e.context(ctx)
	resolver, err := e.resolverFor(source)
	if err != nil {
		return runtime.Image{}, classify(ctx, runtime.StageManifest, err)
	}
	_, target, err := resolver.Resolve(ctx, source.Ref)
	if err != nil {
		return runtime.Image{}, classify(ctx, runtime.StageManifest, err)
	}
	spec, err := reference.Parse(source.Ref)
	if err != nil {
		return runtime.Image{}, classify(ctx, runtime.StageManifest, err)
	}
	pinned := spec.Locator + "@" + target.Digest.String()
	unlock, err := e.pulls.Lock(ctx, pinned) // others find its result
	if err != nil {
		return runtime.Image{}, err
	}
	defer unlock()
	image, err := e.client.GetImage(ctx, pinned)
	if err == nil {
		if unpacked, err := image.IsUnpacked(ctx, e.snapshotter); err == nil && unpacked {
			if described, err := e.describe(ctx, image); err == nil || ctx.Err() != nil {
				described.Present = true
				return described, err
			}
		}
		// There, and not usable: what is broken of it is transferred again.
		if n, err := e.forgetBroken(ctx); err != nil {
			e.cfg.Log.Error("content cannot be examined", "error", err)
		} else if n > 0 {
			_ = e.client.ImageService().Delete(ctx, pinned)
		}
	}
	image, err = e.fetch(ctx, pinned, resolved{Resolver: resolver, target: target})
	if err != nil {
		err = classify(ctx, runtime.StageContent, err)
		if ctx.Err() == nil && !passing(err) {
			e.forgetTransfers(ctx)
		}
		return runtime.Image{}, err
	}
	return e.describe(ctx, image)
}

func (e *Engine) describe(ctx context.Context, image containerd.Image) (runtime.Image, error) {
	spec, err := image.Spec(ctx)
	if err != nil {
		return runtime.Image{}, classify(ctx, runtime.StageContent, fmt.Errorf("image %s: %w", image.Name(), err))
	}
	e.useImage(image.Name())
	size, err := image.Size(ctx)
	if err != nil {
		size = 0 // what was deleted since is not counted
	}
	return runtime.Image{
		Size: size,
		Ref:  image.Name(), Digest: image.Target().Digest.String(),
		StopSignal: spec.Config.StopSignal, User: spec.Config.User, Env: spec.Config.Env, Volumes: slices.Sorted(maps.Keys(spec.Config.Volumes)),
	}, nil
}

// passing tells whether the next try may go on from what this one transferred.
func passing(err error) bool {
	return errors.Is(err, runtime.ErrImageUnreachable) || errors.Is(err, runtime.ErrImageRateLimited) || errors.Is(err, runtime.ErrImageDenied)
}

// resolved is a resolver that has done its work.
type resolved struct {
	remotes.Resolver
	target   ocispec.Descriptor
	transfer *transfer
}

// Resolve implements remotes.Resolver.
func (r resolved) Resolve(_ context.Context, ref string) (string, ocispec.Descriptor, error) {
	return ref, r.target, nil
}

// Fetcher implements remotes.Resolver.
func (r resolved) Fetcher(ctx context.Context, ref string) (remotes.Fetcher, error) {
	fetcher, err := r.Resolver.Fetcher(ctx, ref)
	return observed{fetcher, r.transfer}, err
}

// roomEvery is how often a pull looks at the disk.
const roomEvery = 100 * time.Millisecond

// withinRoom ends the context it returns when the disk has no room. ended stops
// the watch, and returns why it ended the context, if it did.
func (e *Engine) withinRoom(ctx context.Context) (within context.Context, ended func() error) {
	if e.cfg.Room == nil {
		return ctx, func() error { return nil }
	}
	within, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	var full error // written before watch is done
	watch.Go(func() {
		tick := time.NewTicker(roomEvery)
		defer tick.Stop()
		for {
			select {
			case <-within.Done():
				return
			case <-tick.C:
			}
			if full = e.cfg.Room(); full != nil {
				cancel(full)
				return
			}
		}
	})
	return within, func() error {
		cancel(nil)
		watch.Wait()
		return full
	}
}
