package registry

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// maxCatalog is the most names one page of the catalog has.
const maxCatalog = 1000

// catalog answers GET /v2/_catalog with the repositories of the scope the host
// name means, by pages.
// Source: https://distribution.github.io/distribution/spec/api/#listing-repositories
func (r *Registry) catalog(w http.ResponseWriter, req *http.Request) {
	scope, _ := r.cfg.scope(req.Host)
	q, size := req.URL.Query(), maxCatalog
	if text := q.Get("n"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			refuse(w, http.StatusBadRequest, "PAGINATION_NUMBER_INVALID", "n is the number of names on a page, 1 to 1000")
			return
		}
		size = min(n, maxCatalog)
	}
	keys, err := r.cfg.Catalog.Repositories(req.Context(), scope)
	if err != nil {
		r.cfg.Log.Error("the catalog does not answer", "error", err)
		refuse(w, http.StatusInternalServerError, "UNKNOWN", "the repositories cannot be listed")
		return
	}
	names := []string{}
	for _, k := range keys {
		if k.ID <= q.Get("last") {
			continue
		}
		if len(names) == size {
			next := url.Values{"n": {strconv.Itoa(size)}, "last": {names[size-1]}}
			w.Header().Set("Link", "</v2/_catalog?"+next.Encode()+`>; rel="next"`)
			break
		}
		names = append(names, k.ID)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"repositories": names})
}
