package containerd

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/content"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// verified is up to what size content is read whole to find out whether it is
// what it says; that covers manifests and configurations.
const verified = 1 << 20

// forgetBroken takes content out of the store's records, and off the disk, that
// is missing, cut short or changed there, so that the next pull transfers it
// again. It returns how much that was.
func (e *Engine) forgetBroken(ctx context.Context) (forgotten int, err error) {
	store := e.client.ContentStore()
	var broken []content.Info
	err = store.Walk(ctx, func(info content.Info) error {
		if !e.intact(ctx, store, info) {
			broken = append(broken, info)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, info := range broken {
		e.cfg.Log.Warn("an image's content is broken on this disk and is forgotten", "digest", info.Digest.String())
		_ = os.Remove(e.blobPath(info))
		if err := store.Delete(ctx, info.Digest); err != nil {
			return forgotten, err
		}
		forgotten++
	}
	return forgotten, nil
}

func (e *Engine) contentDir() string {
	return filepath.Join(e.cfg.Root, "containerd", "io.containerd.content.v1.content")
}

func (e *Engine) blobPath(info content.Info) string {
	return filepath.Join(e.contentDir(), "blobs", info.Digest.Algorithm().String(), info.Digest.Encoded())
}

func (e *Engine) intact(ctx context.Context, store content.Store, info content.Info) bool {
	r, err := store.ReaderAt(ctx, ocispec.Descriptor{Digest: info.Digest, Size: info.Size})
	if err != nil {
		return false
	}
	defer r.Close()
	if r.Size() != info.Size || info.Size > verified {
		return r.Size() == info.Size
	}
	verifier := info.Digest.Verifier()
	_, err = io.Copy(verifier, io.NewSectionReader(r, 0, r.Size()))
	return err == nil && verifier.Verified()
}
