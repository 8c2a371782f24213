package network

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// rules is a kernel that holds to nftables' order: what is referred to is
// there, and what is referred to stays.
type rules struct {
	t        rapid.TB
	chains   map[string][]string
	sets     map[string]map[netip.Addr]bool
	verdicts map[string]map[netip.Addr]string
	writes   int
}

func newRules(t rapid.TB) *rules {
	return &rules{t: t, chains: map[string][]string{}, sets: map[string]map[netip.Addr]bool{balancersSet: {}},
		verdicts: map[string]map[netip.Addr]string{ingressMap: {}, egressMap: {}}}
}

func (k *rules) check(ok bool, format string, args ...any) {
	k.writes++
	if !ok {
		k.t.Fatalf(format, args...)
	}
}

func (k *rules) texts(list []filterRule) []string {
	out := []string{}
	for _, r := range list {
		switch {
		case r.jump != "":
			k.check(k.chains[r.jump] != nil, "a jump to %s, which is not there", r.jump)
			out = append(out, "jump "+r.jump)
		case r.accept == nil:
			out = append(out, "drop")
		case r.accept.Group != "":
			k.check(k.sets[groupSet(r.accept.Group)] != nil, "a rule names the set of %s, which is not there", r.accept.Group)
			out = append(out, fmt.Sprint("set ", groupSet(r.accept.Group), " ", r.accept.From))
		default:
			out = append(out, fmt.Sprint("range ", r.accept.CIDR, " ", r.accept.From))
		}
	}
	return out
}

func (k *rules) used(name string) string {
	for chain, texts := range k.chains {
		for _, text := range texts {
			if strings.HasPrefix(text+" ", "jump "+name+" ") || strings.HasPrefix(text, "set "+name+" ") {
				return chain
			}
		}
	}
	for _, m := range k.verdicts {
		for a, chain := range m {
			if chain == name {
				return a.String()
			}
		}
	}
	return ""
}

func (k *rules) addChain(name string, list []filterRule) {
	k.check(k.chains[name] == nil, "chain %s is there", name)
	k.chains[name] = k.texts(list)
}

func (k *rules) setChain(name string, list []filterRule) {
	k.check(k.chains[name] != nil, "chain %s is not there", name)
	k.chains[name] = k.texts(list)
}

func (k *rules) delChain(name string) {
	k.check(k.chains[name] != nil && k.used(name) == "", "chain %s is not there, or used by %s", name, k.used(name))
	delete(k.chains, name)
}

func (k *rules) addSet(name string, elements []netip.Addr) {
	k.check(k.sets[name] == nil, "set %s is there", name)
	k.sets[name] = map[netip.Addr]bool{}
	for _, a := range elements {
		k.sets[name][a] = true
	}
}

func (k *rules) delSet(name string) {
	k.check(k.sets[name] != nil && k.used(name) == "", "set %s is not there, or used by %s", name, k.used(name))
	delete(k.sets, name)
}

func (k *rules) addElement(set string, a netip.Addr) {
	k.check(k.sets[set] != nil && !k.sets[set][a], "%s is in %s, or that is not there", a, set)
	k.sets[set][a] = true
}

func (k *rules) delElement(set string, a netip.Addr) {
	k.check(k.sets[set][a], "%s is not in %s", a, set)
	delete(k.sets[set], a)
}

func (k *rules) addVerdict(m string, a netip.Addr, chain string) {
	_, there := k.verdicts[m][a]
	k.check(!there && k.chains[chain] != nil, "%s is in %s, or chain %s is not there", a, m, chain)
	k.verdicts[m][a] = chain
}

func (k *rules) delVerdict(m string, a netip.Addr) {
	_, there := k.verdicts[m][a]
	k.check(there, "%s is not in %s", a, m)
	delete(k.verdicts[m], a)
}

