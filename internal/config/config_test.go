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

func TestUnknownSettingInFileIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hatoba.json")
	if err := os.WriteFile(file, []byte(`{"colour":"blue"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file, noEnv, nil); err == nil || !strings.Contains(err.Error(), `"colour"`) {
		t.Error(err)
	}
}
