package network

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// guard knows the security groups and who is in them, and has the kernel hold
// to their rules. Only what is used is in the kernel, and a change costs what
// it changes: a chain for each group and direction, a chain for each
// combination of groups somebody is in, a set of addresses for each group that
// a rule names, and two maps from an address to its combination.
type guard struct {
	groups  map[string][]state.SecurityGroupRule // whose rules hold
	members map[string]memberState               // by what they are
	index   map[string]map[string]bool           // by group: its members

	combos map[string]int                // by key: members
	used   map[string]*usedGroup         // groups of those combinations
	sets   map[string]map[netip.Addr]int // by group: members' addresses, where a used rule names it
	named  map[string]int                // by group: how many used groups' rules name it
	owner  map[netip.Addr]string         // who an address is judged as
	locals map[netip.Addr]int            // balancers' addresses
}

type memberState struct {
	protocol.Member
	local bool
	combo string // key, "" when it is not judged
}

type usedGroup struct {
	combos int
	names  []string // groups that its rules name
}

func newGuard() *guard {
	return &guard{
		groups: map[string][]state.SecurityGroupRule{}, members: map[string]memberState{}, index: map[string]map[string]bool{},
		combos: map[string]int{}, used: map[string]*usedGroup{}, sets: map[string]map[netip.Addr]int{}, named: map[string]int{},
		owner: map[netip.Addr]string{}, locals: map[netip.Addr]int{},
	}
}

// kernel is what a guard changes, in order.
type kernel interface {
	addChain(name string, rules []filterRule)
	setChain(name string, rules []filterRule) // in place of those it has
	delChain(name string)
	addSet(name string, elements []netip.Addr)
	delSet(name string)
	addElement(set string, a netip.Addr)
	delElement(set string, a netip.Addr)
	addVerdict(table string, a netip.Addr, chain string)
	delVerdict(table string, a netip.Addr)
}

// filterRule is a rule of a chain: what matches is accepted, or goes on in
// another chain; the zero value drops.
type filterRule struct {
	jump   string // chain
	accept *state.SecurityGroupRule
}

// Names in the kernel. The chains of a combination and of a group, and a
// group's set.
const (
	ingressMap   = "to"
	egressMap    = "from"
	balancersSet = "balancers"
)

func comboChain(egress bool, key string) string { return direction(egress) + "-" + key }
func groupChain(egress bool, id string) string  { return direction(egress) + "-" + id }
func groupSet(id string) string                 { return "of-" + id }

func direction(egress bool) string {
	if egress {
		return "out"
	}
	return "in"
}

// enforce sets a group's rules; nil means that they hold no more, and that who
// is in it stands open.
func (g *guard) enforce(k kernel, id string, group *protocol.SecurityGroup) {
	old, was := g.groups[id]
	switch {
	case group == nil && !was:
		return
	case group == nil:
		delete(g.groups, id)
		g.again(k, id)
	case !was:
		g.groups[id] = group.Rules
		g.again(k, id)
	case !reflect.DeepEqual(old, group.Rules):
		g.groups[id] = group.Rules
		g.rewrite(k, id)
	}
}

// again looks at a group's members anew.
func (g *guard) again(k kernel, id string) {
	for _, who := range slices.Sorted(maps.Keys(g.index[id])) {
		m := g.members[who]
		g.put(k, who, &m.Member, m.local)
	}
}

// rewrite puts a used group's rules in the place of its former ones.
func (g *guard) rewrite(k kernel, id string) {
	u := g.used[id]
	if u == nil {
		return
	}
	names := namedIn(g.groups[id])
	for _, n := range names {
		g.name(k, n)
	}
	for _, egress := range []bool{false, true} {
		k.setChain(groupChain(egress, id), rulesOf(g.groups[id], egress))
	}
	for _, n := range u.names {
		g.unname(k, n)
	}
	u.names = names
}

// put says who has an address and which groups it is in; nil takes it away.
// Local is one of this node, whose traffic is judged here.
func (g *guard) put(k kernel, who string, m *protocol.Member, local bool) {
	old, had := g.members[who]
	next := memberState{local: local}
	if m != nil {
		next.Member = *m
		next.combo = g.combo(next)
		if had && reflect.DeepEqual(old, next) {
			return
		}
		if next.combo != "" {
			g.acquire(k, next.combo, m.Groups)
		}
	}
	if had {
		g.leave(k, who, old)
	}
	if m != nil {
		g.enter(k, who, next)
	}
	if had && old.combo != "" {
		g.release(k, old.combo, old.Groups)
	}
}

