package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

func TestRequestsWaitForTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJoin()
		handler := j.hold(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
		begun := time.Now()
		ask := func() (int, time.Duration) {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
			return w.Code, time.Since(begun)
		}
		fails := true
		open := j.opens(func(context.Context, state.Node) (protocol.Session, error) {
			if fails {
				return nil, errors.New("not yet")
			}
			return nil, nil
		})
		go func() {
			_, _ = open(t.Context(), state.Node{})
			time.Sleep(time.Second)
			fails = false
			_, _ = open(t.Context(), state.Node{})
			_, _ = open(t.Context(), state.Node{}) // a later session
		}()
		if code, took := ask(); code != http.StatusTeapot || took != time.Second {
			t.Errorf("%d after %s", code, took)
		}
		if code, took := ask(); code != http.StatusTeapot || took != time.Second {
			t.Errorf("%d after %s", code, took)
		}
		j = newJoin()
		handler = j.hold(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
		begun = time.Now()
		if code, took := ask(); code != http.StatusTeapot || took != joinPatience {
			t.Errorf("without a node: %d after %s", code, took)
		}
	})
}
