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
)

// Balancers tells what the data plane counted, since it began or since a record
// came into its table; lb.Plane is the real one. false: it does not have it.
type Balancers interface {
	ReadBalancer(id string) (lb.Reading, bool)
	ReadGroup(id string) (lb.Reading, bool)
	ReadTarget(id string) (lb.Reading, bool)
}

// dials are the last readings. Those of a start of Hatoba begin at zero, as the
// plane's counters do.
type dials struct {
	before map[string]lb.Reading       // that are told, by the plane's ids
	active map[string][]float64        // connections since the last minute
	health map[string][]measure.Health // of groups, since the last minute
}

func newDials() dials {
	return dials{before: map[string]lb.Reading{}, active: map[string][]float64{}, health: map[string][]measure.Health{}}
}

// maxGauges bounds what is gathered while metrics cannot be stored.
const maxGauges = 60

// gauge reads what is no counter. It is Run's alone, as all of dials is.
func (l *Loop) gauge(ctx context.Context) {
	if l.cfg.Balancers == nil {
		return
	}
	d := &l.dials
	active := func(id string, read func(string) (lb.Reading, bool)) {
		if r, ok := read(id); ok && len(d.active[id]) < maxGauges {
			d.active[id] = append(d.active[id], float64(max(0, r.ActiveConnections)))
		}
	}
	err := l.cfg.Store.View(ctx, func(r store.Reader) error {
		for _, b := range store.LoadBalancers.List(r, state.Scope{}, "") {
			active(b.ARN, l.cfg.Balancers.ReadBalancer)
		}
		for key, g := range store.TargetGroups.List(r, state.Scope{}, "") {
			if !g.Associated() {
				continue
			}
			active(g.ARN, l.cfg.Balancers.ReadGroup)
			if len(d.health[g.ARN]) < maxGauges {
				d.health[g.ARN] = append(d.health[g.ARN], healthOf(r, key.Scope(), g))
			}
		}
		return nil
	})
	if err != nil {
		l.failed(ctx, "load balancers", err)
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

// carried tells what balancers did since the last time. What could not be
// stored is told with what comes next.
func (l *Loop) carried(ctx context.Context, minute time.Time) {
	if l.cfg.Balancers == nil {
		return
	}
	// Balancers are those of an account and region, with the readings they are
	// up to.
	type part struct {
		balancers []measure.Balancer
		upTo      map[string]lb.Reading
	}
	parts := map[state.Scope]*part{}
	here := map[string]bool{}
	err := l.cfg.Store.View(ctx, func(r store.Reader) error {
		clear(parts)
		for key, b := range store.LoadBalancers.List(r, state.Scope{}, "") {
			p := parts[key.Scope()]
			if p == nil {
				p = &part{upTo: map[string]lb.Reading{}}
				parts[key.Scope()] = p
			}
			p.balancers = append(p.balancers, l.balancer(r, key.Scope(), b, p.upTo))
		}
		return nil
	})
	if err != nil {
		l.failed(ctx, "load balancers", err)
		return
	}
	for scope, p := range parts {
		data := measure.Balancers(minute, p.balancers)
		if len(data) > 0 {
			if err := l.cfg.Metrics.Put(ctx, scope, data); err != nil {
				l.failed(ctx, "load balancers", err)
				for id := range p.upTo {
					here[id] = true
				}
				continue
			}
		}
		for id, r := range p.upTo {
			here[id] = true
			l.dials.before[id] = r
			delete(l.dials.active, id)
			delete(l.dials.health, id)
		}
	}
	gone := func(id string) bool { return !here[id] }
	maps.DeleteFunc(l.dials.before, func(id string, _ lb.Reading) bool { return gone(id) })
	maps.DeleteFunc(l.dials.active, func(id string, _ []float64) bool { return gone(id) })
	maps.DeleteFunc(l.dials.health, func(id string, _ []measure.Health) bool { return gone(id) })
}

// balancer reads a balancer with its groups. upTo takes the readings.
func (l *Loop) balancer(r store.Reader, scope state.Scope, b state.LoadBalancer, upTo map[string]lb.Reading) measure.Balancer {
	since := func(id string, read func(string) (lb.Reading, bool)) lb.Reading {
		now, _ := read(id)
		upTo[id] = now
		return measure.Since(l.dials.before[id], now)
	}
	out := measure.Balancer{
		Name: b.ID(), Network: b.Type == "network", Kinds: map[string]bool{},
		Reading: since(b.ARN, l.cfg.Balancers.ReadBalancer), Active: l.dials.active[b.ARN],
	}
	for _, z := range b.Zones {
		if z.Zone != "" && !slices.Contains(out.Zones, z.Zone) {
			out.Zones = append(out.Zones, z.Zone)
		}
	}
	for _, listener := range store.Listeners.List(r, scope, b.ID()+"/") {
		out.Kinds[listener.Protocol] = true
	}
	for _, g := range store.TargetGroups.List(r, scope, "") {
		if !slices.Contains(g.Balancers, b.ID()) {
			continue
		}
		group := measure.Group{
			Name: "targetgroup/" + g.ID(), Shared: len(g.Balancers) > 1, Active: l.dials.active[g.ARN], Health: l.dials.health[g.ARN],
			Reading: since(g.ARN, l.cfg.Balancers.ReadGroup), Zones: map[string]measure.Target{},
		}
		for key, t := range store.Targets.List(r, scope, g.ID()+"/") {
			did := since(state.PlaneTargetID(key), l.cfg.Balancers.ReadTarget)
			if zone := zoneOf(r, scope, g, t); zone != "" {
				group.Zones[zone] = measure.Target{Reading: measure.Sum(group.Zones[zone].Reading, did)}
			}
		}
		out.Groups = append(out.Groups, group)
	}
	return out
}
