package metadata

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Server answers one task.
type Server struct {
	View   func() View
	Sample func(ctx context.Context, containerID string) (Sample, error)
	// Tags tells the task's tags as they are now; nil: as they were at its start.
	Tags func(ctx context.Context) ([]types.Tag, error)
	// Used tells the bytes the task has written to its own storage.
	Used  func(ctx context.Context) (int64, bool)
	Clock Clock
	Now   func() time.Time // nil: time.Now

	mu   sync.Mutex
	last map[string]Sample // by container id
}

// Register adds the paths of both versions.
func (s *Server) Register(mux *http.ServeMux) {
	for _, version := range []int{3, 4} {
		at := fmt.Sprintf("GET /v%d/{id}", version)
		for pattern, handler := range map[string]func(http.ResponseWriter, *http.Request, int){
			"":              s.container,
			"/task":         func(w http.ResponseWriter, r *http.Request, v int) { s.task(w, r, v, false) },
			"/taskWithTags": func(w http.ResponseWriter, r *http.Request, v int) { s.task(w, r, v, true) },
			"/stats":        s.stats,
			"/task/stats":   s.taskStats,
		} {
			serve := func(w http.ResponseWriter, r *http.Request) { handler(w, r, version) }
			mux.HandleFunc(at+pattern, serve)
			mux.HandleFunc(at+pattern+"/{$}", serve)
		}
	}
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// find finds the container that asks, or says in AWS's words that there is
// none.
func find(w http.ResponseWriter, r *http.Request, v View, version int, what string) (Container, bool) {
	c, ok := v.container(r.PathValue("id"))
	if !ok {
		answer(w, http.StatusNotFound, fmt.Sprintf("V%d %s handler: unable to get container ID from request: unable to get docker ID from v3 endpoint ID: %.80s", version, what, r.PathValue("id")))
	}
	return c, ok
}

func (s *Server) container(w http.ResponseWriter, r *http.Request, version int) {
	v := s.View()
	if c, ok := find(w, r, v, version, "container metadata"); ok {
		answer(w, http.StatusOK, v.containerResponse(version, c))
	}
}

func (s *Server) task(w http.ResponseWriter, r *http.Request, version int, tags bool) {
	v := s.View()
	if _, ok := find(w, r, v, version, "task metadata"); !ok {
		return
	}
	if tags && s.Tags != nil {
		now, err := s.Tags(r.Context())
		if err != nil {
			answer(w, http.StatusInternalServerError, fmt.Sprintf("V%d task metadata handler: unable to get the tags of task %s", version, v.Task.ARN))
			return
		}
		v.Task.Tags = now
	}
	var used *int64
	if version >= 4 && s.Used != nil {
		if n, ok := s.Used(r.Context()); ok {
			used = &n
		}
	}
	answer(w, http.StatusOK, v.taskResponse(version, s.now(), s.Clock, used, tags))
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request, version int) {
	v := s.View()
	c, ok := find(w, r, v, version, "container stats")
	if !ok {
		return
	}
	out, err := s.read(r.Context(), v, c)
	if err != nil {
		answer(w, http.StatusInternalServerError, fmt.Sprintf("V%d container stats handler: unable to get stats for container: %s", version, c.ID))
		return
	}
	answer(w, http.StatusOK, out)
}

// taskStats answers by container id; a container that does not run is null.
func (s *Server) taskStats(w http.ResponseWriter, r *http.Request, version int) {
	v := s.View()
	if _, ok := find(w, r, v, version, "task stats"); !ok {
		return
	}
	out := map[string]*stats{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, c := range v.Containers {
		out[c.ID] = nil
	}
	for _, c := range v.Containers {
		all.Go(func() {
			one, err := s.read(r.Context(), v, c)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			out[c.ID] = &one
		})
	}
	all.Wait()
	answer(w, http.StatusOK, out)
}

// The time between the two samples of an answer. Docker's is one second; an
// earlier question's sample serves as the first as long as it is not old.
const (
	sampleGap = time.Second
	sampleOld = time.Minute
)

// read takes a sample and compares it with the last one, for which it may
// first have to wait.
func (s *Server) read(ctx context.Context, v View, c Container) (stats, error) {
	if c.Known != running {
		return stats{}, fmt.Errorf("container %s does not run", c.ID)
	}
	before, ok := s.earlier(c.ID)
	if !ok {
		first, err := s.Sample(ctx, c.ID)
		if err != nil {
			return stats{}, err
		}
		before = first
		timer := time.NewTimer(sampleGap)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return stats{}, ctx.Err()
		case <-timer.C:
		}
	}
	now, err := s.Sample(ctx, c.ID)
	if err != nil {
		return stats{}, err
	}
	s.mu.Lock()
	if s.last == nil {
		s.last = map[string]Sample{}
	}
	if held := s.last[c.ID]; now.At.Sub(held.At) >= sampleGap {
		s.last[c.ID] = now
	}
	s.mu.Unlock()
	limit := v.memoryMiB(c)
	return statsOf(c, limit, before, now), nil
}

func (s *Server) earlier(id string) (Sample, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held, ok := s.last[id]
	age := s.now().Sub(held.At)
	return held, ok && age >= 0 && age < sampleOld
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the asker is gone: nobody to tell
}
