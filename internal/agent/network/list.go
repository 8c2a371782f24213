package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// List tells the tasks that have a namespace, as they stand. One whose
// namespace is broken is listed without address.
func (n *Network) List(ctx context.Context) ([]Attachment, error) {
	entries, err := os.ReadDir(n.cfg.netnsDir())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var out []Attachment
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		a := Attachment{TaskID: e.Name(), NetNS: n.cfg.netnsPath(e.Name()), HostIf: n.cfg.hostIf(e.Name())}
		if inside, err := look(a.NetNS); err == nil {
			a.Address, a.MAC = inside.address, inside.mac.String()
		}
		out = append(out, a)
	}
	return out, nil
}

// inside is what a task sees of its interface.
type inside struct {
	mac     net.HardwareAddr
	address netip.Addr
	routed  bool // has a default route
}

func look(path string) (inside, error) {
	ns, err := netns.GetFromPath(path)
	if err != nil {
		return inside{}, err
	}
	defer ns.Close()
	h, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		return inside{}, err
	}
	defer h.Close()
	link, err := h.LinkByName(taskIf)
	if err != nil {
		return inside{}, err
	}
	addrs, err := h.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return inside{}, err
	}
	if len(addrs) != 1 {
		return inside{}, fmt.Errorf("%s has %d addresses, not one", taskIf, len(addrs))
	}
	addr, _ := netip.AddrFromSlice(addrs[0].IP.To4())
	routes, err := h.RouteList(link, netlink.FAMILY_V4)
	if err != nil {
		return inside{}, err
	}
	out := inside{mac: link.Attrs().HardwareAddr, address: addr}
	for _, r := range routes {
		out.routed = out.routed || r.Gw != nil
	}
	return out, nil
}