// combo is the key of a member's groups, "" when it is not judged.
func (g *guard) combo(m memberState) string {
	if !m.local || len(m.Groups) == 0 {
		return ""
	}
	ids := unique(m.Groups)
	for _, id := range ids {
		if _, holds := g.groups[id]; !holds {
			return ""
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
	return hex.EncodeToString(sum[:8])
}

func unique(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }

func (g *guard) enter(k kernel, who string, m memberState) {
	g.members[who] = m
	for _, id := range unique(m.Groups) {
		if g.index[id] == nil {
			g.index[id] = map[string]bool{}
		}
		g.index[id][who] = true
		if set, ok := g.sets[id]; ok {
			if set[m.Address]++; set[m.Address] == 1 {
				k.addElement(groupSet(id), m.Address)
			}
		}
	}
	if m.Balancer {
		if g.locals[m.Address]++; g.locals[m.Address] == 1 {
			k.addElement(balancersSet, m.Address)
		}
	}
	if m.combo == "" {
		return
	}
	if _, taken := g.owner[m.Address]; taken { // the newest one counts
		k.delVerdict(egressMap, m.Address)
		k.delVerdict(ingressMap, m.Address)
	}
	g.owner[m.Address] = who
	k.addVerdict(egressMap, m.Address, comboChain(true, m.combo))
	k.addVerdict(ingressMap, m.Address, comboChain(false, m.combo))
}

func (g *guard) leave(k kernel, who string, m memberState) {
	delete(g.members, who)
	for _, id := range unique(m.Groups) {
		if delete(g.index[id], who); len(g.index[id]) == 0 {
			delete(g.index, id)
		}
		if set, ok := g.sets[id]; ok {
			if set[m.Address]--; set[m.Address] == 0 {
				delete(set, m.Address)
				k.delElement(groupSet(id), m.Address)
			}
		}
	}
	if m.Balancer {
		if g.locals[m.Address]--; g.locals[m.Address] == 0 {
			delete(g.locals, m.Address)
			k.delElement(balancersSet, m.Address)
		}
	}
	if m.combo != "" && g.owner[m.Address] == who {
		delete(g.owner, m.Address)
		k.delVerdict(egressMap, m.Address)
		k.delVerdict(ingressMap, m.Address)
	}
}

// acquire has a combination's chains, and those of its groups, be there.
func (g *guard) acquire(k kernel, key string, groups []string) {
	if g.combos[key]++; g.combos[key] > 1 {
		return
	}
	ids := unique(groups)
	for _, id := range ids {
		g.use(k, id)
	}
	for _, egress := range []bool{false, true} {
		var rules []filterRule
		for _, id := range ids {
			rules = append(rules, filterRule{jump: groupChain(egress, id)})
		}
		k.addChain(comboChain(egress, key), append(rules, filterRule{}))
	}
}

func (g *guard) release(k kernel, key string, groups []string) {
	if g.combos[key]--; g.combos[key] > 0 {
		return
	}
	delete(g.combos, key)
	for _, egress := range []bool{false, true} {
		k.delChain(comboChain(egress, key))
	}
	for _, id := range unique(groups) {
		g.unuse(k, id)
	}
}

func (g *guard) use(k kernel, id string) {
	u := g.used[id]
	if u != nil {
		u.combos++
		return
	}
	u = &usedGroup{combos: 1, names: namedIn(g.groups[id])}
	g.used[id] = u
	for _, n := range u.names {
		g.name(k, n)
	}
	for _, egress := range []bool{false, true} {
		k.addChain(groupChain(egress, id), rulesOf(g.groups[id], egress))
	}
}

func (g *guard) unuse(k kernel, id string) {
	u := g.used[id]
	if u.combos--; u.combos > 0 {
		return
	}
	delete(g.used, id)
	for _, egress := range []bool{false, true} {
		k.delChain(groupChain(egress, id))
	}
	for _, n := range u.names {
		g.unname(k, n)
	}
}

// name has the set of a group's members be there.
func (g *guard) name(k kernel, id string) {
	if g.named[id]++; g.named[id] > 1 {
		return
	}
	set := map[netip.Addr]int{}
	for who := range g.index[id] {
		set[g.members[who].Address]++
	}
	g.sets[id] = set
	k.addSet(groupSet(id), slices.SortedFunc(maps.Keys(set), netip.Addr.Compare))
}

func (g *guard) unname(k kernel, id string) {
	if g.named[id]--; g.named[id] > 0 {
		return
	}
	delete(g.named, id)
	delete(g.sets, id)
	k.delSet(groupSet(id))
}

// namedIn are the groups that rules name.
func namedIn(rules []state.SecurityGroupRule) []string {
	var ids []string
	for _, r := range rules {
		if r.Group != "" {
			ids = append(ids, r.Group)
		}
	}
	return unique(ids)
}

// rulesOf are the rules of one direction. Nothing here has IPv6.
func rulesOf(rules []state.SecurityGroupRule, egress bool) (out []filterRule) {
	for _, r := range rules {
		if r.Egress == egress && (r.Group != "" || r.CIDR.Addr().Is4()) {
			out = append(out, filterRule{accept: &r})
		}
	}
	return out
}

// idle tells that nobody is judged.
func (g *guard) idle() bool { return len(g.combos) == 0 }
