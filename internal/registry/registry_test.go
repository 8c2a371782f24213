package registry

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/state"
)

var ours = state.Scope{Account: "123456789012", Region: "us-east-1"}

func TestRoute(t *testing.T) {
	theirs := state.Scope{Account: "999999999999", Region: "eu-west-1"}
	for _, test := range []struct {
		host, path string
		want       route
	}{
		{"localhost:4566", "/v2/app/manifests/1", route{ours, "", "app", kindManifest, "1"}},
		{"127.0.0.1:4566", "/v2/team/app/blobs/sha256:ab", route{ours, "", "team/app", kindBlob, "sha256:ab"}},
		{"localhost:4566", "/v2/app/blobs/uploads/", route{ours, "", "app", kindUpload, ""}},
		{"localhost:4566", "/v2/app/blobs/uploads/id", route{ours, "", "app", kindUpload, "id"}},
		{"localhost:4566", "/v2/app/tags/list", route{ours, "", "app", kindTags, "list"}},
		{"localhost:4566", "/v2/manifests/blobs/uploads/", route{ours, "", "manifests", kindUpload, ""}},
		{"localhost:4566", "/v2/999999999999/eu-west-1/app/manifests/1", route{theirs, "999999999999/eu-west-1/", "app", kindManifest, "1"}},
		{"localhost:4566", "/v2/999999999999/app/manifests/1", route{ours, "", "999999999999/app", kindManifest, "1"}},
		{"999999999999.dkr.ecr.eu-west-1.amazonaws.com", "/v2/app/manifests/1", route{theirs, "", "app", kindManifest, "1"}},
		{"999999999999.dkr.ecr.eu-west-1.amazonaws.com:4566", "/v2/123456789012/us-east-1/app/manifests/1", route{theirs, "", "123456789012/us-east-1/app", kindManifest, "1"}},
		{"999999999999.dkr.ecr.eu-west-1.example.com", "/v2/app/manifests/1", route{ours, "", "app", kindManifest, "1"}},
	} {
		req := httptest.NewRequest("GET", test.path, nil)
		req.Host = test.host
		got, ok := Config{Default: ours}.route(req)
		if !ok || got != test.want {
			t.Errorf("%s%s: %+v, want %+v", test.host, test.path, got, test.want)
		}
	}
	if _, ok := (Config{}).route(httptest.NewRequest("GET", "/v2/app/other/1", nil)); ok {
		t.Error("a path of no kind has a route")
	}
}

// Whatever a client asks for, it stays inside its scope's repositories.
func TestInsideStaysInItsScope(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.StringMatching(`/v2(/[a-z0-9.]{1,3}){1,4}/(manifests|blobs)/[a-z0-9:]{1,5}`).Draw(t, "path")
		req := httptest.NewRequest("GET", path, nil)
		req.Host = "localhost:4566"
		rt, ok := Config{Default: ours}.route(req)
		if ok && !strings.HasPrefix(rt.inside(), "123456789012/us-east-1/") {
			t.Fatalf("%s is %s", path, rt.inside())
		}
	})
}

func TestTokens(t *testing.T) {
	key, err := tokenKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	r := &Registry{key: key}
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	token := r.Token("123456789012", now.Add(TokenLife))
	if account, ok := r.Valid("AWS", token, now); !ok || account != "123456789012" {
		t.Errorf("%s, %v", account, ok)
	}
	other := &Registry{key: append([]byte{key[0] ^ 1}, key[1:]...)}
	for name, bad := range map[string]bool{
		"too late":     second(r.Valid("AWS", token, now.Add(TokenLife))),
		"another user": second(r.Valid("root", token, now)),
		"another key":  second(other.Valid("AWS", token, now)),
		"longer life":  second(r.Valid("AWS", strings.Replace(token, ".1", ".9", 1), now)),
		"empty":        second(r.Valid("AWS", "", now)),
		"the secret":   second(r.Valid("AWS", "uploads."+r.sign("uploads"), now)),
	} {
		if bad {
			t.Errorf("%s: taken", name)
		}
	}
}

func second(_ string, ok bool) bool { return ok }

// The key is made once, and a damaged one is told.
func TestTokenKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := tokenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := tokenKey(path)
	if err != nil || string(again) != string(first) {
		t.Errorf("another key: %v", err)
	}
	if err := writeWhole(path, []byte("short")); err != nil {
		t.Fatal(err)
	}
	if _, err := tokenKey(path); err == nil {
		t.Error("a damaged key was taken")
	}
}

func TestDescribe(t *testing.T) {
	image := describe([]byte(`{"mediaType":"m","config":{"mediaType":"c","size":1},"layers":[{"size":20},{"size":300}],"subject":{"digest":"s"}}`), "x")
	if image.SizeBytes != 321 || image.MediaType != "m" || image.ArtifactType != "c" || image.Subject != "s" {
		t.Errorf("%+v", image)
	}
	index := describe([]byte(`{"manifests":[{"digest":"a","size":5},{"digest":"b"}]}`), "x")
	if index.SizeBytes != 0 || index.MediaType != "x" || len(index.Children) != 2 {
		t.Errorf("%+v", index)
	}
}
