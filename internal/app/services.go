package app

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// servicePages tell what happened to a service:
//
//	GET /_hatoba/services/CLUSTER/SERVICE/events[?follow=1] a JSON line per event, the oldest first
//
// Each line is a ServiceLine.
type servicePages struct {
	store store.Store
	scope state.Scope
}

// ServiceLine is one event of a service: a message of DescribeServices, or an
// event as EventBridge is told it.
type ServiceLine struct {
	state.ServiceEvent
	Event *state.Envelope `json:",omitempty"`
}

func (p servicePages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scope := p.scope
	if v := r.URL.Query().Get("account"); v != "" {
		scope.Account = v
	}
	if v := r.URL.Query().Get("region"); v != "" {
		scope.Region = v
	}
	key := scope.Key(state.ServiceID(r.PathValue("cluster"), r.PathValue("service")))
	out, control := json.NewEncoder(w), http.NewResponseController(w)
	var svc state.Service
	line := func(e state.ServiceEvent) error {
		l := ServiceLine{ServiceEvent: e}
		if envelope, ok := e.Envelope(scope, svc); ok {
			l.Event = &envelope
		}
		return out.Encode(l)
	}
	errGone, errEnd := errors.New("gone"), errors.New("end")
	begin := func(s store.Reader) (err error) {
		var ok bool
		if svc, ok = store.Services.Get(s, key); !ok {
			return errGone
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		for _, e := range store.ServiceEvents.List(s, scope, key.ID+"/") {
			if err := line(e); err != nil {
				return err
			}
		}
		if r.URL.Query().Get("follow") == "" {
			return errEnd
		}
		return control.Flush()
	}
	err := p.store.Follow(r.Context(), begin, func(changes []store.Change) error {
		for _, c := range changes {
			_, had, e, has := store.ServiceEvents.Of(c)
			if had || !has || c.Key.Scope() != scope || len(c.Key.ID) <= len(key.ID) || c.Key.ID[:len(key.ID)+1] != key.ID+"/" {
				continue
			}
			if err := line(e); err != nil {
				return err
			}
		}
		return control.Flush()
	}, store.ServiceEvents.Name)
	if errors.Is(err, errGone) {
		http.Error(w, "there is no such service", http.StatusNotFound)
	}
}
