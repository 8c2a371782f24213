package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/hatoba/hatoba/internal/state"
)

// maxManifest is the most bytes of a manifest, as the specification asks for.
const maxManifest = 4 << 20

// Refusal is why the registry does not take something, in the codes of the
// distribution specification.
type Refusal struct {
	Status        int
	Code, Message string
}

// Error returns code and message.
func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Codes of a Refusal that callers tell apart.
const (
	CodeTagImmutable   = "TAG_INVALID"           // the tag names another image
	CodeBlobUnknown    = "MANIFEST_BLOB_UNKNOWN" // a layer or a manifest of an index is missing
	CodeNameUnknown    = "NAME_UNKNOWN"          // the repository is gone
	codeManifestFailed = "UNKNOWN"
)

// putManifest answers a client's PUT of a manifest.
func (r *Registry) putManifest(w http.ResponseWriter, req *http.Request, rt route) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxManifest))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "MANIFEST_INVALID", "a manifest has at most 4 MiB")
		return
	}
	answer, err := r.storeManifest(req, rt, body)
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Code == CodeNameUnknown:
		noRepository(w, rt)
	case errors.As(err, &refusal) && answer == nil:
		refuse(w, refusal.Status, refusal.Code, refusal.Message)
	case err != nil && answer == nil:
		r.cfg.Log.Error("a pushed image could not be recorded", "repository", rt.name, "error", err)
		refuse(w, http.StatusInternalServerError, codeManifestFailed, "the image could not be recorded: push it again")
	default:
		answer.writeTo(w)
	}
}

// storeManifest stores a manifest and records it in the catalog before anybody
// is told, so that what was acknowledged is listed and outlives a power cut.
// The answer is distribution's, nil when it was not asked.
func (r *Registry) storeManifest(req *http.Request, rt route, body []byte) (answer *buffered, err error) {
	image := describe(body, req.Header.Get("Content-Type"))
	image.Repository, image.Digest = rt.name, digest.FromBytes(body).String()
	tag := rt.ref
	if isDigest(tag) {
		tag = ""
	}
	err = r.Exclusive(req.Context(), rt.scope, rt.name, func(ctx context.Context) error {
		if err := r.allowed(ctx, rt, tag, image.Digest); err != nil {
			return err
		}
		if err := r.honest(ctx, rt, body); err != nil {
			return err
		}
		named := references(body)
		r.touched.add(append(named, image.Digest)...)
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		answer = &buffered{header: http.Header{}, status: http.StatusOK}
		r.pass(answer, req, rt)
		if answer.status != http.StatusCreated {
			return answer.refusal()
		}
		err := r.sync(rt.inside(), tag, append(named, image.Digest)...)
		if err == nil {
			image.PushedAt = time.Now().UTC().Truncate(time.Millisecond)
			err = r.cfg.Catalog.Pushed(ctx, rt.scope, image, tag)
		}
		if err != nil {
			answer = nil
		}
		return err
	})
	return answer, err
}

// allowed refuses what must not be pushed: to a repository that is gone, or
// over a tag that is immutable.
func (r *Registry) allowed(ctx context.Context, rt route, tag, dgst string) error {
	repo, ok, err := r.cfg.Catalog.Repository(ctx, rt.scope, rt.name)
	if err != nil {
		return err
	}
	if !ok {
		return &Refusal{http.StatusNotFound, CodeNameUnknown, "the repository does not exist"}
	}
	if tag == "" || !repo.ImmutableTags {
		return nil
	}
	had, err := r.tagged(ctx, rt.scope, rt.name, tag)
	if err != nil || had == "" || had == dgst {
		return err
	}
	return &Refusal{http.StatusBadRequest, CodeTagImmutable, fmt.Sprintf(
		"The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the tag is immutable.", tag, rt.name)}
}

// manifest is what is read of any kind of manifest.
type manifest struct {
	MediaType    string       `json:"mediaType"`
	ArtifactType string       `json:"artifactType"`
	Config       descriptor   `json:"config"`
	Layers       []descriptor `json:"layers"`
	Manifests    []descriptor `json:"manifests"`
	Subject      descriptor   `json:"subject"`
}

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`

	URLs []string `json:"urls"`
}

// describe reads what the catalog keeps of a manifest.
func describe(body []byte, contentType string) state.Image {
	var m manifest
	_ = json.Unmarshal(body, &m) // distribution refuses what is none
	out := state.Image{
		MediaType: m.MediaType, ArtifactType: m.ArtifactType, SizeBytes: m.Config.Size, Subject: m.Subject.Digest,
	}
	if out.MediaType == "" {
		out.MediaType = contentType
	}
	if out.ArtifactType == "" {
		out.ArtifactType = m.Config.MediaType
	}
	for _, l := range m.Layers {
		out.SizeBytes += l.Size
	}
	for _, c := range m.Manifests {
		out.Children = append(out.Children, c.Digest)
	}
	return out
}

// references are the digests a manifest needs.
func references(body []byte) (out []string) {
	var m manifest
	_ = json.Unmarshal(body, &m)
	for _, d := range append(append(m.Layers, m.Manifests...), m.Config) {
		if isDigest(d.Digest) {
			out = append(out, d.Digest)
		}
	}
	return out
}

// blobDescriptors are those of an image's configuration and layers.
func blobDescriptors(body []byte) []descriptor {
	var m manifest
	_ = json.Unmarshal(body, &m)
	return append(m.Layers, m.Config)
}

func isDigest(s string) bool {
	_, err := digest.Parse(s)
	return err == nil
}

// buffered is an answer that is kept until it may be given.
type buffered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffered) Header() http.Header         { return b.header }
func (b *buffered) WriteHeader(status int)      { b.status = status }
func (b *buffered) Write(p []byte) (int, error) { return b.body.Write(p) }

func (b *buffered) writeTo(w http.ResponseWriter) {
	for k, v := range b.header {
		w.Header()[k] = v
	}
	w.WriteHeader(b.status)
	_, _ = w.Write(b.body.Bytes())
}

// refusal reads distribution's own error answer.
func (b *buffered) refusal() error {
	var body struct {
		Errors []struct{ Code, Message string } `json:"errors"`
	}
	if err := json.Unmarshal(b.body.Bytes(), &body); err != nil || len(body.Errors) == 0 {
		return &Refusal{b.status, codeManifestFailed, http.StatusText(b.status)}
	}
	return &Refusal{b.status, body.Errors[0].Code, body.Errors[0].Message}
}
