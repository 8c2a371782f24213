package app

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/hatoba/hatoba/internal/history"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// taskPages tell what the AWS APIs have no field for:
//
//	GET /_hatoba/tasks                       restarts of every task, and the latest event of those that are not STOPPED
//	GET /_hatoba/tasks/TASK/events[?follow=1] its history, a JSON line per event
//
// TASK may be the beginning of an id, if it is one task's.
type taskPages struct {
	store   store.Store
	history *history.Store
}

func (p taskPages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if id := r.PathValue("task"); id != "" {
		p.events(w, r, id)
		return
	}
	p.list(w, r)
}

// TaskNote is what GET /_hatoba/tasks tells of one task.
type TaskNote struct {
	Task     string           `json:"task"`
	Restarts int              `json:"restarts"` // of its containers, by their policies
	Last     *state.TaskEvent `json:"last,omitempty"`
}

func (p taskPages) list(w http.ResponseWriter, r *http.Request) {
	out, stopped := []TaskNote{}, map[string]bool{}
	err := p.store.View(r.Context(), func(s store.Reader) error {
		for key, t := range store.Tasks.List(s, state.Scope{}, "") {
			n := TaskNote{Task: key.ID}
			for _, c := range t.Observed.Containers {
				n.Restarts += c.Restarts
			}
			out = append(out, n)
			stopped[n.Task] = t.Observed.Status >= state.TaskStopped
		}
		return nil
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for i := range out {
		if stopped[out[i].Task] {
			continue // its stoppedReason says it all
		}
		if last, ok := p.history.Last(r.Context(), out[i].Task); ok {
			out[i].Last = &last
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

func (p taskPages) events(w http.ResponseWriter, r *http.Request, prefix string) {
	id, err := p.history.Find(r.Context(), prefix)
	if err != nil {
		status := http.StatusBadRequest
		if errors.Is(err, history.ErrNone) {
			status = http.StatusNotFound
		}
		http.Error(w, err.Error(), status)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out, control := json.NewEncoder(w), http.NewResponseController(w)
	if r.URL.Query().Get("follow") != "" {
		_ = p.history.Follow(r.Context(), id, func(e state.TaskEvent) error { // its end is the client's
			if err := out.Encode(e); err != nil {
				return err
			}
			return control.Flush()
		})
		return
	}
	events, err := p.history.Read(r.Context(), id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for _, e := range events {
		if err := out.Encode(e); err != nil {
			return
		}
	}
}
