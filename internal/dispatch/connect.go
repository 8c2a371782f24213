package dispatch

import (
	"maps"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// beginEndpoints gathers where all services of Service Connect are answered.
func (s *session) beginEndpoints(r store.Reader) {
	for _, t := range store.Tasks.List(r, state.Scope{}, "") {
		s.addEndpoints(t.ConnectEndpoints())
	}
}

func (s *session) addEndpoints(endpoints map[string]state.ConnectEndpoint) {
	for id, e := range endpoints {
		if s.pending.Endpoints == nil {
			s.pending.Endpoints = map[string]*state.ConnectEndpoint{}
		}
		s.pending.Endpoints[id] = &e
	}
}

// changeEndpoints notes what a change of a task means for where services are
// answered, and tells whether that is anything; s.mu is held. It stands in the
// same message as the task's stop, or in an earlier one.
func (s *session) changeEndpoints(c store.Change) bool {
	if c.Table != store.Tasks.Name {
		return false
	}
	before, _, after, _ := store.Tasks.Of(c)
	if len(before.Spec.Service.Connect)+len(after.Spec.Service.Connect) == 0 {
		return false
	}
	old, now := before.ConnectEndpoints(), after.ConnectEndpoints()
	if maps.Equal(old, now) {
		return false
	}
	s.addEndpoints(now)
	for id := range old {
		if _, ok := now[id]; !ok {
			if s.pending.Endpoints == nil {
				s.pending.Endpoints = map[string]*state.ConnectEndpoint{}
			}
			s.pending.Endpoints[id] = nil
		}
	}
	return true
}

// connectPlan is what Service Connect gives a task: that of its revision.
func connectPlan(r store.Reader, key state.Key, t state.Task) *state.ConnectPlan {
	of := t.Spec.Service
	if of.Service == "" {
		return nil
	}
	rev, _ := store.ServiceRevisions.Get(r, key.Scope().Key(state.ServiceRevisionID(of.Service, of.Revision)))
	return rev.ConnectPlan
}
