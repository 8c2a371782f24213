package registry

import (
	"context"
	"io"

	"github.com/hatoba/hatoba/internal/state"
)

// Origins knows which repositories are caches of others (ECR's pull through
// cache rules).
type Origins interface {
	// Origin returns what a repository is a cache of; ok is false for one that
	// is its own.
	Origin(ctx context.Context, scope state.Scope, repository string) (origin Origin, ok bool, err error)
}

// Origin is a repository of another registry. Its errors are *Refusal.
type Origin interface {
	// Manifest returns a manifest by tag or digest; one by digest has it.
	Manifest(ctx context.Context, ref string) (content []byte, mediaType string, err error)
	// Digest is what a tag means now.
	Digest(ctx context.Context, tag string) (string, error)
	// Blob opens a blob. The reader need not check its digest.
	Blob(ctx context.Context, digest string) (io.ReadCloser, error)
}
