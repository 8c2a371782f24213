package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
)

// place is a VPC beside the default one, on the same bridge: its gateway's
// address, while it has tasks.
type place struct {
	id    string // "" of one that an earlier life left, until a task of it is known
	cidr  netip.Prefix
	tasks map[string]bool
}

// settle gives a task's VPC its place when its first task comes. A range that
// the machine uses otherwise is refused, by name: the machine could not reach
// one of the two.
func (n *Network) settle(req Request) error {
	if req.VPCID == "" {
		return nil
	}
	n.placing.Lock()
	defer n.placing.Unlock()
	for _, p := range n.places {
		switch {
		case p.cidr == req.VPC && (p.id == req.VPCID || p.id == ""):
			p.id = req.VPCID
			p.tasks[req.TaskID] = true
			return nil
		case p.cidr.Overlaps(req.VPC):
			return fmt.Errorf("the range %s of %s overlaps with %s of %s, which has tasks on this machine", req.VPC, req.VPCID, p.cidr, p.id)
		}
	}
	if n.cfg.VPC.Overlaps(req.VPC) {
		return fmt.Errorf("the range %s of %s overlaps with the default VPC's, %s", req.VPC, req.VPCID, n.cfg.VPC)
	}
	if other, link, err := n.overlapping(req.VPC); err != nil {
		return err
	} else if link != "" {
		return fmt.Errorf("the range %s of %s overlaps with %s, which this machine uses on %s", req.VPC, req.VPCID, other, link)
	}
	p := &place{id: req.VPCID, cidr: req.VPC, tasks: map[string]bool{req.TaskID: true}}
	if err := n.address(req.VPC, req.Gateway, n.links.AddrReplace); err != nil {
		return fmt.Errorf("the gateway of %s: %w", req.VPCID, err)
	}
	n.places = append(n.places, p)
	return n.placed()
}

// unsettle takes a VPC's place away with its last task.
func (n *Network) unsettle(taskID string) error {
	n.placing.Lock()
	defer n.placing.Unlock()
	for _, p := range n.places {
		if p.tasks[taskID] {
			delete(p.tasks, taskID)
			return n.clear()
		}
	}
	return nil
}

// clear removes places without tasks; n.placing is held.
func (n *Network) clear() error {
	var errs []error
	kept := n.places[:0:0]
	for _, p := range n.places {
		if len(p.tasks) > 0 {
			kept = append(kept, p)
			continue
		}
		if err := n.address(p.cidr, Gateway(p.cidr), n.links.AddrDel); err != nil && !errors.Is(err, errGone) {
			errs = append(errs, err)
			kept = append(kept, p)
		}
	}
	if len(kept) == len(n.places) {
		return errors.Join(errs...)
	}
	n.places = kept
	return errors.Join(append(errs, n.placed())...)
}

var errGone = errors.New("the bridge is gone")

func (n *Network) address(vpc netip.Prefix, gateway netip.Addr, change func(netlink.Link, *netlink.Addr) error) error {
	link, err := n.links.LinkByIndex(n.bridge)
	if notFound(err) {
		return errGone
	}
	if err != nil {
		return err
	}
	return change(link, &netlink.Addr{IPNet: &net.IPNet{IP: gateway.AsSlice(), Mask: net.CIDRMask(vpc.Bits(), 32)}})
}

// placed writes the rules that know the VPCs: what leaves one is translated,
// and nothing goes from one to another.
func (n *Network) placed() error {
	ranges := []netip.Prefix{n.cfg.VPC}
	for _, p := range n.places {
		ranges = append(ranges, p.cidr)
	}
	n.vpcs.Store(&ranges)
	if err := n.openTable(); err != nil {
		return err
	}
	n.guarding.Lock()
	defer n.guarding.Unlock()
	if !n.guardStands || n.guardBroken {
		return n.writeGuard()
	}
	b, err := n.newBatch()
	if err != nil {
		return err
	}
	b.between(ranges)
	if err := b.flush(); err != nil {
		return n.writeGuard()
	}
	return nil
}

// ranges are those of the VPCs that have a place.
func (n *Network) ranges() []netip.Prefix {
	if r := n.vpcs.Load(); r != nil {
		return *r
	}
	return []netip.Prefix{n.cfg.VPC}
}

// leftPlaces finds the places of an earlier life by the bridge's addresses.
// Addresses that stand alone are balancers'.
func (n *Network) leftPlaces() error {
	link, err := n.links.LinkByIndex(n.bridge)
	if err != nil {
		return err
	}
	addrs, err := n.links.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	ranges := []netip.Prefix{n.cfg.VPC}
	for _, a := range addrs {
		addr, _ := netip.AddrFromSlice(a.IP.To4())
		bits, _ := a.Mask.Size()
		cidr := netip.PrefixFrom(addr, bits).Masked()
		if bits > 28 || cidr == n.cfg.VPC || addr != Gateway(cidr) {
			continue
		}
		n.places = append(n.places, &place{cidr: cidr, tasks: map[string]bool{}})
		ranges = append(ranges, cidr)
	}
	n.vpcs.Store(&ranges)
	return nil
}

// overlapping tells what of this machine a range overlaps with, and its link.
func (n *Network) overlapping(cidr netip.Prefix) (netip.Prefix, string, error) {
	links, err := dump(n.links.LinkList)
	if err != nil {
		return netip.Prefix{}, "", err
	}
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	routes, err := dump(func() ([]netlink.Route, error) { return n.links.RouteList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return netip.Prefix{}, "", err
	}
	for _, r := range routes {
		if r.Dst == nil || r.LinkIndex == n.bridge {
			continue
		}
		if used := appendNet(nil, r.Dst); slices.ContainsFunc(used, cidr.Overlaps) {
			return used[0], names[r.LinkIndex], nil
		}
	}
	addrs, err := dump(func() ([]netlink.Addr, error) { return n.links.AddrList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return netip.Prefix{}, "", err
	}
	for _, a := range addrs {
		if used := appendNet(nil, a.IPNet); a.LinkIndex != n.bridge && slices.ContainsFunc(used, cidr.Overlaps) {
			return used[0], names[a.LinkIndex], nil
		}
	}
	return netip.Prefix{}, "", nil
}
