package network

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
)

// openBridge makes the bridge or takes it up. Its hardware address is set and
// so stays: one left to the kernel follows the tasks that come and go, and
// each change would cut the others off until they ask for the gateway again.
func (n *Network) openBridge() error {
	mac, err := net.ParseMAC(MAC(n.cfg.Gateway))
	if err != nil {
		return err
	}
	name := n.cfg.BridgeName()
	link, err := n.links.LinkByName(name)
	if notFound(err) {
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.MTU, attrs.HardwareAddr = name, n.mtu, mac
		if err = n.links.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}); err != nil {
			return err
		}
		link, err = n.links.LinkByName(name)
	}
	if err != nil {
		return err
	}
	if link.Type() != "bridge" {
		return fmt.Errorf("a link of the type %s has this name; remove it: ip link del %s", link.Type(), name)
	}
	if !bytes.Equal(link.Attrs().HardwareAddr, mac) {
		if err := n.links.LinkSetHardwareAddr(link, mac); err != nil {
			return err
		}
	}
	n.bridge = link.Attrs().Index
	addr := &netlink.Addr{IPNet: &net.IPNet{IP: n.cfg.Gateway.AsSlice(), Mask: net.CIDRMask(n.cfg.VPC.Bits(), 32)}}
	if err := n.links.AddrReplace(link, addr); err != nil {
		return err
	}
	return n.links.LinkSetUp(link)
}

const forwarding = "/proc/sys/net/ipv4/ip_forward"

// forwardPackets switches IPv4 forwarding on, if it is not.
func forwardPackets() error {
	if b, err := os.ReadFile(forwarding); err == nil && string(bytes.TrimSpace(b)) == "1" {
		return nil
	}
	if err := os.WriteFile(forwarding, []byte("1"), 0o644); err != nil {
		return fmt.Errorf("switch forwarding on (sysctl -w net.ipv4.ip_forward=1): %w", err)
	}
	return nil
}

// uplinkMTU is the MTU of the default route's link, so that what a task sends
// fits through it.
func uplinkMTU(links *netlink.Handle) int {
	const ethernet = 1500
	routes, err := links.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return ethernet
	}
	for _, r := range routes {
		if r.Dst != nil && r.Dst.IP != nil && !r.Dst.IP.IsUnspecified() {
			continue
		}
		if link, err := links.LinkByIndex(r.LinkIndex); err == nil && link.Attrs().MTU >= 576 {
			return min(link.Attrs().MTU, ethernet)
		}
	}
	return ethernet
}

// removeLink returns when the link is gone; one that is not there is no error.
func (n *Network) removeLink(name string) error {
	link, err := n.links.LinkByName(name)
	if notFound(err) {
		return nil
	}
	if err == nil {
		err = n.links.LinkDel(link)
	}
	if err != nil && !gone(err) {
		return fmt.Errorf("remove link %s: %w", name, err)
	}
	return nil
}

func notFound(err error) bool { return errors.As(err, &netlink.LinkNotFoundError{}) }

// widest is the largest range that says where something is. Wider ones are
// default routes by another name, such as the halves VPN clients add.
const widest = 8

// InUse lists the ranges this machine's links and routes use, but for those of
// the bridge of that name, so that a VPC can be chosen beside them.
func InUse(bridge string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	own := -1
	if link, err := netlink.LinkByName(bridge); err == nil {
		own = link.Attrs().Index
	}
	addrs, err := dump(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if a.LinkIndex != own {
			out = appendNet(out, a.IPNet)
		}
	}
	routes, err := dump(func() ([]netlink.Route, error) { return netlink.RouteList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		if r.LinkIndex != own && r.Dst != nil {
			out = appendNet(out, r.Dst)
		}
	}
	return out, nil
}

func appendNet(out []netip.Prefix, n *net.IPNet) []netip.Prefix {
	addr, ok := netip.AddrFromSlice(n.IP.To4())
	ones, _ := n.Mask.Size()
	if !ok || ones < widest {
		return out
	}
	return append(out, netip.PrefixFrom(addr, ones).Masked())
}

// dump lists until no change of the kernel's tables came between.
func dump[T any](list func() ([]T, error)) (out []T, err error) {
	for range 10 {
		if out, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return out, err
}
