package registry

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/distribution/distribution/v3"
	"github.com/opencontainers/go-digest"

	"github.com/hatoba/hatoba/internal/state"
)

// What can be wrong with an upload.
var (
	ErrNoUpload    = errors.New("no such upload")
	ErrEmptyUpload = errors.New("the upload has no bytes")
	ErrBadDigest   = errors.New("the bytes have another digest")
)

// OffsetError means that a part does not begin where the upload stands.
type OffsetError struct{ Size int64 }

// Error tells where the upload stands.
func (e *OffsetError) Error() string { return fmt.Sprintf("the upload has %d bytes", e.Size) }

// StartUpload begins the upload of a blob and returns its id.
func (r *Registry) StartUpload(ctx context.Context, scope state.Scope, name string) (id string, err error) {
	if err := r.room(); err != nil {
		return "", err
	}
	repo, err := r.repository(ctx, scope, name)
	if err != nil {
		return "", err
	}
	w, err := repo.Blobs(ctx).Create(ctx)
	if err != nil {
		return "", err
	}
	return w.ID(), w.Close()
}

// Upload appends a part that begins at the offset, and returns the upload's
// size. Parts of one upload follow one another.
func (r *Registry) Upload(ctx context.Context, scope state.Scope, name, id string, offset int64, part io.Reader) (size int64, err error) {
	w, unlock, err := r.resume(ctx, scope, name, id)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if w.Size() != offset {
		return w.Size(), errors.Join(&OffsetError{w.Size()}, w.Close())
	}
	_, err = w.ReadFrom(part)
	return w.Size(), errors.Join(err, w.Close())
}

// FinishUpload makes the upload a blob of the repository.
func (r *Registry) FinishUpload(ctx context.Context, scope state.Scope, name, id, dgst string) (size int64, err error) {
	w, unlock, err := r.resume(ctx, scope, name, id)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if w.Size() == 0 {
		return 0, errors.Join(ErrEmptyUpload, w.Close())
	}
	r.touched.add(dgst)
	d, err := w.Commit(ctx, distribution.Descriptor{Digest: digest.Digest(dgst)})
	var invalid distribution.ErrBlobInvalidDigest
	if errors.As(err, &invalid) {
		return 0, errors.Join(ErrBadDigest, w.Close())
	}
	if err != nil {
		return 0, errors.Join(err, w.Close())
	}
	return d.Size, nil
}

func (r *Registry) resume(ctx context.Context, scope state.Scope, name, id string) (distribution.BlobWriter, func(), error) {
	if !uploadID.MatchString(id) { // it becomes part of a path
		return nil, nil, ErrNoUpload
	}
	repo, err := r.repository(ctx, scope, name)
	if err != nil {
		return nil, nil, err
	}
	unlock, err := r.locks.Lock(ctx, "upload:"+id)
	if err != nil {
		return nil, nil, err
	}
	w, err := repo.Blobs(ctx).Resume(ctx, id)
	if errors.Is(err, distribution.ErrBlobUploadUnknown) {
		err = ErrNoUpload
	}
	if err != nil {
		unlock()
		return nil, nil, err
	}
	return w, unlock, nil
}
