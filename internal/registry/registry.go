// Package registry is the OCI registry behind /v2/: distribution's handlers
// over the data dir, told by a Catalog which repositories there are.
//
// app, pushed to the front port or to the account's ECR host name, is one
// repository of the default scope; the host name of another account or region
// is that scope's. Inside, a repository's name carries account and region.
package registry

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem" // the one driver that is linked in
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"github.com/hatoba/hatoba/internal/state"
)

// Catalog knows repositories and keeps what is pushed to them.
type Catalog interface {
	// Repository tells whether a repository exists.
	Repository(ctx context.Context, scope state.Scope, name string) (state.Repository, bool, error)
	// Tagged returns the digest a tag points to, "" when it does not exist.
	Tagged(ctx context.Context, scope state.Scope, name, tag string) (string, error)
	// Pushed records a manifest that is stored. tag is "" for a push by digest.
	Pushed(ctx context.Context, scope state.Scope, image state.Image, tag string) error
}

// Config is what a Registry works with.
type Config struct {
	Dir     string
	Default state.Scope // of names that say no account and region
	Catalog Catalog
	Log     *slog.Logger
}

// Registry is the handler of /v2/.
type Registry struct {
	cfg     Config
	app     http.Handler
	driver  driver.StorageDriver
	storage distribution.Namespace
	key     []byte // of tokens
}

// Open opens the registry over its directory, and frees the blobs of images
// that were deleted.
func Open(ctx context.Context, cfg Config) (*Registry, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	d, err := factory.Create(ctx, "filesystem", map[string]any{"rootdirectory": cfg.Dir})
	if err != nil {
		return nil, err
	}
	ns, err := storage.NewRegistry(ctx, d, storage.EnableDelete)
	if err != nil {
		return nil, err
	}
	r := &Registry{cfg: cfg, driver: d, storage: ns}
	if r.key, err = tokenKey(filepath.Join(cfg.Dir, "token.key")); err != nil {
		return nil, err
	}
	if err := r.collect(ctx); err != nil {
		return nil, fmt.Errorf("free deleted images: %w", err)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	conf := &configuration.Configuration{
		Storage: configuration.Storage{
			"filesystem":  configuration.Parameters{"rootdirectory": cfg.Dir},
			"delete":      configuration.Parameters{"enabled": true},
			"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
		},
	}
	conf.HTTP.Secret = hex.EncodeToString(secret)
	conf.HTTP.RelativeURLs = true
	r.app = handlers.NewApp(ctx, conf)
	return r, nil
}

// route is a request's repository and what is asked of it.
type route struct {
	scope state.Scope
	name  string
	rest  string // manifests/REF, blobs/DIGEST, blobs/uploads/…, tags/list, referrers/DIGEST
}

var (
	ecrHost  = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?(:[0-9]+)?$`)
	restPart = regexp.MustCompile(`^/v2/(.+)/(manifests/[^/]+|blobs/[^/]+|blobs/uploads/[^/]*|tags/list|referrers/[^/]+)$`)
)

// Scope is the scope an image host name means.
func (c Config) scope(host string) state.Scope {
	if m := ecrHost.FindStringSubmatch(host); m != nil {
		return state.Scope{Account: m[1], Region: m[2]}
	}
	return c.Default
}

func (r *Registry) route(req *http.Request) (route, bool) {
	m := restPart.FindStringSubmatch(req.URL.Path)
	if m == nil {
		return route{}, false
	}
	return route{scope: r.cfg.scope(req.Host), name: m[1], rest: m[2]}, true
}

func (rt route) inside() string { return inside(rt.scope, rt.name) }

// inside is a repository's name in the storage.
func inside(scope state.Scope, name string) string {
	return scope.Account + "/" + scope.Region + "/" + name
}

// ServeHTTP implements http.Handler.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if user, password, given := req.BasicAuth(); given && !r.Valid(user, password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="hatoba"`)
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "Your authorization token is not valid or has expired. Get a new one: aws ecr get-login-password")
		return
	}
	if req.URL.Path == "/v2/" || req.URL.Path == "/v2" {
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "{}")
		return
	}
	rt, ok := r.route(req)
	if !ok {
		refuse(w, http.StatusNotFound, "UNSUPPORTED", "this registry does not serve "+req.Method+" "+req.URL.Path)
		return
	}
	repo, exists, err := r.cfg.Catalog.Repository(req.Context(), rt.scope, rt.name)
	if err != nil {
		r.cfg.Log.Error("the catalog does not answer", "error", err)
		refuse(w, http.StatusInternalServerError, "UNKNOWN", "the repository cannot be looked up")
		return
	}
	if !exists {
		refuse(w, http.StatusNotFound, "NAME_UNKNOWN", fmt.Sprintf(
			"The repository with name '%s' does not exist in the registry with id '%s'. Make it: aws ecr create-repository --repository-name %s", rt.name, rt.scope.Account, rt.name))
		return
	}
	r.serve(w, req, rt, repo)
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request, rt route, repo state.Repository) {
	ref, manifest := strings.CutPrefix(rt.rest, "manifests/")
	switch {
	case req.Method == http.MethodDelete:
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "images are deleted with: aws ecr batch-delete-image")
		return
	case manifest && req.Method == http.MethodPut:
		r.putManifest(w, req, rt, repo, ref)
		return
	}
	r.pass(w, req, rt)
}

