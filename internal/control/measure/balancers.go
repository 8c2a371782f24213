package measure

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/measure"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/underway"
)

// Balancers tells what the data plane counted, since it began or since a record
// came into its table; lb.Plane is the real one. false: it does not have it.
type Balancers interface {
	Counts() bool // there is a balancer
	ReadBalancer(id string) (lb.Reading, bool)
	ReadGroup(id string) (lb.Reading, bool)
	ReadTarget(id string) (lb.Reading, bool)
}

// dials are the last readings, and what became of them. They are Run's alone.
type dials struct {
	before  map[string]lb.Reading            // of balancers and groups
	targets map[string]map[string]lb.Reading // by group
	late    map[string]bool                  // groups whose targets are to be looked at once more
	unsaid  unsaid
	file    *underway.File[unsaid]
}

func newDials(p *underway.Place) dials {
	return dials{
		before: map[string]lb.Reading{}, targets: map[string]map[string]lb.Reading{}, late: map[string]bool{},
		file: underway.Keep[unsaid](p, "balancers"),
	}
}

// sight is what is seen of a balancer that did something, or whose gauges are
// read.
type sight struct {
	scope    state.Scope
	record   state.LoadBalancer
	kinds    map[string]bool
	now, did lb.Reading
	gauged   bool
	groups   []*groupSight
}

// groupSight is what is seen of a target group.
type groupSight struct {
	record   state.TargetGroup
	now, did lb.Reading
	zones    map[string]lb.Reading // what the targets did
	targets  map[string]lb.Reading // as they are now, nil: they were not looked at
	health   *measure.Health       // nil: it was not read
}

// quiet tells that there is nothing to count.
func (g *groupSight) quiet() bool { return g.targets == nil && g.health == nil }

// look adds what balancers did since the last look to the minute, and keeps it.
// It reads the gauges too if it is to, and at the first look of a minute: what
// is told per target needs them.
func (l *Loop) look(ctx context.Context, begin time.Time, gauges bool) {
	d := &l.dials
	if l.cfg.Balancers == nil {
		return
	}
	if u := &d.unsaid; !u.Open.Begin.Equal(begin) {
		l.close() // of a process that was killed, or the clock was set
		u.Open.Begin, gauges = begin, true
	}
	if !gauges && !l.cfg.Balancers.Counts() {
		return
	}
	var balancers []sight
	var groups map[string]*groupSight
	err := l.cfg.Store.View(ctx, func(r store.Reader) error {
		balancers, groups = l.see(r, gauges)
		return nil
	})
	if err != nil {
		l.failed(ctx, "load balancers", err)
		return
	}
	changed := false
	here := make(map[string]bool, len(balancers)+len(groups))
	for id, g := range groups {
		here[id] = true
		d.before[id] = g.now
		d.late[id] = measure.Moved(g.did)
		if g.targets != nil {
			d.targets[id] = g.targets
		}
	}
	for _, b := range balancers {
		here[b.record.ARN] = true
		d.before[b.record.ARN] = b.now
		b.groups = slices.DeleteFunc(b.groups, (*groupSight).quiet)
		if b.gauged || measure.Moved(b.did) || len(b.groups) > 0 {
			d.unsaid.Open.add(b)
			changed = true
		}
	}
	maps.DeleteFunc(d.before, func(id string, _ lb.Reading) bool { return !here[id] })
	maps.DeleteFunc(d.targets, func(id string, _ map[string]lb.Reading) bool { return !here[id] })
	maps.DeleteFunc(d.late, func(id string, late bool) bool { return !late || !here[id] })
	if changed {
		d.save()
	}
}

// see reads all balancers and groups, and the targets of those groups that did
// something: a target may come after its group.
func (l *Loop) see(r store.Reader, gauges bool) ([]sight, map[string]*groupSight) {
	d := &l.dials
	seen := map[string]*groupSight{}
	of := map[state.Key][]*groupSight{}
	for key, g := range store.TargetGroups.List(r, state.Scope{}, "") {
		if !g.Associated() {
			continue
		}
		s := &groupSight{record: g}
		s.now, s.did = since(d.before, g.ARN, l.cfg.Balancers.ReadGroup)
		if measure.Moved(s.did) || d.late[g.ARN] || gauges {
			l.seeTargets(r, key.Scope(), s)
		}
		if gauges {
			health := healthOf(r, key.Scope(), g)
			s.health = &health
		}
		seen[g.ARN] = s
		for _, id := range g.Balancers {
			of[key.Scope().Key(id)] = append(of[key.Scope().Key(id)], s)
		}
	}
	var out []sight
	for key, b := range store.LoadBalancers.List(r, state.Scope{}, "") {
		s := sight{scope: key.Scope(), record: b, gauged: gauges, groups: of[key], kinds: map[string]bool{}}
		s.now, s.did = since(d.before, b.ARN, l.cfg.Balancers.ReadBalancer)
		if !gauges && !measure.Moved(s.did) {
			out = append(out, s)
			continue
		}
		for _, listener := range store.Listeners.List(r, s.scope, b.ID()+"/") {
			s.kinds[listener.Protocol] = true
		}
		out = append(out, s)
	}
	return out, seen
}

func (l *Loop) seeTargets(r store.Reader, scope state.Scope, s *groupSight) {
	s.targets, s.zones = map[string]lb.Reading{}, map[string]lb.Reading{}
	for key, t := range store.Targets.List(r, scope, s.record.ID()+"/") {
		id := state.PlaneTargetID(key)
		now, did := since(l.dials.targets[s.record.ARN], id, l.cfg.Balancers.ReadTarget)
		s.targets[id] = now
		if zone := zoneOf(r, scope, s.record, t); zone != "" {
			s.zones[zone] = measure.Sum(s.zones[zone], did)
		}
	}
}

// healthOf counts a group's targets as they are.
func healthOf(r store.Reader, scope state.Scope, g state.TargetGroup) measure.Health {
	out := measure.Health{Healthy: map[string]int{}, Unhealthy: map[string]int{}}
	for _, t := range store.Targets.List(r, scope, g.ID()+"/") {
		if t.Draining != nil {
			continue
		}
		out.Registered++
		zone := zoneOf(r, scope, g, t)
		switch t.Health.State {
		case "healthy":
			out.Healthy[zone]++
		case "unhealthy":
			out.Unhealthy[zone]++
		}
	}
	return out
}

// zoneOf is a target's zone: as registered, else of its task, else of the subnet
// it has its address from; "" for one that is in none.
func zoneOf(r store.Reader, scope state.Scope, g state.TargetGroup, t state.Target) string {
	if t.Zone != "" && t.Zone != "all" {
		return t.Zone
	}
	if task, ok := store.Tasks.Get(r, scope.Key(t.Task)); ok && t.Task != "" {
		return task.Placement.AvailabilityZone
	}
	address, err := netip.ParseAddr(t.Address)
	if err != nil {
		return ""
	}
	for _, s := range store.Subnets.List(r, scope, "") {
		if s.VPCID == g.VPCID && s.CIDR.Contains(address) {
			return s.AvailabilityZone
		}
	}
	return ""
}
