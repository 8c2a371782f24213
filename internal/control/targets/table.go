package targets

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// table is what is known of the store, with what refers to what.
type table struct {
	balancers    map[state.Key]state.LoadBalancer
	listeners    map[state.Key]state.Listener
	rules        map[state.Key]map[state.Key]state.Rule // by listener
	certificates map[state.Key]state.Certificate
	groups       map[state.Key]state.TargetGroup
	targets      map[state.Key]state.Target
	members      map[state.Key]map[state.Key]bool // targets by group
	ofTask       map[state.Key]map[state.Key]bool // targets by task
	shown        map[string]map[state.Key]bool    // listeners by ARN of their certificates
}

func newTable() table {
	return table{
		balancers: map[state.Key]state.LoadBalancer{}, listeners: map[state.Key]state.Listener{}, rules: map[state.Key]map[state.Key]state.Rule{},
		certificates: map[state.Key]state.Certificate{}, groups: map[state.Key]state.TargetGroup{}, targets: map[state.Key]state.Target{},
		members: map[state.Key]map[state.Key]bool{}, ofTask: map[state.Key]map[state.Key]bool{}, shown: map[string]map[state.Key]bool{},
	}
}

// touched is what has to be looked at again after changes; a value is the ARN
// that the record had before, "" for one that is new.
type touched struct {
	balancers, listeners, groups map[state.Key]string
	targets                      map[state.Key]bool
	ended                        map[state.Key]bool // targets whose task has ended
}

func newTouched() touched {
	return touched{map[state.Key]string{}, map[state.Key]string{}, map[state.Key]string{}, map[state.Key]bool{}, map[state.Key]bool{}}
}

func (t touched) empty() bool {
	return len(t.balancers)+len(t.listeners)+len(t.groups)+len(t.targets)+len(t.ended) == 0
}

func note(m map[state.Key]string, key state.Key, arn string) {
	if m[key] == "" {
		m[key] = arn
	}
}

// put takes a change.
func (t *table) put(c store.Change, seen *touched) {
	switch c.Table {
	case store.LoadBalancers.Name:
		before := change(t.balancers, c)
		after, ok := t.balancers[c.Key]
		if ok && before.ARN != "" && sameBalancer(before, after) {
			return // no more than its state
		}
		note(seen.balancers, c.Key, before.ARN)
		if ok && !slices.Equal(before.Zones, after.Zones) {
			t.askedFrom(c.Key, seen)
		}
	case store.Listeners.Name:
		before := change(t.listeners, c)
		note(seen.listeners, c.Key, before.ARN)
		for _, arn := range before.Certificates {
			unlink(t.shown, arn, c.Key)
		}
		for _, arn := range t.listeners[c.Key].Certificates {
			link(t.shown, arn, c.Key)
		}
	case store.Rules.Name:
		listener := c.Key.Scope().Key(state.ListenerOf(c.Key.ID))
		if t.rules[listener] == nil {
			t.rules[listener] = map[state.Key]state.Rule{}
		}
		if change(t.rules[listener], c); len(t.rules[listener]) == 0 {
			delete(t.rules, listener)
		}
		note(seen.listeners, listener, t.listeners[listener].ARN)
	case store.Certificates.Name:
		before := change(t.certificates, c)
		for _, arn := range []string{before.ARN, t.certificates[c.Key].ARN} {
			for listener := range t.shown[arn] {
				note(seen.listeners, listener, t.listeners[listener].ARN)
			}
		}
	case store.TargetGroups.Name:
		before := change(t.groups, c)
		note(seen.groups, c.Key, before.ARN)
		if t.groups[c.Key].ARN != before.ARN || checkedOtherwise(before, t.groups[c.Key]) {
			for target := range t.members[c.Key] {
				seen.targets[target] = true
			}
		}
	case store.Targets.Name:
		t.putTarget(c, seen)
	case store.Tasks.Name:
		for target := range t.ofTask[c.Key] {
			seen.ended[target] = true
		}
	}
}

func (t *table) putTarget(c store.Change, seen *touched) {
	scope := c.Key.Scope()
	before := change(t.targets, c)
	if before.Group != "" {
		unlink(t.members, scope.Key(before.Group), c.Key)
		unlink(t.ofTask, scope.Key(before.Task), c.Key)
	}
	if after, ok := t.targets[c.Key]; ok {
		link(t.members, scope.Key(after.Group), c.Key)
		if after.Task != "" {
			link(t.ofTask, scope.Key(after.Task), c.Key)
		}
	}
	seen.targets[c.Key] = true
}

// change makes a change in a map, and returns what was there.
func change[T any](m map[state.Key]T, c store.Change) T {
	before := m[c.Key]
	if c.After == nil {
		delete(m, c.Key)
	} else {
		m[c.Key] = c.After.(T)
	}
	return before
}

func link[K comparable](m map[K]map[state.Key]bool, from K, to state.Key) {
	if m[from] == nil {
		m[from] = map[state.Key]bool{}
	}
	m[from][to] = true
}

func unlink[K comparable](m map[K]map[state.Key]bool, from K, to state.Key) {
	delete(m[from], to)
	if len(m[from]) == 0 {
		delete(m, from)
	}
}

// sameBalancer tells that two records differ in their state alone, if at all.
func sameBalancer(a, b state.LoadBalancer) bool {
	return a.ARN == b.ARN && a.DNSName == b.DNSName && slices.Equal(a.Zones, b.Zones) && maps.Equal(a.Attributes, b.Attributes)
}

// checkedOtherwise tells that the targets of a group have to be looked at again.
func checkedOtherwise(a, b state.TargetGroup) bool {
	return a.HealthCheck != b.HealthCheck || !slices.Equal(a.Balancers, b.Balancers) || a.Attributes[drainAttribute] != b.Attributes[drainAttribute]
}

// askedFrom touches the targets of a balancer, whose address became another.
func (t *table) askedFrom(balancer state.Key, seen *touched) {
	for key, g := range t.groups {
		if key.Scope() == balancer.Scope() && slices.Contains(g.Balancers, balancer.ID) {
			for target := range t.members[key] {
				seen.targets[target] = true
			}
		}
	}
}

// source is the address from which a group's targets are asked: that of the
// balancer that sends to them.
func (t *table) source(scope state.Scope, g state.TargetGroup) netip.Addr {
	for _, id := range g.Balancers {
		if b := t.balancers[scope.Key(id)]; len(b.Zones) > 0 {
			return b.Zones[0].Address
		}
	}
	return netip.Addr{}
}
