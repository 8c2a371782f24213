package read

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// keys are a registry's, whatever the host.
type keys struct{ authn.AuthConfig }

func (k keys) Resolve(authn.Resource) (authn.Authenticator, error) {
	return authn.FromConfig(k.AuthConfig), nil
}

type counted struct{ requests int }

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.requests++
	return http.DefaultTransport.RoundTrip(r)
}

func TestImageNeedsCredentials(t *testing.T) {
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "mine" {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		store.ServeHTTP(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	ref, err := name.NewTag(host + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	mine := keys{authn.AuthConfig{Username: "me", Password: "mine"}}
	if err := remote.Write(ref, imageWith(t, "amd64", twoLayers(t)...), remote.WithAuthFromKeychain(mine)); err != nil {
		t.Fatal(err)
	}
	transport := &counted{}
	got, err := Image(context.Background(), ref.String(), ImageOptions{Keychain: mine, Transport: transport, Insecure: []string{host}})
	if err != nil {
		t.Fatal(err)
	}
	checkTwoLayers(t, got)
	if transport.requests < 4 {
		t.Errorf("the transport saw %d requests", transport.requests)
	}
	if _, err := Image(context.Background(), ref.String(), ImageOptions{Keychain: keys{}}); err == nil || !strings.Contains(err.Error(), ref.String()) {
		t.Errorf("without credentials it is refused, by name: %v", err)
	}
}
