package app

import (
	"net/http"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"time"
)

// maxProfile bounds how long a CPU profile may take.
const maxProfile = time.Minute

// profile writes what the process is doing in pprof's format: stacks and
// counts, no values.
//
//	GET /_hatoba/profile/heap | goroutine | allocs | mutex | block
//	GET /_hatoba/profile/cpu?seconds=10
//	GET /_hatoba/profile/trace?seconds=10 (for go tool trace)
func profile(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	w.Header().Set("Content-Type", "application/octet-stream")
	start, stop := pprof.StartCPUProfile, pprof.StopCPUProfile
	switch name {
	case "cpu":
	case "trace":
		start, stop = trace.Start, trace.Stop
	default:
		p := pprof.Lookup(name)
		if p == nil {
			http.Error(w, "no such profile: "+strconv.Quote(name), http.StatusNotFound)
			return
		}
		_ = p.WriteTo(w, 0) // a client that went away is not news
		return
	}
	span := 10 * time.Second
	if s, err := strconv.Atoi(r.URL.Query().Get("seconds")); err == nil && s > 0 {
		span = min(time.Duration(s)*time.Second, maxProfile)
	}
	if err := start(w); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	defer stop()
	select {
	case <-time.After(span):
	case <-r.Context().Done():
	}
}
