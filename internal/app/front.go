package app

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"
)

// front is the one listener's handler: the registry under /v2/, our own pages
// under /_hatoba/, and the AWS APIs everywhere else.
func front(api, registry, logTail, profile http.Handler, ready *atomic.Bool, status func(*http.Request) Health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.Handle("/v2/", registry)
	mux.Handle("GET /_hatoba/logs/tail", logTail)
	mux.Handle("GET /_hatoba/profile/{name}", profile)
	mux.HandleFunc("GET /_hatoba/health", func(w http.ResponseWriter, r *http.Request) {
		h := status(r)
		w.Header().Set("Content-Type", "application/json")
		if !ready.Load() || h.Status != "ok" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(h)
	})
	return mux
}

// Health is what GET /_hatoba/health answers. Status is "ok" only when the
// store answers, the engine answers and the node has a session.
type Health struct {
	Status  string            `json:"status"`
	Parts   map[string]string `json:"parts"`
	Tasks   int               `json:"tasks"`
	Started time.Time         `json:"started"`
	Version string            `json:"version,omitempty"`
}
