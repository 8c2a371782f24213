package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"github.com/hatoba/hatoba/internal/state"
)

// repository opens a repository of the storage.
func (r *Registry) repository(ctx context.Context, scope state.Scope, name string) (distribution.Repository, error) {
	named, err := reference.WithName(inside(scope, name))
	if err != nil {
		return nil, err
	}
	return r.storage.Repository(ctx, named)
}

// Put stores a manifest as a push would, and returns its digest. The blobs it
// names must be there: a *Refusal tells what is wrong.
func (r *Registry) Put(ctx context.Context, scope state.Scope, name string, content []byte, mediaType, tag string) (string, error) {
	if mediaType == "" {
		var m manifest
		if err := json.Unmarshal(content, &m); err != nil {
			return "", &Refusal{http.StatusBadRequest, "MANIFEST_INVALID", "the manifest is not JSON"}
		}
		mediaType = m.MediaType
	}
	dgst := digest.FromBytes(content).String()
	rt := route{scope: scope, name: name, kind: kindManifest, ref: tag}
	if tag == "" {
		rt.ref = dgst
	}
	req := (&http.Request{Method: http.MethodPut, URL: &url.URL{}, Header: http.Header{"Content-Type": {mediaType}}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	if _, err := r.storeManifest(req, rt, content); err != nil {
		return "", err
	}
	return dgst, nil
}

// Manifest returns a manifest's bytes; a missing one is distribution's
// ErrManifestUnknownRevision.
func (r *Registry) Manifest(ctx context.Context, scope state.Scope, name, dgst string) ([]byte, error) {
	repo, err := r.repository(ctx, scope, name)
	if err != nil {
		return nil, err
	}
	manifests, err := repo.Manifests(ctx)
	if err != nil {
		return nil, err
	}
	m, err := manifests.Get(ctx, digest.Digest(dgst))
	if err != nil {
		return nil, err
	}
	_, content, err := m.Payload()
	return content, err
}

// HasBlob tells whether a repository has a blob, and its size in bytes.
func (r *Registry) HasBlob(ctx context.Context, scope state.Scope, name, dgst string) (int64, bool, error) {
	repo, err := r.repository(ctx, scope, name)
	if err != nil || !isDigest(dgst) {
		return 0, false, err
	}
	r.touched.add(dgst) // who asks is about to push
	d, err := repo.Blobs(ctx).Stat(ctx, digest.Digest(dgst))
	if errors.Is(err, distribution.ErrBlobUnknown) {
		return 0, false, nil
	}
	return d.Size, err == nil, err
}

// Serves tells whether the registry answers for a tag or a digest: it holds it,
// or the repository is a cache of another.
func (r *Registry) Serves(ctx context.Context, scope state.Scope, name, ref string) (bool, error) {
	if r.cfg.Origins != nil {
		if _, ok, err := r.cfg.Origins.Origin(ctx, scope, name); ok || err != nil {
			return ok, err
		}
	}
	return r.Holds(ctx, scope, name, ref)
}

// Holds tells whether a repository has a tag or a digest.
func (r *Registry) Holds(ctx context.Context, scope state.Scope, name, ref string) (bool, error) {
	if _, ok, err := r.cfg.Catalog.Repository(ctx, scope, name); err != nil || !ok {
		return false, err
	}
	if isDigest(ref) {
		_, err := r.Manifest(ctx, scope, name, ref)
		var unknown distribution.ErrManifestUnknownRevision
		if errors.As(err, &unknown) {
			return false, nil
		}
		return err == nil, err
	}
	dgst, err := r.tagged(ctx, scope, name, ref)
	return dgst != "", err
}

// tagged is the digest a tag points to, "" when there is no such tag.
func (r *Registry) tagged(ctx context.Context, scope state.Scope, name, tag string) (string, error) {
	repo, err := r.repository(ctx, scope, name)
	if err != nil {
		return "", err
	}
	d, err := repo.Tags(ctx).Get(ctx, tag)
	var unknown distribution.ErrTagUnknown
	if errors.As(err, &unknown) {
		return "", nil
	}
	return d.Digest.String(), err
}

// Delete removes a manifest, and the tags named, from a repository, inside
// Exclusive. What is not there is no error. Blobs are freed by Collect.
func (r *Registry) Delete(ctx context.Context, scope state.Scope, name, dgst string, tags []string) error {
	for _, tag := range tags {
		if err := r.Untag(ctx, scope, name, tag); err != nil {
			return err
		}
	}
	if err := r.markGarbage(); err != nil {
		return err
	}
	path := r.repositoryDir(inside(scope, name), "_manifests", "revisions", algorithm(dgst), encoded(dgst))
	r.staying.RLock()
	err := os.RemoveAll(path)
	r.staying.RUnlock()
	if err != nil {
		return fmt.Errorf("delete manifest: %w", err)
	}
	return syncDirs(filepath.Dir(path))
}

// Untag removes a tag from a repository, inside Exclusive. A missing one is no
// error.
func (r *Registry) Untag(_ context.Context, scope state.Scope, name, tag string) error {
	path := r.repositoryDir(inside(scope, name), "_manifests", "tags", tag)
	if !reference.TagRegexp.MatchString(tag) || tag == "." || tag == ".." {
		return fmt.Errorf("%q is no tag", tag)
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("delete tag: %w", err)
	}
	return syncDirs(filepath.Dir(path))
}

// Remove removes all that a repository holds, inside Exclusive. Repositories
// whose names begin with its name and a slash stay.
func (r *Registry) Remove(ctx context.Context, scope state.Scope, name string) error {
	if err := r.markGarbage(); err != nil {
		return err
	}
	r.staying.RLock()
	err := storage.NewVacuum(ctx, r.driver).RemoveRepository(inside(scope, name))
	r.staying.RUnlock()
	if err != nil {
		return fmt.Errorf("delete repository: %w", err)
	}
	return syncDirs(r.repositoryDir(inside(scope, name)))
}
