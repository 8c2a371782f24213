package lb

import (
	"fmt"
	"net/netip"
	"testing"
)

func targetOf(i int, state TargetState) Target {
	a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	return Target{ID: fmt.Sprint("t", i), Group: "g", Address: netip.AddrPortFrom(a, 80), State: state}
}

// The cost of one change does not depend on how many targets there are, but for
// a logarithm.
func BenchmarkApplyOneTarget(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n, " targets"), func(b *testing.B) {
			p := New(Options{})
			c := Change{Groups: []Group{{ID: "g"}}}
			for i := range n {
				c.Targets = append(c.Targets, targetOf(i, Healthy))
			}
			p.Apply(c)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.Apply(Change{Targets: []Target{targetOf(i%n, TargetState(1+i/n%2))}})
			}
		})
	}
}

// What is gone leaves nothing, in whatever order it comes and goes.
func TestTheTableForgets(t *testing.T) {
	p := New(Options{})
	full := Change{
		Balancers: []Balancer{{ID: "b", Hosts: []string{"b.localhost"}}},
		Listeners: []Listener{{ID: "l", Balancer: "b", Port: 80, Default: forwardTo(WeightedGroup{"g", 1})}},
		Groups:    []Group{{ID: "g"}},
		Targets:   []Target{targetOf(1, Healthy), targetOf(2, Initial)},
	}
	empty := func(name string) {
		t.Helper()
		if len(p.balancers)+len(p.listeners)+len(p.groups)+len(p.targets) != 0 || p.Claims("b.localhost") {
			t.Errorf("%s: left %v %v %v %v", name, p.balancers, p.listeners, p.groups, p.targets)
		}
	}
	p.Apply(full)
	if !p.Claims("B.localhost:4566") {
		t.Error("the balancer's name is not known")
	}
	g := p.groups["g"]
	p.Apply(Change{GoneGroups: []string{"g"}})
	p.Apply(Change{Groups: []Group{{ID: "g"}}})
	if p.groups["g"] != g {
		t.Error("a group that came back is not the one its rules know")
	}
	p.Apply(Change{GoneBalancers: []string{"b"}, GoneGroups: []string{"g"}, GoneListeners: []string{"l"}, GoneTargets: []string{"t1", "t2"}})
	empty("all at once")
	p.Apply(full)
	for _, c := range []Change{{GoneTargets: []string{"t1", "t2"}}, {GoneListeners: []string{"l"}}, {GoneBalancers: []string{"b"}}, {GoneGroups: []string{"g"}}} {
		p.Apply(c)
	}
	empty("from below")
	p.Apply(full)
	for _, c := range []Change{{GoneBalancers: []string{"b"}}, {GoneGroups: []string{"g"}}, {GoneListeners: []string{"l"}}, {GoneTargets: []string{"t2", "t1"}}} {
		p.Apply(c)
	}
	empty("from above")
	p.Apply(full)
	p.Apply(Change{Reset: true})
	empty("by reset")
}

// A target that moved is another one.
func TestATargetThatMoves(t *testing.T) {
	p := New(Options{})
	p.Apply(Change{Targets: []Target{targetOf(1, Healthy)}})
	moved := targetOf(1, Healthy)
	moved.Address = netip.MustParseAddrPort("10.9.9.9:80")
	p.Apply(Change{Targets: []Target{moved}})
	m := p.groups["g"].members.Load()
	if m.healthy.Len() != 1 || m.at(0).addr != moved.Address {
		t.Error("the group has not its new target alone")
	}
}
