package dispatch

import (
	"context"
	"maps"
	"net/netip"
	"reflect"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// firewall is the part of the pending message that it is gathered in; s.mu is
// held.
func (s *session) firewall() *protocol.Firewall {
	if s.pending.Firewall == nil {
		s.pending.Firewall = &protocol.Firewall{Groups: map[string]*protocol.SecurityGroup{}, Members: map[string]*protocol.Member{}}
	}
	return s.pending.Firewall
}

// beginFirewall gathers all groups whose rules hold, and who is in any beside
// the node's own tasks.
func (s *session) beginFirewall(r store.Reader) {
	f := s.firewall()
	for key, g := range store.SecurityGroups.List(r, state.Scope{}, "") {
		if g.Enforced() {
			f.Groups[g.ID] = enforced(key, g)
		}
	}
	for key, b := range store.LoadBalancers.List(r, state.Scope{}, "") {
		maps.Copy(f.Members, balancerMembers(r, key, b))
	}
	for key, t := range store.Tasks.List(r, state.Scope{}, "") {
		if m := s.elsewhere(r, key, t); m != nil {
			f.Members["task/"+key.ID] = m
		}
	}
}

func enforced(key state.Key, g state.SecurityGroup) *protocol.SecurityGroup {
	return &protocol.SecurityGroup{Rules: g.Permissions(key.Account)}
}

// changeFirewall notes what a change means for groups and members, and tells
// whether that is anything; s.mu is held.
func (s *session) changeFirewall(c store.Change) (changed bool, err error) {
	switch c.Table {
	case store.SecurityGroups.Name:
		before, had, after, has := store.SecurityGroups.Of(c)
		had, has = had && before.Enforced(), has && after.Enforced()
		switch {
		case has && (!had || !reflect.DeepEqual(before.Rules, after.Rules)):
			s.firewall().Groups[after.ID] = enforced(c.Key, after)
			return true, nil
		case had && !has:
			s.firewall().Groups[before.ID] = nil
			return true, nil
		}
	case store.LoadBalancers.Name:
		return s.changeBalancer(c)
	case store.Tasks.Name:
		before, _, after, has := store.Tasks.Of(c)
		if before.Placement.Node == s.node || after.Placement.Node == s.node || has && before.Observed.ENI == after.Observed.ENI && before.Observed.Status == after.Observed.Status {
			return false, nil
		}
		var m *protocol.Member
		if has {
			err = s.cfg.Store.View(context.Background(), func(r store.Reader) error {
				m = s.elsewhere(r, c.Key, after)
				return nil
			})
		}
		s.firewall().Members["task/"+c.Key.ID] = m
		return true, err
	}
	return false, nil
}

func (s *session) changeBalancer(c store.Change) (changed bool, err error) {
	before, had, after, has := store.LoadBalancers.Of(c)
	err = s.cfg.Store.View(context.Background(), func(r store.Reader) error {
		var old, now map[string]*protocol.Member
		if had {
			old = balancerMembers(r, c.Key, before)
		}
		if has {
			now = balancerMembers(r, c.Key, after)
		}
		if reflect.DeepEqual(old, now) {
			return nil
		}
		changed = true
		for who := range old {
			s.firewall().Members[who] = nil
		}
		maps.Copy(s.firewall().Members, now)
		return nil
	})
	return changed, err
}

// balancerMembers are a balancer's addresses. A network balancer without
// groups stands open; an application one has its VPC's own.
func balancerMembers(r store.Reader, key state.Key, b state.LoadBalancer) map[string]*protocol.Member {
	groups := b.SecurityGroups
	if len(groups) == 0 && b.Type == "application" {
		groups = groupsOf(r, key.Scope(), b.VPCID, nil)
	}
	out := map[string]*protocol.Member{}
	for _, z := range b.Zones {
		if z.Address.IsValid() {
			out["balancer/"+key.ID+"/"+z.Zone] = &protocol.Member{Address: z.Address, Groups: groups, Balancer: true}
		}
	}
	return out
}

// elsewhere is a task of another node as a member of its groups, nil when it
// has no address.
func (s *session) elsewhere(r store.Reader, key state.Key, t state.Task) *protocol.Member {
	if t.Placement.Node == s.node || t.Observed.Status >= state.TaskStopped || t.Spec.Network == nil {
		return nil
	}
	address, err := netip.ParseAddr(t.Observed.ENI.PrivateIPv4)
	if err != nil {
		return nil
	}
	subnet, _ := store.Subnets.Get(r, key.Scope().Key(t.Placement.SubnetID))
	return &protocol.Member{Address: address, Groups: groupsOf(r, key.Scope(), subnet.VPCID, t.Spec.Network.SecurityGroups)}
}

// groupsOf are the groups that were named, else the VPC's own.
func groupsOf(r store.Reader, scope state.Scope, vpc string, named []string) []string {
	if len(named) > 0 {
		return named
	}
	for _, g := range store.SecurityGroups.List(r, scope, "") {
		if g.VPCID == vpc && g.IsDefault {
			return []string{g.ID}
		}
	}
	return nil
}

// reservedIn are the addresses of a subnet that interfaces have which no task
// is behind.
func reservedIn(r store.Reader, scope state.Scope, subnet string) (out []netip.Addr) {
	for _, n := range store.NetworkInterfaces.List(r, scope, "") {
		if n.SubnetID == subnet {
			out = append(out, n.Address)
		}
	}
	return out
}
