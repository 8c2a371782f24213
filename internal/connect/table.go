package connect

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
)

// Place is where a task answers for a service.
type Place struct {
	Service string
	Address netip.AddrPort
}

// endpoint is a place with its name.
type endpoint struct {
	id      string
	address netip.AddrPort
	busy    *inflight
}

// Table is which tasks answer for which services. It is shared by the proxies
// of a node.
type Table struct {
	known chan struct{} // closed once the table is whole

	mu       sync.Mutex
	whole    bool
	where    map[string]Place // by endpoint id
	services map[string]*service
	leaving  map[string]*inflight // of endpoints that are gone, by their ids
}

type service struct {
	endpoints []endpoint // by id; replaced, never changed
	watchers  map[*upstream]struct{}
}

// NewTable makes an empty one, which is not whole: who asks it waits.
func NewTable() *Table {
	return &Table{known: make(chan struct{}), where: map[string]Place{}, services: map[string]*service{}, leaving: map[string]*inflight{}}
}

// Apply changes the table; with complete what is not named is gone, and who
// waited goes on. Its cost is that of the services it names. When it returns
// nothing new is sent to an endpoint that is gone.
func (t *Table) Apply(complete bool, changes map[string]*Place) {
	t.mu.Lock()
	defer t.mu.Unlock()
	touched := map[string]bool{}
	if complete {
		for id, p := range t.where {
			if changes[id] == nil {
				touched[p.Service] = true
				delete(t.where, id)
			}
		}
	}
	for id, p := range changes {
		have, had := t.where[id]
		switch {
		case p == nil && had:
			touched[have.Service] = true
			delete(t.where, id)
		case p != nil && have != *p:
			touched[p.Service] = true
			if had {
				touched[have.Service] = true
			}
			t.where[id] = *p
		}
	}
	if len(touched) > 0 {
		t.rebuild(touched, changes)
	}
	if complete && !t.whole {
		t.whole = true
		close(t.known)
	}
}

// rebuild makes the lists of the services that were touched; t.mu is held.
func (t *Table) rebuild(touched map[string]bool, changes map[string]*Place) {
	for name := range touched {
		s := t.service(name)
		kept, have := make([]endpoint, 0, len(s.endpoints)+1), map[string]bool{}
		for _, e := range s.endpoints {
			if p, ok := t.where[e.id]; ok && p == (Place{name, e.address}) {
				kept = append(kept, e)
				have[e.id] = true
			}
		}
		for id, p := range changes {
			if p != nil && p.Service == name && !have[id] {
				kept = append(kept, endpoint{id, p.Address, &inflight{}})
			}
		}
		slices.SortFunc(kept, func(a, b endpoint) int { return cmp.Compare(a.id, b.id) })
		before := s.endpoints
		s.endpoints = kept
		for u := range s.watchers {
			u.update(kept)
		}
		t.leave(before, kept)
		t.forget(name)
	}
}

func (t *Table) service(name string) *service {
	s := t.services[name]
	if s == nil {
		s = &service{watchers: map[*upstream]struct{}{}}
		t.services[name] = s
	}
	return s
}

// forget drops a service that nobody answers for and nobody asks; t.mu is held.
func (t *Table) forget(name string) {
	if s := t.services[name]; s != nil && len(s.endpoints) == 0 && len(s.watchers) == 0 {
		delete(t.services, name)
	}
}

func (t *Table) watch(u *upstream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.service(u.route.Service)
	s.watchers[u] = struct{}{}
	u.update(s.endpoints)
}

func (t *Table) unwatch(u *upstream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.service(u.route.Service).watchers, u)
	u.update(nil)
	t.forget(u.route.Service)
}
