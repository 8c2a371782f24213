package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
)

func get(t *testing.T, s *Server, id string) (int, map[string]any) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("GET /v2/credentials/{id}", s)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path(id), nil))
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return w.Code, out
}

func TestCredentialsAreRenewedBeforeTheyEnd(t *testing.T) {
	now, given, down := time.Now(), 0, false
	s := &Server{ID: "mine", Now: func() time.Time { return now }, Fetch: func(context.Context) (protocol.Credentials, error) {
		if down {
			return protocol.Credentials{}, errors.New("away")
		}
		given++
		return protocol.Credentials{AccessKey: fmt.Sprint("ASIA", given), Secret: "s", Token: "t", RoleARN: "r", Expires: now.Add(6 * time.Hour)}, nil
	}}
	want := func(key string) {
		t.Helper()
		if code, out := get(t, s, "mine"); code != http.StatusOK || out["AccessKeyId"] != key || out["SecretAccessKey"] != "s" || out["Token"] != "t" || out["RoleArn"] != "r" {
			t.Errorf("%d %v, want %s", code, out, key)
		}
	}
	want("ASIA1")
	now = now.Add(5 * time.Hour)
	want("ASIA1")
	now = now.Add(31 * time.Minute)
	down = true
	want("ASIA1") // better than none
	down = false
	want("ASIA2")
	down, now = true, now.Add(7*time.Hour)
	if code, out := get(t, s, "mine"); code != http.StatusServiceUnavailable || out["code"] != "CredentialsUninitialized" {
		t.Errorf("%d %v", code, out)
	}
}

func TestAnotherIDIsNotFound(t *testing.T) {
	for _, s := range []*Server{{ID: "mine"}, {}} {
		if code, out := get(t, s, "other"); code != http.StatusBadRequest || out["code"] != "InvalidIdInRequest" || out["HTTPErrorCode"] != 400.0 {
			t.Errorf("%d %v", code, out)
		}
	}
}
