package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/config"
)

func TestClientsGetTheRootKeyAndTheAuthority(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "credentials"), []byte("# hello\n[other]\naws_access_key_id = no\n[default]\naws_access_key_id = AKIAX\naws_secret_access_key=s/+=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := config.Config{DataDir: dir, Listen: "0.0.0.0:4566", Region: "us-east-1", AccountID: "123456789012", Auth: "sigv4", TLS: true}
	got, err := withEnv([]string{"AWS_PROFILE=x", "HOME=/h", "AWS_ENDPOINT_URL_ECS=http://elsewhere", "AWS_SESSION_TOKEN=old"}, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"HOME=/h", "AWS_ENDPOINT_URL=https://localhost:4566", "AWS_ACCESS_KEY_ID=AKIAX", "AWS_SECRET_ACCESS_KEY=s/+=", "AWS_CA_BUNDLE=" + dir + "/tls/ca.pem"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not in %q", want, got)
		}
	}
	for _, kv := range got {
		if strings.HasPrefix(kv, "AWS_PROFILE") || strings.HasPrefix(kv, "AWS_SESSION_TOKEN") || strings.HasPrefix(kv, "AWS_ENDPOINT_URL_") {
			t.Errorf("%s is left", kv)
		}
	}
	c = config.Config{Listen: "127.0.0.1:1", AccountID: "123456789012", Auth: "none"}
	if got, err := clientEnv(c); err != nil || got[0][1] != "http://localhost:1" || got[3][1] != "123456789012" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{"a/b+c=": "a/b+c=", "a b": "'a b'", "it's": `'it'\''s'`, "[::]:1": "'[::]:1'", "$(x)": "'$(x)'"} {
		if got := quoted(in); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
}
