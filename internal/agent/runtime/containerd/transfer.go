package containerd

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// transfer is the layers of one pull on their way. containerd unpacks a layer
// when it is there; with a transfer it begins when the first bytes are. Nothing
// that was unpacked is kept before the whole layer has come and has its digest.
type transfer struct {
	ctx     context.Context
	fail    context.CancelCauseFunc
	ingests string // directory of the content store

	mu      sync.Mutex
	layers  map[digest.Digest]*incoming
	running sync.WaitGroup
}

// incoming is one layer.
type incoming struct {
	began chan struct{} // it comes from the registry, and is not here already
	once  sync.Once
	grew  chan struct{} // holds one: there may be more to read
	done  chan struct{}
	err   error // before done
}

// transferKey is the context key under which the differ finds a transfer.
type transferKey struct{}

func (e *Engine) newTransfer(ctx context.Context) *transfer {
	t := &transfer{ingests: filepath.Join(e.contentDir(), "ingest"), layers: map[digest.Digest]*incoming{}}
	ctx, t.fail = context.WithCancelCause(ctx)
	t.ctx = context.WithValue(ctx, transferKey{}, t)
	return t
}

// handle has layers come beside the handler's caller.
func (t *transfer) handle(h images.Handler) images.Handler {
	return images.HandlerFunc(func(ctx context.Context, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
		if !images.IsLayerType(desc.MediaType) {
			return h.Handle(ctx, desc)
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.layers[desc.Digest] != nil {
			return nil, nil
		}
		in := &incoming{began: make(chan struct{}), grew: make(chan struct{}, 1), done: make(chan struct{})}
		t.layers[desc.Digest] = in
		t.running.Go(func() {
			if _, err := h.Handle(t.ctx, desc); err != nil && !errors.Is(err, images.ErrSkipDesc) {
				in.err = err
				t.fail(err) // the other layers are of no use
			}
			close(in.done)
		})
		return nil, nil
	})
}

func (t *transfer) layer(d digest.Digest) *incoming {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.layers[d]
}

// end waits until no layer comes any more, and returns why the pull failed: for
// a layer that did not come, that.
func (t *transfer) end(err error) error {
	if err != nil {
		t.fail(err)
	}
	t.running.Wait()
	cause := context.Cause(t.ctx)
	t.fail(nil)
	return cause
}

// follow opens a layer that is on its way. nil: it is here, all of it.
func (t *transfer) follow(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	in := t.layer(desc.Digest)
	if in == nil {
		return nil, nil
	}
	select {
	case <-in.began:
		if file := t.ingest(remotes.MakeRefKey(ctx, desc)); file != nil {
			return &following{File: file, ctx: ctx, in: in}, nil
		}
	case <-in.done:
	}
	return nil, t.await(ctx, desc.Digest)
}

// await waits until a layer is there.
func (t *transfer) await(ctx context.Context, d digest.Digest) error {
	in := t.layer(d)
	if in == nil {
		return nil
	}
	select {
	case <-in.done:
		return in.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ingest opens the file that content of a name is being written to. nil: it is
// not found, and is waited for.
func (t *transfer) ingest(name string) *os.File {
	refs, _ := filepath.Glob(filepath.Join(t.ingests, "*", "ref"))
	for _, path := range refs {
		ref, err := os.ReadFile(path)
		if err != nil || !strings.HasSuffix(string(ref), "/"+name) {
			continue
		}
		if file, err := os.Open(filepath.Join(filepath.Dir(path), "data")); err == nil {
			return file
		}
	}
	return nil
}

// following reads content while it is being written.
type following struct {
	*os.File
	ctx context.Context
	in  *incoming
}

// Read implements io.Reader.
func (f *following) Read(p []byte) (int, error) {
	for {
		over := false
		select {
		case <-f.in.done:
			over = true
		default:
		}
		n, err := f.File.Read(p)
		if n > 0 || err != io.EOF {
			return n, err
		}
		if over {
			if f.in.err != nil {
				return 0, f.in.err
			}
			return 0, io.EOF
		}
		select {
		case <-f.in.grew:
		case <-f.in.done:
		case <-f.ctx.Done():
			return 0, context.Cause(f.ctx)
		}
	}
}

// observed is a fetcher that tells a transfer what it fetches.
type observed struct {
	remotes.Fetcher
	transfer *transfer
}

// Fetch implements remotes.Fetcher.
func (o observed) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	body, err := o.Fetcher.Fetch(ctx, desc)
	in := o.transfer.layer(desc.Digest)
	if err != nil || in == nil {
		return body, err
	}
	told := telling{body, in}
	if seeker, ok := body.(io.Seeker); ok {
		return struct {
			telling
			io.Seeker
		}{told, seeker}, nil
	}
	return told, nil
}

// telling tells before each Read that what was read before has been written.
type telling struct {
	io.ReadCloser
	in *incoming
}

// Read implements io.Reader.
func (t telling) Read(p []byte) (int, error) {
	t.in.once.Do(func() { close(t.in.began) })
	select {
	case t.in.grew <- struct{}{}:
	default:
	}
	return t.ReadCloser.Read(p)
}

// fetch pulls an image, its layers unpacked as they come.
func (e *Engine) fetch(ctx context.Context, pinned string, r resolved) (image containerd.Image, err error) {
	ctx, done, err := e.client.WithLease(ctx) // until every layer has come
	if err != nil {
		return nil, err
	}
	defer func() { _ = done(context.WithoutCancel(ctx)) }()
	within, ended := e.withinRoom(ctx)
	t := e.newTransfer(within)
	r.transfer = t
	image, err = e.client.Pull(t.ctx, pinned, containerd.WithResolver(r), containerd.WithImageHandlerWrapper(t.handle),
		containerd.WithPullUnpack, containerd.WithPullSnapshotter(e.snapshotter))
	known := err == nil
	err = t.end(err)
	if full := ended(); full != nil && err != nil {
		err = full
	}
	if err != nil && known { // a layer was unpacked by another pull, and did not come to this one
		_ = e.client.ImageService().Delete(context.WithoutCancel(ctx), pinned)
	}
	return image, err
}
