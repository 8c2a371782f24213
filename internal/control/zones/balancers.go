package zones

import (
	"net/netip"

	"github.com/hatoba/hatoba/internal/dns/zone"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// balancers are the load balancers that aliases may lead to, and how their
// targets are.
type balancers struct {
	all     map[state.Key]state.LoadBalancer
	groups  map[state.Key]state.TargetGroup
	targets map[state.Key]*count // by group
}

// count are a group's targets.
type count struct{ healthy, all int }

func newBalancers() balancers {
	return balancers{all: map[state.Key]state.LoadBalancer{}, groups: map[state.Key]state.TargetGroup{}, targets: map[state.Key]*count{}}
}

// take takes a change, and tells whether where names lead to may be another.
func (b *balancers) take(c store.Change) bool {
	switch c.Table {
	case store.LoadBalancers.Name:
		if _, _, after, has := store.LoadBalancers.Of(c); has {
			b.all[c.Key] = after
		} else {
			delete(b.all, c.Key)
		}
		return true
	case store.TargetGroups.Name:
		if _, _, after, has := store.TargetGroups.Of(c); has {
			b.groups[c.Key] = after
		} else {
			delete(b.groups, c.Key)
		}
		return true
	}
	before, had, after, has := store.Targets.Of(c)
	changed := false
	if had {
		changed = b.count(c.Key.Scope().Key(before.Group), before, -1)
	}
	if has {
		changed = b.count(c.Key.Scope().Key(after.Group), after, 1) != changed
	}
	return changed
}

// count counts a target, and tells whether its group is well now and was not
// before, or the other way round.
func (b *balancers) count(group state.Key, t state.Target, n int) bool {
	of := b.targets[group]
	if of == nil {
		of = &count{}
		b.targets[group] = of
	}
	was := of.well()
	of.all += n
	if t.Health.State == "healthy" && t.Draining == nil {
		of.healthy += n
	}
	if of.all == 0 {
		delete(b.targets, group)
	}
	return was != of.well()
}

// well tells whether a group gives no reason to send elsewhere.
//
// Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-alias-common.html
func (c *count) well() bool { return c.all == 0 || c.healthy > 0 }

// hosts are the balancers by the names they have, as on AWS and with its
// dualstack prefix.
func (b *balancers) hosts() map[string]zone.Host {
	sick, used := map[state.Key]bool{}, map[state.Key]bool{}
	for key, g := range b.groups {
		of := b.targets[key]
		for _, id := range g.Balancers {
			balancer := key.Scope().Key(id)
			sick[balancer] = sick[balancer] || of != nil && !of.well()
			used[balancer] = used[balancer] || of != nil
		}
	}
	out := map[string]zone.Host{}
	for key, l := range b.all {
		h := zone.Host{Unhealthy: sick[key] || !used[key]}
		for _, z := range l.Zones {
			if z.Address.IsValid() && !contains(h.Addresses, z.Address) {
				h.Addresses = append(h.Addresses, z.Address)
			}
		}
		for _, name := range l.Names() {
			out[name], out["dualstack."+name] = h, h
		}
	}
	return out
}

func contains(list []netip.Addr, a netip.Addr) bool {
	for _, b := range list {
		if a == b {
			return true
		}
	}
	return false
}
