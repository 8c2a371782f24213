package containerd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

// What registries answer, through the resolver, in the engine's classes.
func TestClassify(t *testing.T) {
	for status, want := range map[int]error{
		http.StatusNotFound:            runtime.ErrImageNotFound,
		http.StatusForbidden:           runtime.ErrImageDenied,
		http.StatusUnauthorized:        runtime.ErrImageDenied,
		http.StatusInternalServerError: runtime.ErrImageUnreachable,
		http.StatusTooManyRequests:     runtime.ErrImageRateLimited,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
			defer server.Close()
			ref := strings.TrimPrefix(server.URL, "http://") + "/app:1"
			if err := resolve(t.Context(), ref); !errors.Is(err, want) {
				t.Errorf("%v", err)
			}
		})
	}
	server := httptest.NewServer(nil)
	ref := strings.TrimPrefix(server.URL, "http://") + "/app:1"
	server.Close()
	if err := resolve(t.Context(), ref); !errors.Is(err, runtime.ErrImageUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := resolve(ended, ref); !errors.Is(err, context.Canceled) || errors.Is(err, runtime.ErrImageUnreachable) {
		t.Errorf("given up: %v", err)
	}
}

func resolve(ctx context.Context, ref string) error {
	return resolveWith(ctx, &Engine{}, protocol.ImageSource{Ref: ref, PlainHTTP: true})
}

func resolveWith(ctx context.Context, e *Engine, source protocol.ImageSource) error {
	resolver, err := e.resolverFor(source)
	if err == nil {
		_, _, err = resolver.Resolve(ctx, source.Ref)
	}
	if err == nil {
		return nil
	}
	return classify(ctx, runtime.StageManifest, err)
}
