package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/opencontainers/go-digest"

	"github.com/hatoba/hatoba/internal/state"
)

// freshFor is how long a cached tag is served without asking its origin, as ECR
// does.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
const freshFor = 24 * time.Hour

// fillLife bounds one transfer from an origin.
const fillLife = time.Hour

// maxFills is how many blobs are fetched at once ahead of who asks for them.
const maxFills = 4

// fills are the transfers from origins. They go on when who asked has gone: the
// next one finds what they brought.
type fills struct {
	ctx   context.Context
	end   context.CancelFunc
	group sync.WaitGroup
	ahead chan struct{}

	mu    sync.Mutex
	asked map[string]time.Time // when a tag's origin was asked last, by inside name and tag
}

func newFills(ctx context.Context) *fills {
	f := &fills{ahead: make(chan struct{}, maxFills), asked: map[string]time.Time{}}
	f.ctx, f.end = context.WithCancel(context.WithoutCancel(ctx))
	return f
}

// run waits for fn, but no longer than the request lives; fn goes on.
func (f *fills) run(ctx context.Context, fn func(ctx context.Context) error) error {
	done := make(chan error, 1)
	f.group.Go(func() {
		ctx, cancel := context.WithTimeout(f.ctx, fillLife)
		defer cancel()
		done <- fn(ctx)
	})
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fills) fresh(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Since(f.asked[key]) < freshFor
}

func (f *fills) note(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, at := range f.asked {
		if time.Since(at) >= freshFor {
			delete(f.asked, k)
		}
	}
	f.asked[key] = time.Now()
}

// fill brings from a repository's origin what a request asks for and is not
// here. A repository without an origin, and what is here already, cost nothing.
func (r *Registry) fill(req *http.Request, rt route) error {
	if r.cfg.Origins == nil || req.Method != http.MethodGet && req.Method != http.MethodHead {
		return nil
	}
	ctx := req.Context()
	origin, ok, err := r.cfg.Origins.Origin(ctx, rt.scope, rt.name)
	if err != nil || !ok {
		return err
	}
	switch {
	case rt.kind == kindManifest && isDigest(rt.ref):
		if held, err := r.Holds(ctx, rt.scope, rt.name, rt.ref); held || err != nil {
			return err
		}
		return r.fills.run(ctx, func(ctx context.Context) error { return r.fillManifest(ctx, origin, rt.scope, rt.name, rt.ref, "") })
	case rt.kind == kindManifest:
		return r.fillTag(ctx, origin, rt)
	case rt.kind == kindBlob && isDigest(rt.ref):
		if _, held, err := r.HasBlob(ctx, rt.scope, rt.name, rt.ref); held || err != nil {
			return err
		}
		return r.fills.run(ctx, func(ctx context.Context) error { return r.fillBlob(ctx, origin, rt.scope, rt.name, rt.ref) })
	}
	return nil
}

// fillTag brings what a tag means. One that is here is looked up at its origin
// once a day, and served as it is when that does not answer.
func (r *Registry) fillTag(ctx context.Context, origin Origin, rt route) error {
	key := rt.inside() + ":" + rt.ref
	had := ""
	if held, err := r.Holds(ctx, rt.scope, rt.name, rt.ref); err != nil {
		return err
	} else if held {
		if had, err = r.tagged(ctx, rt.scope, rt.name, rt.ref); err != nil || r.fills.fresh(key) {
			return err
		}
	}
	err := r.fills.run(ctx, func(ctx context.Context) error {
		if had != "" {
			if now, err := origin.Digest(ctx, rt.ref); err != nil || now == had {
				return err
			}
		}
		return r.fillManifest(ctx, origin, rt.scope, rt.name, rt.ref, rt.ref)
	})
	if err != nil && had != "" && ctx.Err() == nil {
		r.cfg.Log.Warn("a cached image is served as it is: its origin does not answer", "repository", rt.name, "tag", rt.ref, "error", err)
		return nil
	}
	if err == nil {
		r.fills.note(key)
	}
	return err
}

// fillManifest stores a manifest, making the repository if it is missing, and
// begins to bring the blobs it names. Those come in their own time: who asks for
// one waits for it.
func (r *Registry) fillManifest(ctx context.Context, origin Origin, scope state.Scope, name, ref, tag string) error {
	content, mediaType, err := origin.Manifest(ctx, ref)
	if err != nil {
		return err
	}
	if len(content) > maxManifest || isDigest(ref) && digest.FromBytes(content).String() != ref {
		return &Refusal{http.StatusBadGateway, "MANIFEST_INVALID", "the upstream registry's manifest is not the one that was asked for"}
	}
	if err := r.room(); err != nil {
		return &Refusal{http.StatusInsufficientStorage, "UNAVAILABLE", err.Error()}
	}
	m, _, err := distribution.UnmarshalManifest(mediaType, content)
	if err != nil {
		return &Refusal{http.StatusBadGateway, "MANIFEST_INVALID", "the upstream registry's manifest cannot be read: " + err.Error()}
	}
	if err := r.cfg.Catalog.Create(ctx, scope, name); err != nil {
		return err
	}
	err = r.Exclusive(ctx, scope, name, func(ctx context.Context) error { return r.keep(ctx, scope, name, m, content, mediaType, tag) })
	if err != nil {
		return err
	}
	for _, d := range blobsOf(content) {
		r.fills.group.Go(func() { r.fillAhead(origin, scope, name, d) })
	}
	return nil
}

