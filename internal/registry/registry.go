// Package registry is the OCI registry behind /v2/: distribution's handlers
// over the data dir, told by a Catalog which repositories there are.
//
// app, pushed to the front port or to the account's ECR host name, is one
// repository of the default scope; the host name of another account or region
// is that scope's, and so is ACCOUNT/REGION/app on the front port. Inside, a
// repository's name always carries account and region.
//
// The storage is the truth about images: the Catalog keeps a record of each,
// written before a push is acknowledged. What a crash left between the two is
// mended when the registry is opened.
package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem" // the one driver that is linked in

	"github.com/hatoba/hatoba/internal/keylock"
	"github.com/hatoba/hatoba/internal/state"
)

// Catalog knows repositories and keeps a record of what is pushed to them.
type Catalog interface {
	// Repository tells whether a repository exists.
	Repository(ctx context.Context, scope state.Scope, name string) (state.Repository, bool, error)
	// Repositories names a scope's repositories in order; the zero scope means
	// all scopes, and is the only one whose keys differ in scope.
	Repositories(ctx context.Context, scope state.Scope) ([]state.Key, error)
	// Create makes a repository; one that exists is no error.
	Create(ctx context.Context, scope state.Scope, name string) error
	// Images are the records of a repository, in order of digest.
	Images(ctx context.Context, scope state.Scope, name string) ([]state.Image, error)
	// Pushed records a manifest that is stored. tag is "" for a push by digest.
	Pushed(ctx context.Context, scope state.Scope, image state.Image, tag string) error
	// Mend replaces records by what the storage holds, and forgets digests.
	Mend(ctx context.Context, scope state.Scope, name string, replace []state.Image, forget []string) error
}

// Config is what a Registry works with.
type Config struct {
	Dir     string
	Default state.Scope // of names that say no account and region
	Catalog Catalog
	Log     *slog.Logger
	// CreateOnPush makes a missing repository when something is pushed to it.
	// ECR refuses such a push, and so does the default.
	CreateOnPush bool
	// RequireAuth refuses requests without a token. Without it anybody may pull
	// and push without one, and a wrong one is refused all the same.
	RequireAuth bool
	// Room refuses pushes for which the disk has no room; nil: there always is.
	Room func() error
	// Origins are what repositories may be caches of; nil: none is.
	Origins Origins
	// Grace is how long a blob no manifest names is kept, because a push may
	// be about to name it. 0 means one hour.
	Grace time.Duration
}

// Registry is the handler of /v2/.
type Registry struct {
	cfg     Config
	app     http.Handler
	driver  driver.StorageDriver
	storage distribution.Namespace
	key     []byte // of tokens
	locks   keylock.Locks
	staying sync.RWMutex // held by who reads all manifests, and shared by who removes some
	touched touched
	fills   *fills
}

// Open opens the registry over its directory, mends the records of a broken
// push, and frees the blobs of images that were deleted.
func Open(ctx context.Context, cfg Config) (*Registry, error) {
	if cfg.Grace == 0 {
		cfg.Grace = time.Hour
	}
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
	r := &Registry{cfg: cfg, driver: d, storage: ns, fills: newFills(ctx)}
	if r.key, err = tokenKey(filepath.Join(cfg.Dir, "token.key")); err != nil {
		return nil, err
	}
	if err := r.mend(ctx); err != nil {
		return nil, fmt.Errorf("mend the records of images: %w", err)
	}
	if _, err := os.Stat(r.garbageMark()); err == nil {
		if _, err := r.Collect(ctx); err != nil {
			return nil, fmt.Errorf("free deleted images: %w", err)
		}
	}
	r.app = handlers.NewApp(ctx, r.configuration())
	return r, nil
}

