package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/hatoba/hatoba/internal/state"
)

// maxManifest is the most bytes of a manifest, as the specification allows.
const maxManifest = 4 << 20

// putManifest stores a manifest and records it in the catalog before the
// client is told, so that what was acknowledged is listed.
func (r *Registry) putManifest(w http.ResponseWriter, req *http.Request, rt route, repo state.Repository, ref string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxManifest))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "MANIFEST_INVALID", "a manifest has at most 4 MiB")
		return
	}
	dgst, tag := digest.FromBytes(body).String(), ref
	if strings.Contains(ref, ":") {
		tag = ""
	}
	if tag != "" && repo.ImmutableTags {
		had, err := r.cfg.Catalog.Tagged(req.Context(), rt.scope, rt.name, tag)
		if err == nil && had != "" && had != dgst {
			refuse(w, http.StatusBadRequest, "TAG_INVALID", fmt.Sprintf(
				"The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the tag is immutable.", tag, rt.name))
			return
		}
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	r.pass(answer, req, rt)
	if answer.Code == http.StatusCreated {
		image := describe(body, req.Header.Get("Content-Type"))
		image.Repository, image.Digest, image.PushedAt = rt.name, dgst, time.Now().UTC().Truncate(time.Millisecond)
		if err := r.cfg.Catalog.Pushed(req.Context(), rt.scope, image, tag); err != nil {
			r.cfg.Log.Error("a pushed image could not be recorded", "repository", rt.name, "digest", dgst, "error", err)
			refuse(w, http.StatusInternalServerError, "UNKNOWN", "the image could not be recorded: push it again")
			return
		}
	}
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// describe reads what the catalog keeps of a manifest.
func describe(body []byte, contentType string) state.Image {
	var m struct {
		MediaType    string `json:"mediaType"`
		ArtifactType string `json:"artifactType"`
		Config       struct {
			Size      int64  `json:"size"`
			MediaType string `json:"mediaType"`
		} `json:"config"`
		Layers    []struct{ Size int64 } `json:"layers"`
		Manifests []struct{ Size int64 } `json:"manifests"`
	}
	_ = json.Unmarshal(body, &m) // distribution has checked it
	out := state.Image{MediaType: m.MediaType, ArtifactType: m.ArtifactType, Manifest: string(body), SizeBytes: m.Config.Size}
	if out.MediaType == "" {
		out.MediaType = contentType
	}
	if out.ArtifactType == "" {
		out.ArtifactType = m.Config.MediaType
	}
	for _, l := range append(m.Layers, m.Manifests...) {
		out.SizeBytes += l.Size
	}
	return out
}
