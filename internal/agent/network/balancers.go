package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// SetBalancers gives the bridge exactly these addresses besides its own, each
// alone: those load balancers have. They are known by their /32, so what an
// earlier life put up is taken up or down as well.
func (n *Network) SetBalancers(want []netip.Addr) error {
	n.balancers.Lock()
	defer n.balancers.Unlock()
	link, err := n.links.LinkByIndex(n.bridge)
	if err != nil {
		return fmt.Errorf("bridge %s: %w", n.cfg.BridgeName(), err)
	}
	list, err := dump(func() ([]netlink.Addr, error) { return n.links.AddrList(link, netlink.FAMILY_V4) })
	if err != nil {
		return err
	}
	missing := map[netip.Addr]bool{}
	for _, a := range want {
		missing[a] = true
	}
	var errs []error
	for i := range list {
		a, ok := netip.AddrFromSlice(list[i].IP.To4())
		if ones, _ := list[i].Mask.Size(); !ok || ones != 32 || a == n.cfg.Gateway {
			continue
		}
		if missing[a] {
			delete(missing, a)
		} else if err := n.links.AddrDel(link, &list[i]); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			errs = append(errs, fmt.Errorf("take down %s: %w", a, err))
		}
	}
	for a := range missing {
		if err := n.links.AddrReplace(link, &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(32, 32)}}); err != nil {
			errs = append(errs, fmt.Errorf("put up %s: %w", a, err))
		}
	}
	return errors.Join(errs...)
}