// configuration is distribution's. It logs through logrus's standard logger
// whatever is set here; the process decides where that one writes.
func (r *Registry) configuration() *configuration.Configuration {
	c := &configuration.Configuration{
		Storage: configuration.Storage{
			"filesystem":  configuration.Parameters{"rootdirectory": r.cfg.Dir},
			"delete":      configuration.Parameters{"enabled": true},
			"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
		},
	}
	c.HTTP.Secret = r.sign("uploads") // the same after a restart, so that an upload may go on
	c.HTTP.RelativeURLs = true
	return c
}

// ServeHTTP implements http.Handler.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	if req.URL.Path == tokenPath {
		r.serveToken(w, req)
		return
	}
	account, ok := r.authenticate(w, req)
	if !ok {
		return
	}
	switch req.URL.Path {
	case "/v2/", "/v2":
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "{}")
		return
	case "/v2/_catalog":
		if scope, _ := r.cfg.scope(req.Host); account != "" && account != Node && account != scope.Account {
			refuse(w, http.StatusForbidden, "DENIED", fmt.Sprintf("the authorization token is account %s's, the registry is account %s's", account, scope.Account))
			return
		}
		r.catalog(w, req)
		return
	}
	rt, ok := r.cfg.route(req)
	if !ok {
		refuse(w, http.StatusNotFound, "UNSUPPORTED", "this registry does not serve "+req.Method+" "+req.URL.Path)
		return
	}
	if account == Node && req.Method != http.MethodGet && req.Method != http.MethodHead {
		refuse(w, http.StatusForbidden, "DENIED", "a node only pulls")
		return
	}
	if account != "" && account != Node && account != rt.scope.Account {
		refuse(w, http.StatusForbidden, "DENIED", fmt.Sprintf(
			"the authorization token is account %s's, the repository '%s' is in account %s", account, rt.name, rt.scope.Account))
		return
	}
	if err := r.fill(req, rt); err != nil {
		r.refuseFill(w, rt, err)
		return
	}
	exists, err := r.exists(req, rt)
	if err != nil {
		r.cfg.Log.Error("the catalog does not answer", "error", err)
		refuse(w, http.StatusInternalServerError, "UNKNOWN", "the repository cannot be looked up")
		return
	}
	if !exists {
		noRepository(w, rt)
		return
	}
	r.serve(w, req, rt)
}

func (r *Registry) room() error {
	if r.cfg.Room == nil {
		return nil
	}
	return r.cfg.Room()
}

// exists looks a repository up and, where that is wanted, makes it.
func (r *Registry) exists(req *http.Request, rt route) (bool, error) {
	_, ok, err := r.cfg.Catalog.Repository(req.Context(), rt.scope, rt.name)
	if err != nil || ok || !r.cfg.CreateOnPush || req.Method != http.MethodPost && req.Method != http.MethodPut {
		return ok, err
	}
	return true, r.cfg.Catalog.Create(req.Context(), rt.scope, rt.name)
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request, rt route) {
	if err := r.room(); err != nil && req.Method != http.MethodGet && req.Method != http.MethodHead && req.Method != http.MethodDelete {
		refuse(w, http.StatusInsufficientStorage, "UNAVAILABLE", err.Error())
		return
	}
	switch {
	case req.Method == http.MethodDelete && rt.kind != kindUpload:
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "images are deleted with: aws ecr batch-delete-image")
	case rt.kind == kindManifest && req.Method == http.MethodPut:
		r.putManifest(w, req, rt)
	default:
		// A client told that a blob is here will not send it: keep it.
		if req.Method != http.MethodGet {
			r.touched.add(rt.ref, req.URL.Query().Get("digest"), req.URL.Query().Get("mount"))
		}
		r.pass(w, req, rt)
	}
}

// refuse answers in the registry's error format.
// Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{{"code": code, "message": message}}})
}

func noRepository(w http.ResponseWriter, rt route) {
	refuse(w, http.StatusNotFound, "NAME_UNKNOWN", fmt.Sprintf(
		"The repository with name '%s' does not exist in the registry with id '%s'. Make it: aws ecr create-repository --repository-name %s", rt.name, rt.scope.Account, rt.name))
}
