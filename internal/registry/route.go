package registry

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// What a request is about.
const (
	kindManifest = "manifests"
	kindBlob     = "blobs"
	kindUpload   = "blobs/uploads"
	kindTags     = "tags"
	kindReferrer = "referrers"
)

// route is a request's repository and what is asked of it.
type route struct {
	scope  state.Scope
	prefix string // of the name as the client wrote it: "" or ACCOUNT/REGION/
	name   string
	kind   string
	ref    string // tag, digest or upload id
}

var (
	ecrHost  = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?(?::[0-9]+)?$`)
	restPart = regexp.MustCompile(`^/v2/(.+)/(manifests|blobs/uploads|blobs|tags|referrers)/([^/]*)$`)
	uploadID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	scoped   = regexp.MustCompile(`^(([0-9]{12})/([a-z]{2,}(?:-[a-z]+)+-[0-9]+)/)(.+)$`)
)

// scope is the scope a host name means, and whether the name itself says so.
func (c Config) scope(host string) (scope state.Scope, said bool) {
	if m := ecrHost.FindStringSubmatch(host); m != nil {
		return state.Scope{Account: m[1], Region: m[2]}, true
	}
	return c.Default, false
}

func (c Config) route(req *http.Request) (route, bool) {
	m := restPart.FindStringSubmatch(req.URL.Path)
	if m == nil {
		return route{}, false
	}
	scope, said := c.scope(req.Host)
	rt := route{scope: scope, name: m[1], kind: m[2], ref: m[3]}
	if !said {
		rt.scope, rt.prefix, rt.name = inScope(scope, m[1])
	}
	return rt, true
}

// inScope reads ACCOUNT/REGION/NAME, or NAME in the scope.
func inScope(scope state.Scope, name string) (of state.Scope, prefix, rest string) {
	if m := scoped.FindStringSubmatch(name); m != nil {
		return state.Scope{Account: m[2], Region: m[3]}, m[1], m[4]
	}
	return scope, "", name
}

// Scoped tells whether a repository's name would be read as ACCOUNT/REGION/NAME
// on the front port; such a name cannot be given.
func Scoped(name string) bool { return scoped.MatchString(name) }

// inside is a repository's name in the storage.
func inside(scope state.Scope, name string) string {
	return scope.Account + "/" + scope.Region + "/" + name
}

func (rt route) inside() string { return inside(rt.scope, rt.name) }

// pass hands a request to distribution under the repository's inside name.
func (r *Registry) pass(w http.ResponseWriter, req *http.Request, rt route) {
	clone := req.Clone(req.Context())
	clone.URL.Path = "/v2/" + rt.inside() + "/" + rt.kind + "/" + rt.ref
	clone.URL.RawPath = ""
	if from := clone.URL.Query().Get("from"); from != "" {
		scope, _, name := inScope(rt.scope, from)
		q := clone.URL.Query()
		q.Set("from", inside(scope, name))
		if scope.Account != rt.scope.Account {
			q.Del("from") // another account's blobs are not mounted; the client sends them
			q.Del("mount")
		}
		clone.URL.RawQuery = q.Encode()
	}
	clone.RequestURI = clone.URL.RequestURI()
	r.app.ServeHTTP(&outside{ResponseWriter: w, rt: rt}, clone)
}

// outside turns the inside name in a Location back into the one the client
// knows.
type outside struct {
	http.ResponseWriter
	rt    route
	wrote bool
}

func (o *outside) WriteHeader(code int) {
	if o.wrote = true; o.Header().Get("Location") != "" {
		o.Header().Set("Location", strings.Replace(o.Header().Get("Location"), "/v2/"+o.rt.inside()+"/", "/v2/"+o.rt.prefix+o.rt.name+"/", 1))
	}
	o.ResponseWriter.WriteHeader(code)
}

func (o *outside) Write(b []byte) (int, error) {
	if !o.wrote {
		o.WriteHeader(http.StatusOK)
	}
	return o.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (o *outside) Unwrap() http.ResponseWriter { return o.ResponseWriter }