// pass hands a request to distribution under the repository's inside name.
func (r *Registry) pass(w http.ResponseWriter, req *http.Request, rt route) {
	clone := req.Clone(req.Context())
	clone.URL.Path = "/v2/" + rt.inside() + "/" + rt.rest
	clone.RequestURI = clone.URL.RequestURI()
	if from := clone.URL.Query().Get("from"); from != "" {
		q := clone.URL.Query()
		q.Set("from", inside(rt.scope, from))
		clone.URL.RawQuery = q.Encode()
	}
	r.app.ServeHTTP(&outside{ResponseWriter: w, inside: "/v2/" + rt.inside() + "/", name: "/v2/" + rt.name + "/"}, clone)
}

// outside turns the inside name in a Location back into the one the client
// knows.
type outside struct {
	http.ResponseWriter
	inside, name string
}

func (o *outside) WriteHeader(code int) {
	if l := o.Header().Get("Location"); l != "" {
		o.Header().Set("Location", strings.Replace(l, o.inside, o.name, 1))
	}
	o.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController through.
func (o *outside) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// refuse answers in the registry's error format.
// Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{{"code": code, "message": message}}})
}

// repository opens a repository of the storage.
func (r *Registry) repository(ctx context.Context, scope state.Scope, name string) (distribution.Repository, error) {
	named, err := reference.WithName(inside(scope, name))
	if err != nil {
		return nil, err
	}
	return r.storage.Repository(ctx, named)
}

// Delete removes a manifest from a repository. Its blobs are freed at the next
// start.
func (r *Registry) Delete(ctx context.Context, scope state.Scope, name, dgst string) error {
	repo, err := r.repository(ctx, scope, name)
	if err != nil {
		return err
	}
	manifests, err := repo.Manifests(ctx)
	if err != nil {
		return err
	}
	tags := repo.Tags(ctx)
	pointing, err := tags.Lookup(ctx, distribution.Descriptor{Digest: digest.Digest(dgst)})
	if err == nil {
		for _, t := range pointing {
			if err := tags.Untag(ctx, t); err != nil {
				return err
			}
		}
	}
	var unknown distribution.ErrManifestUnknownRevision
	if err := manifests.Delete(ctx, digest.Digest(dgst)); err != nil && !errors.As(err, &unknown) && !errors.Is(err, distribution.ErrBlobUnknown) {
		return err
	}
	return os.WriteFile(r.garbageMark(), nil, 0o600)
}

// Untag removes a tag from a repository.
func (r *Registry) Untag(ctx context.Context, scope state.Scope, name, tag string) error {
	repo, err := r.repository(ctx, scope, name)
	if err != nil {
		return err
	}
	return repo.Tags(ctx).Untag(ctx, tag)
}

func (r *Registry) garbageMark() string { return filepath.Join(r.cfg.Dir, "garbage") }

// collect frees blobs no manifest needs, when images were deleted since the
// last start. Nobody pushes yet, so that nothing half-pushed is in danger but
// uploads that were broken off.
func (r *Registry) collect(ctx context.Context) error {
	if _, err := os.Stat(r.garbageMark()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	err := storage.MarkAndSweep(ctx, r.driver, r.storage, storage.GCOpts{Quiet: true})
	var none driver.PathNotFoundError
	if err != nil && !errors.As(err, &none) {
		return err
	}
	return os.Remove(r.garbageMark())
}
