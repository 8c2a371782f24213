package app

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hatoba/hatoba/internal/aws/s3"
	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/sessions"
)

// front is the one listener's handler: S3 for what is signed for it or names
// its host, the registry under /v2/, our own pages under /_hatoba/, and the
// other AWS APIs everywhere else.
func front(api, registry, logTail, profile, tasks, looks, services, usage, channels, certificate http.Handler, objects *s3.Service, ready *atomic.Bool, status func(*http.Request) Health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.Handle("/v2/", steady(registry))
	mux.Handle("GET /_hatoba/logs/tail", logTail)
	// A bucket could be called v1: only what asks for a websocket is a channel.
	mux.HandleFunc("GET "+sessions.Path+"{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			api.ServeHTTP(w, r)
			return
		}
		channels.ServeHTTP(w, r)
	})
	mux.Handle("GET /_hatoba/profile/{name}", profile)
	mux.Handle("GET /_hatoba/services/{cluster}/{service}/events", services)
	mux.Handle("GET "+notify.CertificatePath+"{name}", certificate)
	mux.Handle("GET /_hatoba/tasks", tasks)
	mux.Handle("GET /_hatoba/usage", usage)
	mux.Handle("GET /_hatoba/tasks/{task}/events", tasks)
	mux.Handle("GET /_hatoba/tasks/{task}/inside", looks)
	mux.Handle("POST /_hatoba/tasks/{task}/kill", looks)
	mux.HandleFunc("GET /_hatoba/health", func(w http.ResponseWriter, r *http.Request) {
		h := status(r)
		w.Header().Set("Content-Type", "application/json")
		if !ready.Load() || h.Status != "ok" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(h)
	})
	store := steady(objects)
	return links(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s3.Claims(r) || unclaimed(r) && objects.Knows(r) {
			store.ServeHTTP(w, r) // before the mux, which would tidy up keys
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

// unclaimed tells whether a request is nobody's by its form: unsigned, in no
// AWS protocol, and for none of our own paths.
func unclaimed(r *http.Request) bool {
	return r.Header.Get("Authorization") == "" && r.Header.Get("X-Amz-Target") == "" && r.Method != http.MethodPost && !r.URL.Query().Has("X-Amz-Credential") &&
		r.URL.Path != metricsPath && !strings.HasPrefix(r.URL.Path, "/v2/") && !strings.HasPrefix(r.URL.Path, "/_hatoba/")
}

// Health is what GET /_hatoba/health answers. Status is "ok" only when the
// store answers, the engine answers and the node has a session.
type Health struct {
	Status  string            `json:"status"`
	Parts   map[string]string `json:"parts"`
	Tasks   int               `json:"tasks"`
	Started time.Time         `json:"started"`
	Logs    DroppedLogs       `json:"logs"`

	Measures DroppedMeasures `json:"measures"`

	Version string `json:"version,omitempty"`
}

// DroppedLogs is what containers in log mode non-blocking have lost since this
// Hatoba started, because they wrote faster than it was taken.
type DroppedLogs struct {
	Bytes int64 `json:"dropped_bytes"`
	Lines int64 `json:"dropped_lines"`
}

// DroppedMeasures is what tasks used and was given up since this Hatoba started,
// because it could not be stored for an hour: one measure is a task's minute.
type DroppedMeasures struct {
	Dropped int64 `json:"dropped"`
}
