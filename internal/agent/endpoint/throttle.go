package endpoint

import (
	"net/http"

	"golang.org/x/time/rate"
)

// The ECS agent's limits of a task's requests.
const (
	perSecond = 40
	burst     = 60
)

// throttled refuses what comes faster than the ECS agent takes it.
func throttled(next http.Handler) http.Handler {
	limit := rate.NewLimiter(perSecond, burst)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !limit.Allow() {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte("You have reached maximum request limit."))
			return
		}
		next.ServeHTTP(w, r)
	})
}
