package containerd

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

// filled serves a registry that has app:1, in front of it what guard adds.
func filled(t *testing.T, guard func(http.Handler) http.Handler) *httptest.Server {
	t.Helper()
	content := registry.New()
	open := httptest.NewServer(content)
	defer open.Close()
	ref, err := name.ParseReference(strings.TrimPrefix(open.URL, "http://")+"/app:1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, empty.Image); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(guard(content))
	t.Cleanup(server.Close)
	return server
}

func plain(h http.Handler) http.Handler { return h }

// tokens asks for a bearer token, which its own /token gives to user:pw.
func tokens(t *testing.T) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				if user, password, _ := r.BasicAuth(); user+password != "userpw" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				if got := r.URL.Query().Get("scope"); got != "repository:app:pull" {
					t.Errorf("asked for %s", got)
				}
				fmt.Fprint(w, `{"token":"good"}`)
				return
			}
			if r.Header.Get("Authorization") != "Bearer good" {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.Host))
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func TestLoginWithTokens(t *testing.T) {
	server := filled(t, tokens(t))
	server.Start()
	source := protocol.ImageSource{Ref: strings.TrimPrefix(server.URL, "http://") + "/app:1", PlainHTTP: true, Username: "user", Password: "pw"}
	if err := resolveWith(t.Context(), &Engine{}, source); err != nil {
		t.Error(err)
	}
	source.Password = "other"
	err := resolveWith(t.Context(), &Engine{}, source)
	if !errors.Is(err, runtime.ErrImageDenied) || strings.Contains(err.Error(), "other") {
		t.Errorf("wrong password: %v", err)
	}
	source.Username, source.Password = "", ""
	if err := resolveWith(t.Context(), &Engine{}, source); !errors.Is(err, runtime.ErrImageDenied) {
		t.Errorf("no login: %v", err)
	}
}

// A mirror is asked first; what it has not, or when it is gone, the registry
// answers.
func TestMirror(t *testing.T) {
	asked := 0
	count := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked++; h.ServeHTTP(w, r) })
	}
	mirror, own := filled(t, count), filled(t, plain)
	mirror.Start()
	own.Start()
	host := strings.TrimPrefix(own.URL, "http://")
	source := protocol.ImageSource{Ref: "registry.test/app:1", PlainHTTP: true, Mirrors: []protocol.Mirror{{URL: mirror.URL}}}
	if err := resolveWith(t.Context(), &Engine{}, source); err != nil || asked == 0 {
		t.Errorf("only the mirror has it: %v", err)
	}
	mirror.Close()
	source.Ref = host + "/app:1"
	if err := resolveWith(t.Context(), &Engine{}, source); err != nil {
		t.Errorf("the mirror is gone: %v", err)
	}
	source.Mirrors[0].URL = "nothing"
	if err := resolveWith(t.Context(), &Engine{}, source); err == nil {
		t.Error("a mirror that is no URL passes")
	}
}

func TestPrivateAuthority(t *testing.T) {
	server := filled(t, plain)
	server.StartTLS()
	source := protocol.ImageSource{Ref: strings.TrimPrefix(server.URL, "https://") + "/app:1"}
	if err := resolveWith(t.Context(), &Engine{}, source); !errors.Is(err, runtime.ErrImageUntrusted) || !strings.Contains(err.Error(), "x509") {
		t.Errorf("nobody vouches for it: %v", err)
	}
	source.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := resolveWith(t.Context(), &Engine{}, source); err != nil {
		t.Error(err)
	}
	http := filled(t, plain)
	http.Start()
	if err := resolveWith(t.Context(), &Engine{}, protocol.ImageSource{Ref: strings.TrimPrefix(http.URL, "http://") + "/app:1"}); !errors.Is(err, runtime.ErrImageUntrusted) {
		t.Errorf("no TLS there: %v", err)
	}
}
