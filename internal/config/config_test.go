package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func noEnv(string) (string, bool) { return "", false }

func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hatoba.json")
	if err := os.WriteFile(file, []byte(`{"region":"eu-west-1","log-level":"warn","account-id":"111111111111"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"HATOBA_LOG_LEVEL": "debug", "HATOBA_ACCOUNT_ID": "222222222222"}
	values, err := Load(file, func(k string) (string, bool) { v, ok := env[k]; return v, ok }, map[string]string{"account-id": "333333333333"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Value{
		"region":     {"eu-west-1", FromFile},
		"log-level":  {"debug", FromEnv},
		"account-id": {"333333333333", FromFlag},
		"listen":     {"127.0.0.1:4566", FromDefault},
	} {
		if got := values[name]; got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	if _, err := values.Check(); err != nil {
		t.Error(err)
	}
}

func TestRefusalsNameTheSettingAndItsOrigin(t *testing.T) {
	for name, value := range map[string]string{
		"account-id": "12", "region": "mars", "log-level": "loud", "log-format": "xml", "listen": "0.0.0.0:4566",
		"vpc-cidr": "10.0.0.0/24", "strict-network": "perhaps", "stop-tasks-on-exit": "later", "data-dir": "",
	} {
		values, err := Load("", noEnv, map[string]string{name: value})
		if err != nil {
			t.Fatal(err)
		}
		_, err = values.Check()
		if err == nil || !strings.Contains(err.Error(), "setting "+name) || !strings.Contains(err.Error(), "flag") {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	}
}

func TestWhoListensOutsideAsksWhoIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		flags map[string]string
		says  string // "": it is fine
	}{
		"loopback":             {map[string]string{"listen": "127.0.0.1:1"}, ""},
		"mapped loopback":      {map[string]string{"listen": "[::ffff:127.0.0.1]:1"}, ""},
		"all":                  {map[string]string{"listen": "0.0.0.0:1"}, "--auth sigv4 --tls"},
		"all, short":           {map[string]string{"listen": ":1"}, "--auth sigv4 --tls"},
		"signed, in the clear": {map[string]string{"listen": "[::]:1", "auth": "sigv4"}, "needs TLS"},
		"unsigned over TLS":    {map[string]string{"listen": "10.0.0.1:1", "tls": "true"}, "needs signatures"},
		"both":                 {map[string]string{"listen": "10.0.0.1:1", "tls": "true", "auth": "sigv4"}, ""},
		"both, given":          {map[string]string{"listen": "10.0.0.1:1", "tls-cert": "c", "tls-key": "k", "auth": "sigv4"}, ""},
		"half a certificate":   {map[string]string{"tls-cert": "c"}, "go together"},
		"another mode":         {map[string]string{"auth": "basic"}, "none or sigv4"},
		"a name":               {map[string]string{"listen": "example.com:1"}, "must be an address"},
	} {
		values, err := Load("", noEnv, c.flags)
		if err != nil {
			t.Fatal(err)
		}
		_, err = values.Check()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnknownSettingInFileIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hatoba.json")
	if err := os.WriteFile(file, []byte(`{"colour":"blue"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file, noEnv, nil); err == nil || !strings.Contains(err.Error(), `"colour"`) {
		t.Error(err)
	}
}