// keep stores a manifest whose blobs may still be missing, and records it.
func (r *Registry) keep(ctx context.Context, scope state.Scope, name string, m distribution.Manifest, content []byte, mediaType, tag string) error {
	repo, err := r.repository(ctx, scope, name)
	if err != nil {
		return err
	}
	manifests, err := repo.Manifests(ctx, storage.SkipLayerVerification())
	if err != nil {
		return err
	}
	dgst, err := manifests.Put(ctx, m)
	if err != nil {
		return fmt.Errorf("store the manifest: %w", err)
	}
	if tag != "" {
		if err := repo.Tags(ctx).Tag(ctx, tag, distribution.Descriptor{Digest: dgst, MediaType: mediaType, Size: int64(len(content))}); err != nil {
			return fmt.Errorf("store the tag: %w", err)
		}
	}
	if err := r.sync(inside(scope, name), tag, dgst.String()); err != nil {
		return err
	}
	image := describe(content, mediaType)
	image.Repository, image.Digest, image.PushedAt = name, dgst.String(), time.Now().UTC().Truncate(time.Millisecond)
	return r.cfg.Catalog.Pushed(ctx, scope, image, tag)
}

// fillAhead brings a blob before it is asked for, so that it is here when the
// origin is not.
func (r *Registry) fillAhead(origin Origin, scope state.Scope, name, dgst string) {
	ctx, cancel := context.WithTimeout(r.fills.ctx, fillLife)
	defer cancel()
	select {
	case r.fills.ahead <- struct{}{}:
		defer func() { <-r.fills.ahead }()
	case <-ctx.Done():
		return
	}
	if err := r.fillBlob(ctx, origin, scope, name, dgst); err != nil && ctx.Err() == nil {
		r.cfg.Log.Warn("a blob of a cached image could not be fetched yet", "repository", name, "digest", dgst, "error", err)
	}
}

// fillBlob brings a blob, once however many ask.
func (r *Registry) fillBlob(ctx context.Context, origin Origin, scope state.Scope, name, dgst string) error {
	unlock, err := r.locks.Lock(ctx, "fill:"+inside(scope, name)+"@"+dgst)
	if err != nil {
		return err
	}
	defer unlock()
	if _, held, err := r.HasBlob(ctx, scope, name, dgst); held || err != nil {
		return err
	}
	repo, err := r.repository(ctx, scope, name)
	if err != nil {
		return err
	}
	from, err := origin.Blob(ctx, dgst)
	if err != nil {
		return err
	}
	defer from.Close()
	w, err := repo.Blobs(ctx).Create(ctx)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, &roomy{from, r.room, 0}); err != nil {
		return errors.Join(fmt.Errorf("fetch %s: %w", dgst, err), w.Cancel(ctx))
	}
	if _, err := w.Commit(ctx, distribution.Descriptor{Digest: digest.Digest(dgst)}); err != nil {
		return errors.Join(fmt.Errorf("fetch %s: %w", dgst, err), w.Cancel(ctx))
	}
	return nil
}

// roomy is a reader that ends when the disk has no room.
type roomy struct {
	io.Reader
	room  func() error
	until int // bytes until the next look
}

func (r *roomy) Read(p []byte) (int, error) {
	if r.until <= 0 {
		if err := r.room(); err != nil {
			return 0, err
		}
		r.until = 16 << 20
	}
	n, err := r.Reader.Read(p)
	r.until -= n
	return n, err
}

// blobsOf are the blobs an image's manifest names; an index names none.
func blobsOf(content []byte) (out []string) {
	for _, d := range blobDescriptors(content) {
		if isDigest(d.Digest) {
			out = append(out, d.Digest)
		}
	}
	return out
}

// refuseFill answers for an origin that could not.
func (r *Registry) refuseFill(w http.ResponseWriter, rt route, err error) {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		refuse(w, refusal.Status, refusal.Code, refusal.Message)
		return
	}
	r.cfg.Log.Error("an image could not be cached", "repository", rt.name, "error", err)
	refuse(w, http.StatusBadGateway, "UNKNOWN", fmt.Sprintf("the upstream registry of %s does not answer as it should", rt.name))
}
