package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/distribution/distribution/v3"
)

// codeSizeInvalid is the distribution specification's.
const codeSizeInvalid = "SIZE_INVALID"

// honest refuses a manifest that says other sizes than its parts have, or that
// sends clients elsewhere for them. Parts that are missing, and digests that are
// none, are refused when it is stored.
func (r *Registry) honest(ctx context.Context, rt route, body []byte) error {
	var m manifest
	if json.Unmarshal(body, &m) != nil {
		return nil
	}
	for _, d := range append(m.Layers, m.Config) {
		if len(d.URLs) > 0 {
			return &Refusal{http.StatusBadRequest, "MANIFEST_INVALID", fmt.Sprintf("layer %s is to be fetched from elsewhere; this registry serves what is pushed to it", d.Digest)}
		}
		if !isDigest(d.Digest) {
			continue
		}
		size, ok, err := r.HasBlob(ctx, rt.scope, rt.name, d.Digest)
		if err != nil {
			return err
		}
		if ok && size != d.Size {
			return wrongSize(d, size)
		}
	}
	for _, d := range m.Manifests {
		if !isDigest(d.Digest) {
			continue
		}
		content, err := r.Manifest(ctx, rt.scope, rt.name, d.Digest)
		var unknown distribution.ErrManifestUnknownRevision
		if errors.As(err, &unknown) {
			continue
		}
		if err != nil {
			return err
		}
		if int64(len(content)) != d.Size {
			return wrongSize(d, int64(len(content)))
		}
	}
	return nil
}

func wrongSize(d descriptor, size int64) error {
	return &Refusal{http.StatusBadRequest, codeSizeInvalid, fmt.Sprintf("the manifest says that %s has %d bytes; it has %d", d.Digest, d.Size, size)}
}
