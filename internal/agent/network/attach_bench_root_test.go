package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// floor does by netlink the least a task's network can be: a named namespace
// with lo, a veth pair into the bridge, an address and a default route.
func floor(n *Network, id string) error {
	return makeNamespace(n.cfg.netnsPath(id), func() error {
		ns, err := netns.Get()
		if err != nil {
			return err
		}
		defer ns.Close()
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.MasterIndex, attrs.Flags = n.cfg.hostIf(id), n.bridge, net.FlagUp
		if err := n.links.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: taskIf, PeerNamespace: netlink.NsFd(ns)}); err != nil {
			return err
		}
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		lo, err := h.LinkByName("lo")
		if err != nil {
			return err
		}
		if err := h.LinkSetUp(lo); err != nil {
			return err
		}
		if err := addressed(h, taskIf, linkAddr(net.IPv4(172, 31, 9, 9), 16)); err != nil {
			return err
		}
		return h.RouteAdd(&netlink.Route{Gw: n.cfg.Gateway.AsSlice()})
	})
}

// BenchmarkAttach tells the time of Attach and of Detach, and Attach's ratio to
// the floor, measured in turn.
func BenchmarkAttach(b *testing.B) { benchmarkAttach(b, 0) }

// BenchmarkGuardedAttach is the same of a task in a security group that lets
// its members in, of which there are many.
func BenchmarkGuardedAttach(b *testing.B) { benchmarkAttach(b, 1000) }

func benchmarkAttach(b *testing.B, members int) {
	m := newMachine(b)
	n := m.open(b, "bench", vpc)
	req := request(n, "x", "172.31.9.9")
	if members > 0 {
		own := state.SecurityGroupRule{Protocol: "-1", From: -1, To: -1, Group: "sg-bench"}
		if err := n.Guard(true, &protocol.Firewall{Groups: map[string]*protocol.SecurityGroup{"sg-bench": {Rules: []state.SecurityGroupRule{own, allOut()}}}}); err != nil {
			b.Fatal(err)
		}
		req.Groups = []string{"sg-bench"}
		for i := range members {
			if err := n.join(fmt.Sprint("member", i), netip.AddrFrom4([4]byte{172, 31, byte(100 + i>>8), byte(i)}), req.Groups); err != nil {
				b.Fatal(err)
			}
		}
	}
	var ours, least, away time.Duration
	i := 0
	for b.Loop() {
		i++
		id := fmt.Sprint("floor", i)
		start := time.Now()
		if err := floor(n, id); err != nil {
			b.Fatal(err)
		}
		least += time.Since(start)
		if err := n.Detach(context.Background(), id); err != nil {
			b.Fatal(err)
		}
		start = time.Now()
		if _, err := n.Attach(context.Background(), req); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		start = time.Now()
		if err := n.Detach(context.Background(), req.TaskID); err != nil {
			b.Fatal(err)
		}
		away += time.Since(start)
	}
	b.ReportMetric(float64(ours.Microseconds())/float64(b.N)/1000, "attach-ms")
	b.ReportMetric(float64(away.Microseconds())/float64(b.N)/1000, "detach-ms")
	b.ReportMetric(float64(least.Microseconds())/float64(b.N)/1000, "floor-ms")
	b.ReportMetric(float64(ours)/float64(least), "x-floor")
	removed(b, n)
}
