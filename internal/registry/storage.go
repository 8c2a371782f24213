package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/distribution/distribution/v3"
	"github.com/opencontainers/go-digest"

	"github.com/hatoba/hatoba/internal/state"
)

// Put stores a manifest as a push would, and returns its digest. The blobs it
// names must be there.
func (r *Registry) Put(ctx context.Context, scope state.Scope, name string, manifest []byte, mediaType, tag string) (string, error) {
	dgst := digest.FromBytes(manifest).String()
	if mediaType == "" {
		var m struct {
			MediaType string `json:"mediaType"`
		}
		if err := json.Unmarshal(manifest, &m); err != nil {
			return "", fmt.Errorf("the manifest is not JSON: %w", err)
		}
		mediaType = m.MediaType
	}
	ref := tag
	if ref == "" {
		ref = dgst
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "/v2/"+name+"/manifests/"+ref, bytes.NewReader(manifest))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", mediaType)
	repo, ok, err := r.cfg.Catalog.Repository(ctx, scope, name)
	if err != nil || !ok {
		return "", fmt.Errorf("no repository %s: %w", name, err)
	}
	answer := httptest.NewRecorder()
	r.putManifest(answer, req, route{scope: scope, name: name, rest: "manifests/" + ref}, repo, ref)
	if answer.Code != http.StatusCreated {
		return "", errors.New(strings.TrimSpace(answer.Body.String()))
	}
	return dgst, nil
}

// HasBlob tells whether a repository has a blob, and its size in bytes.
func (r *Registry) HasBlob(ctx context.Context, scope state.Scope, name, dgst string) (int64, bool, error) {
	repo, err := r.repository(ctx, scope, name)
	if err != nil {
		return 0, false, err
	}
	parsed, err := digest.Parse(dgst)
	if err != nil {
		return 0, false, nil
	}
	d, err := repo.Blobs(ctx).Stat(ctx, parsed)
	if errors.Is(err, distribution.ErrBlobUnknown) {
		return 0, false, nil
	}
	return d.Size, err == nil, err
}
