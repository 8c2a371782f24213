package targets

import (
	"context"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/state"
)

// take makes changes so: addresses first, then the plane, then who asks.
func (l *Loop) take(ctx context.Context, b batch) {
	seen := newTouched()
	if b.whole {
		l.table = newTable()
	}
	for _, c := range b.changes {
		l.table.put(c, &seen)
	}
	if len(seen.balancers) > 0 || b.whole {
		l.network()
	}
	l.cfg.Apply(l.changeOf(seen, b.whole))
	if b.whole {
		for key := range l.jobs {
			if _, ok := l.table.targets[key]; !ok {
				seen.targets[key] = true
			}
		}
	}
	var spread time.Duration
	if b.whole { // not all at once
		spread = time.Duration(len(seen.targets)) * eachLater
	}
	for key := range seen.targets {
		l.employ(ctx, key, spread)
	}
	l.settle(ctx, seen)
}

// network puts up the addresses and names that balancers have, when they
// became others.
func (l *Loop) network() {
	var up []netip.Addr
	names := map[string][]netip.Addr{}
	for _, b := range l.table.balancers {
		for _, z := range b.Zones {
			up = append(up, z.Address)
			for _, name := range hosts(b) {
				names[name] = append(names[name], z.Address)
			}
		}
	}
	slices.SortFunc(up, netip.Addr.Compare)
	if !slices.Equal(up, l.up) || l.names == nil || l.down != nil {
		if l.down = l.cfg.Addresses(up); l.down != nil {
			l.cfg.Log.Error("addresses of load balancers could not be put up", "error", l.down)
		}
		l.up = up
	}
	if l.names == nil || !maps.EqualFunc(names, l.names, slices.Equal) {
		l.names = names
		l.cfg.Names(names)
	}
}

// hosts are the names of a balancer: its DNS name, and the same below
// hatoba.internal for clients that take every name below localhost for
// loopback.
func hosts(b state.LoadBalancer) []string {
	name := strings.ToLower(b.DNSName)
	if rest, ok := strings.CutSuffix(name, ".localhost"); ok {
		return []string{name, rest + ".hatoba.internal"}
	}
	return []string{name}
}

// changeOf is what the plane has to be told.
func (l *Loop) changeOf(seen touched, whole bool) lb.Change {
	c := lb.Change{Reset: whole}
	t := &l.table
	for key, before := range seen.balancers {
		if b, ok := t.balancers[key]; ok {
			c.Balancers = append(c.Balancers, balancer(b, l.cfg.Ingress))
		} else if before != "" {
			c.GoneBalancers = append(c.GoneBalancers, before)
		}
	}
	for key, before := range seen.listeners {
		record, ok := t.listeners[key]
		if !ok {
			if before != "" {
				c.GoneListeners = append(c.GoneListeners, before)
				delete(l.ports, before)
			}
			continue
		}
		c.Listeners = append(c.Listeners, l.listener(key, record))
	}
	for key, before := range seen.groups {
		if g, ok := t.groups[key]; ok {
			c.Groups = append(c.Groups, group(g))
		} else if before != "" {
			c.GoneGroups = append(c.GoneGroups, before)
		}
	}
	for key := range seen.targets {
		target, ok := t.targets[key]
		g := t.groups[key.Scope().Key(target.Group)]
		place := l.place(target, g)
		if ok && g.Associated() && place.IsValid() {
			c.Targets = append(c.Targets, planeTarget(key, target, g, place))
		} else {
			c.GoneTargets = append(c.GoneTargets, state.PlaneTargetID(key))
		}
	}
	return c
}

// place is where a target is.
func (l *Loop) place(t state.Target, g state.TargetGroup) netip.AddrPort {
	if g.Type == "instance" {
		if addr, ok := l.cfg.Instance(t.Address); ok {
			return netip.AddrPortFrom(addr, uint16(t.Port))
		}
		return netip.AddrPort{}
	}
	addr, err := netip.ParseAddr(t.Address)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, uint16(t.Port))
}

// eachLater is how far apart targets are first asked after a start, about.
const eachLater = time.Millisecond

// employ has the job of a target be the one that it needs.
func (l *Loop) employ(ctx context.Context, key state.Key, spread time.Duration) {
	t, ok := l.table.targets[key]
	old := l.jobs[key]
	if !ok {
		if old != nil {
			old.stop()
			delete(l.jobs, key)
		}
		return
	}
	g := l.table.groups[key.Scope().Key(t.Group)]
	p := decide(t, g, l.place(t, g), l.table.source(key.Scope(), g))
	if old != nil {
		if old.plan == p {
			return
		}
		old.stop()
	}
	var later time.Duration
	if limit := min(spread, p.Interval); limit > 0 {
		later = rand.N(limit)
	}
	l.begin(ctx, key, p, t.Health, later)
}
