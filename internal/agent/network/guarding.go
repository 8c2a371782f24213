package network

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"github.com/hatoba/hatoba/internal/protocol"
)

// Guard applies a change of security groups. Until the first complete one has
// come, the rules of an earlier life hold; it replaces them in one transaction.
// What cannot be applied is tried again, whole, with the next change.
func (n *Network) Guard(complete bool, change *protocol.Firewall) error {
	n.guarding.Lock()
	defer n.guarding.Unlock()
	if complete {
		n.forget()
	}
	return n.guarded(complete, func(k kernel) {
		if change == nil {
			return
		}
		for _, id := range slices.Sorted(maps.Keys(change.Groups)) {
			n.guard.enforce(k, id, change.Groups[id])
		}
		for _, who := range slices.Sorted(maps.Keys(change.Members)) {
			m := change.Members[who]
			n.guard.put(k, remote+who, m, m != nil && m.Balancer)
		}
	})
}

// remote stands before the names of members that the control plane tells, so
// that they are none of this node's tasks'.
const remote = "/"

// forget leaves of what is known only this node's tasks.
func (n *Network) forget() {
	fresh := newGuard()
	for _, who := range slices.Sorted(maps.Keys(n.guard.members)) {
		if m := n.guard.members[who]; who[:1] != remote {
			fresh.put(noKernel{}, who, &m.Member, true)
		}
	}
	n.guard = fresh
}

// join has a task be in its groups, before it can send anything.
func (n *Network) join(taskID string, address netip.Addr, groups []string) error {
	n.guarding.Lock()
	defer n.guarding.Unlock()
	if _, was := n.guard.members[taskID]; !was && len(groups) == 0 {
		return nil
	}
	return n.guarded(false, func(k kernel) {
		n.guard.put(k, taskID, &protocol.Member{Address: address, Groups: groups}, true)
	})
}

func (n *Network) part(taskID string) error {
	n.guarding.Lock()
	defer n.guarding.Unlock()
	if _, was := n.guard.members[taskID]; !was {
		return nil
	}
	return n.guarded(false, func(k kernel) { n.guard.put(k, taskID, nil, true) })
}

// guarded makes a change of the guard and of the kernel; n.guarding is held.
// The kernel is left alone before the first complete change, and while nobody
// is judged and there is one VPC.
func (n *Network) guarded(complete bool, change func(kernel)) error {
	n.told = n.told || complete
	whole := complete || n.guardBroken || !n.guardStands || !n.told
	if whole {
		change(noKernel{})
		return n.writeGuard()
	}
	b, err := n.newBatch()
	if err != nil {
		return err
	}
	change(b)
	if err := b.flush(); err != nil {
		n.cfg.Log.Warn("a change of security groups failed; all of them are written again", "error", err)
		return n.writeGuard()
	}
	return nil
}

// writeGuard makes the whole table as the guard knows it, in place of what is
// there; n.guarding is held.
func (n *Network) writeGuard() error {
	ranges := n.ranges()
	if !n.told || !n.guardStands && n.guard.idle() && len(ranges) < 2 {
		return nil
	}
	b, err := n.newBatch()
	if err != nil {
		return err
	}
	b.drop()
	stands := !n.guard.idle() || len(ranges) > 1
	if stands {
		b.base(n.onBridge(expr.MetaKeyIIFNAME), ranges)
		n.guard.replay(b)
	}
	if err := b.flush(); err != nil {
		n.guardBroken = true
		return fmt.Errorf("security groups: nftables table %s: %w", n.cfg.guardTable().Name, err)
	}
	n.guardStands, n.guardBroken = stands, false
	return nil
}

// replay says all that a guard knows to a kernel that knows nothing.
func (g *guard) replay(k kernel) {
	anew := newGuard()
	for _, id := range slices.Sorted(maps.Keys(g.groups)) {
		anew.enforce(k, id, &protocol.SecurityGroup{Rules: g.groups[id]})
	}
	for _, who := range slices.Sorted(maps.Keys(g.members)) {
		m := g.members[who]
		anew.put(k, who, &m.Member, m.local)
	}
}

// guardThere tells whether the table is in the kernel.
func (n *Network) guardThere(c *nftables.Conn) bool {
	table := n.cfg.guardTable()
	rules, err := c.GetRules(table, &nftables.Chain{Name: guardHook, Table: table})
	return err == nil && len(rules) > 0
}

// guardAgain puts the table back that somebody took away.
func (n *Network) guardAgain(c *nftables.Conn) error {
	n.guarding.Lock()
	defer n.guarding.Unlock()
	if !n.guardStands || !n.told || n.guardThere(c) {
		return nil
	}
	n.cfg.Log.Info("putting the table of security groups back")
	return n.writeGuard()
}

// noKernel takes changes that are written otherwise.
type noKernel struct{}

func (noKernel) addChain(string, []filterRule)         {}
func (noKernel) setChain(string, []filterRule)         {}
func (noKernel) delChain(string)                       {}
func (noKernel) addSet(string, []netip.Addr)           {}
func (noKernel) delSet(string)                         {}
func (noKernel) addElement(string, netip.Addr)         {}
func (noKernel) delElement(string, netip.Addr)         {}
func (noKernel) addVerdict(string, netip.Addr, string) {}
func (noKernel) delVerdict(string, netip.Addr)         {}
