package source

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

// shelf is secrets by region and name.
type shelf map[string]string

func (s shelf) Resolve(_ context.Context, of state.Scope, id, _, _ string) (secrets.Value, error) {
	if v, ok := s[of.Region+" "+id]; ok && of.Account == scope.Account {
		return secrets.NewValue(v), nil
	}
	return secrets.Value{}, &smtypes.ResourceNotFoundException{}
}

func (s shelf) ResolveRegistryLogin(ctx context.Context, of state.Scope, id string) (secrets.Value, error) {
	return s.Resolve(ctx, of, id, "", "")
}

type held map[string]bool

func (h held) Serves(_ context.Context, _ state.Scope, repository, ref string) (bool, error) {
	return h[repository+" "+ref], nil
}

func TestLoginsInOrder(t *testing.T) {
	file := t.TempDir()
	auth := base64.StdEncoding.EncodeToString([]byte("file:pw"))
	config := fmt.Sprintf(`{"auths":{"https://index.docker.io/v1/":{"auth":%q},"both.example":{"auth":%q},"idt.example":{"identitytoken":"tok"}}}`, auth, auth)
	if err := os.WriteFile(filepath.Join(file, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := shelf{
		"eu-west-1 hatoba/registry/both.example":      `{"username":"kept","password":"p:w"}`,
		"us-east-1 hatoba/registry/ported.test_5000":  `{"username":"port","password":"pw"}`,
		"us-east-1 hatoba/registry/broken.example":    `["secret"]`,
		"us-east-1 given":                             `{"username":"given","password":"pw"}`,
		"us-east-1 bad":                               `{"username":"given"}`,
		"us-east-1 hatoba/registry/mirror.example.io": `{"username":"m","password":"pw"}`,
	}
	s := New(Config{
		Listen: "127.0.0.1:4566", Given: kept, Logins: []Logins{Saved{kept, "eu-west-1"}, Docker{file}},
		Mirrors: map[string][]string{"docker.io": {"https://mirror.example.io/hub"}},
		CAs:     map[string][]byte{"ported.test:5000": []byte("PEM")},
	})
	for _, c := range []struct{ ref, given, user, password, refused string }{
		{"nginx", "", "file", "pw", ""},
		{"both.example/app:1", "", "kept", "p:w", ""},
		{"both.example/app:1", "given", "given", "pw", ""},
		{"ported.test:5000/app:1", "", "port", "pw", ""},
		{"idt.example/app:1", "", "", "tok", ""},
		{"nobody.example/app:1", "", "", "", ""},
		{"broken.example/app:1", "", "", "", "CannotPullContainerError: the login for registry broken.example cannot be had: the secret is not a JSON object"},
		{"nginx", "bad", "", "", "ResourceInitializationError: unable to pull secrets or registry auth: "},
		{"app:UPPER/x", "", "", "", "CannotPullContainerError: image reference"},
		{"localhost:4566/app", "", "", "", ""},
	} {
		got, err := s.Source(t.Context(), scope, c.ref, c.given)
		var refusal *protocol.Refusal
		if c.refused != "" {
			if !errors.As(err, &refusal) || !strings.HasPrefix(refusal.Reason, c.refused) || strings.Contains(refusal.Reason, `["secret"]`) {
				t.Errorf("%s: %v", c.ref, err)
			}
			continue
		}
		if err != nil || got.Username != c.user || got.Password != c.password {
			t.Errorf("%s: %q %q, %v", c.ref, got.Username, got.Password, err)
		}
		if text := fmt.Sprintf("%v %+v %#v", got, got, got); c.password != "" && strings.Contains(text, c.password) {
			t.Errorf("shown: %s", text)
		}
	}
	hub, _ := s.Source(t.Context(), scope, "nginx", "")
	if len(hub.Mirrors) != 1 || hub.Mirrors[0].URL != "https://mirror.example.io/hub" || hub.Mirrors[0].Username != "m" {
		t.Errorf("%d mirrors", len(hub.Mirrors))
	}
	other, _ := s.Source(t.Context(), state.Scope{Account: "999999999999", Region: "us-east-1"}, "both.example/app:1", "")
	if other.Username == "kept" {
		t.Error("another account's login was given")
	}
}

func TestDockerHelper(t *testing.T) {
	dir := t.TempDir()
	helper := "#!/bin/sh\nread host\n[ \"$host\" = help.example ] || { echo no such login; exit 1; }\necho '{\"Username\":\"h\",\"Secret\":\"pw\"}'\n"
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-probe"), []byte(helper), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"credHelpers":{"help.example":"probe","sick.example":"probe"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	d := Docker{filepath.Join(dir, "config.json")}
	if got, ok, err := d.Login(t.Context(), scope, "help.example"); err != nil || !ok || got != (Login{"h", "pw"}) {
		t.Errorf("%v, %v", ok, err)
	}
	if _, _, err := d.Login(t.Context(), scope, "sick.example"); err == nil {
		t.Error("a helper that fails is not told")
	}
	if err := (Docker{filepath.Join(dir, "none")}).Check(); err == nil {
		t.Error("a file that is not there passes")
	}
}

// What our registry lacks is pulled from Amazon ECR, here a stand-in of its API.
func TestECRUpstream(t *testing.T) {
	asked := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if !strings.Contains(r.Header.Get("Authorization"), "Credential=AKIDREAL/") || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetAuthorizationToken") {
			t.Errorf("%s %s", r.Header.Get("Authorization"), r.Header.Get("X-Amz-Target"))
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		token := base64.StdEncoding.EncodeToString([]byte("AWS:token:with:colons"))
		fmt.Fprintf(w, `{"authorizationData":[{"authorizationToken":%q,"expiresAt":%d,"proxyEndpoint":"https://999999999999.dkr.ecr.eu-west-1.amazonaws.com"}]}`, token, time.Now().Add(12*time.Hour).Unix())
	}))
	defer api.Close()
	dir := t.TempDir()
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	t.Setenv("AWS_ACCESS_KEY_ID", "123456789012") // of `hatoba env`: the profile goes before it
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	profile := "[profile real]\naws_access_key_id = AKIDREAL\naws_secret_access_key = s\nendpoint_url = " + api.URL + "\n"
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	s := New(Config{Listen: "127.0.0.1:4566", Here: held{"app 1": true}, Upstream: &ECR{Profile: "real", Listen: "127.0.0.1:4566"}})
	own := "123456789012.dkr.ecr.us-east-1.amazonaws.com/"
	here, err := s.Source(t.Context(), scope, own+"app:1", "")
	if err != nil || here.Ref != "127.0.0.1:4566/123456789012/us-east-1/app:1" || asked != 0 {
		t.Fatalf("%v, %v", here, err)
	}
	for range 2 {
		there, err := s.Source(t.Context(), state.Scope{Account: "1", Region: "r"}, "999999999999.dkr.ecr.eu-west-1.amazonaws.com/app:2", "")
		if err != nil || there.Ref != "999999999999.dkr.ecr.eu-west-1.amazonaws.com/app:2" || there.Username != "AWS" || there.Password != "token:with:colons" || there.PlainHTTP {
			t.Fatalf("%v, %v", there, err)
		}
	}
	if asked != 1 {
		t.Errorf("a token that is valid was asked for %d times", asked)
	}
	if _, err := s.Source(t.Context(), scope, own+"app:2", ""); err != nil || asked != 2 {
		t.Errorf("a miss of our own: %v, asked %d times", err, asked)
	}
	trusted := New(Config{Here: held{}, Upstream: s.cfg.Upstream, Lookup: func(context.Context, string) ([]string, error) { return []string{"127.66.0.1"}, nil }})
	if _, err := trusted.Source(t.Context(), scope, own+"app:2", ""); err == nil || !strings.Contains(err.Error(), "hatoba trust remove") {
		t.Errorf("its name leads back to us: %v", err)
	}
	api.Close()
	_, err = New(Config{Upstream: &ECR{Profile: "none"}}).Source(t.Context(), scope, "999999999999.dkr.ecr.eu-west-1.amazonaws.com/app", "")
	var refusal *protocol.Refusal
	if !errors.As(err, &refusal) || !strings.Contains(refusal.Reason, "profile none") {
		t.Errorf("%v", err)
	}
}

func TestMirrors(t *testing.T) {
	got, err := Mirrors([]string{"docker.io=https://a", "docker.io=http://b:5000/x"})
	if err != nil || len(got["docker.io"]) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	for _, bad := range []string{"docker.io", "=https://a", "docker.io=", "docker.io=a", "docker.io=ftp://a", "docker.io=https://u:p@a"} {
		if _, err := Mirrors([]string{bad}); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
}
