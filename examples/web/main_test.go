package main

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	t.Setenv("DB_PASSWORD", "do not show me")
	t.Setenv("GREETING", "hello")
	for path, want := range map[string]string{"/": `"greeting":"hello"`, "/healthz": "ok"} {
		w := httptest.NewRecorder()
		handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(body, want) || strings.Contains(body, "do not show me") {
			t.Errorf("%s: %d %s", path, w.Code, body)
		}
	}
}

func TestSecretNames(t *testing.T) {
	got := secretNames([]string{"PATH=/bin", "DB_PASSWORD=x", "EMPTY_KEY=", "API_KEY=y"})
	if want := []string{"API_KEY", "DB_PASSWORD"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