// TestGuardIsAsIfMadeAnew: whatever came in whatever order, the kernel has what
// it would have if all that is so now were said to a new guard.
func TestGuardIsAsIfMadeAnew(t *testing.T) {
	ids := []string{"sg-a", "sg-b", "sg-c", "sg-d"}
	rapid.Check(t, func(t *rapid.T) {
		g, k := newGuard(), newRules(t)
		groups, members, local := map[string]*protocol.SecurityGroup{}, map[string]*protocol.Member{}, map[string]bool{}
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			if rapid.Bool().Draw(t, "group") {
				id := rapid.SampledFrom(ids).Draw(t, "id")
				groups[id] = nil
				if rapid.IntRange(0, 3).Draw(t, "gone") > 0 {
					groups[id] = &protocol.SecurityGroup{Rules: drawRules(t, ids)}
				}
				g.enforce(k, id, groups[id])
				continue
			}
			n := rapid.IntRange(0, 5).Draw(t, "who")
			who := fmt.Sprint("m", n)
			members[who], local[who] = nil, rapid.IntRange(0, 3).Draw(t, "local") > 0
			if rapid.IntRange(0, 3).Draw(t, "gone") > 0 {
				members[who] = &protocol.Member{
					Address:  netip.AddrFrom4([4]byte{10, 0, byte(n), byte(rapid.IntRange(1, 2).Draw(t, "address"))}),
					Groups:   rapid.SliceOfN(rapid.SampledFrom(ids), 0, 3).Draw(t, "groups"),
					Balancer: rapid.IntRange(0, 4).Draw(t, "balancer") == 0,
				}
			}
			g.put(k, who, members[who], local[who])
		}
		anew, want := newGuard(), newRules(t)
		for _, id := range slices.Sorted(maps.Keys(groups)) {
			anew.enforce(want, id, groups[id])
		}
		for _, who := range slices.Sorted(maps.Keys(members)) {
			anew.put(want, who, members[who], local[who])
		}
		address := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
		if d := cmp.Diff(want.chains, k.chains); d != "" {
			t.Fatalf("chains (-anew +now):\n%s", d)
		}
		if d := cmp.Diff(want.sets, k.sets, address); d != "" {
			t.Fatalf("sets (-anew +now):\n%s", d)
		}
		if d := cmp.Diff(want.verdicts, k.verdicts, address); d != "" {
			t.Fatalf("verdicts (-anew +now):\n%s", d)
		}
		for who := range members {
			g.put(k, who, nil, true)
		}
		if len(k.chains) > 0 || len(k.sets) > 1 || !g.idle() {
			t.Fatalf("left without members: %v %v", k.chains, k.sets)
		}
	})
}

func drawRules(t *rapid.T, ids []string) (out []state.SecurityGroupRule) {
	for range rapid.IntRange(0, 3).Draw(t, "rules") {
		r := state.SecurityGroupRule{Egress: rapid.Bool().Draw(t, "egress"), Protocol: "tcp", From: int32(rapid.IntRange(1, 3).Draw(t, "port"))}
		if rapid.Bool().Draw(t, "by group") {
			r.Group = rapid.SampledFrom(ids).Draw(t, "named")
		} else {
			r.CIDR = netip.MustParsePrefix("10.0.0.0/8")
		}
		out = append(out, r)
	}
	return out
}

// A change writes what it changes, however many members there are.
func TestGuardWritesWhatChanges(t *testing.T) {
	for _, size := range []int{10, 5000} {
		g, k := newGuard(), newRules(t)
		all := netip.MustParsePrefix("0.0.0.0/0")
		g.enforce(k, "sg-a", &protocol.SecurityGroup{Rules: []state.SecurityGroupRule{{Protocol: "-1", Group: "sg-a"}, {Egress: true, Protocol: "-1", CIDR: all}}})
		for i := range size {
			g.put(k, fmt.Sprint("m", i), &protocol.Member{Address: netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), Groups: []string{"sg-a"}}, true)
		}
		before := k.writes
		g.put(k, "new", &protocol.Member{Address: netip.MustParseAddr("10.2.0.1"), Groups: []string{"sg-a"}}, true)
		if got := k.writes - before; got != 3 {
			t.Errorf("with %d members a new one takes %d writes, want 3: its set and its two verdicts", size, got)
		}
	}
}
