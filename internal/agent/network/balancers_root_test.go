package network

import (
	"net/netip"
	"testing"
)

func TestBalancersAnswerOnAddressesOfTheirOwn(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	a := attach(t, n, "a", "172.31.0.10")
	one, two := netip.MustParseAddr("172.31.15.0"), netip.MustParseAddr("172.31.15.1")
	set := func(n *Network, want ...netip.Addr) {
		t.Helper()
		if err := n.SetBalancers(want); err != nil {
			t.Fatal(err)
		}
	}
	set(n, one, two)
	serve(t, "/proc/thread-self/ns/net", "172.31.15.0:80")
	mustAsk(t, "", "172.31.15.0:80", "172.31.15.0")
	mustAsk(t, a.NetNS, "172.31.15.0:80", "172.31.0.10")
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = m.open(t, "t1", vpc)
	set(n, two)
	addrs, err := n.links.AddrList(must(n.links.LinkByName(n.cfg.BridgeName())), 2)
	if err != nil || len(addrs) != 2 {
		t.Errorf("the bridge has %v (%v)", addrs, err)
	}
	set(n)
	removed(t, n)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
