package network

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/vishvananda/netlink"
)

// Config is what a Network works with.
type Config struct {
	Instance string       // short id, [a-z0-9]{1,8}: part of every name we make
	RunDir   string       // namespaces are kept in RunDir/netns
	VPC      netip.Prefix // range of the tasks, on-link
	Log      *slog.Logger
}

// Network is this instance's bridge and its tasks. All methods may be called
// concurrently.
type Network struct {
	cfg    Config
	bridge int // link index
	mtu    int
	mu     sync.Mutex // firewall rules
}

// BridgeName is the instance's bridge.
func (c Config) BridgeName() string { return "hb-" + c.Instance }

func (c Config) netnsDir() string { return filepath.Join(c.RunDir, "netns") }

// Open makes the bridge, its address, forwarding, NAT and what firewalls need
// to let tasks through, or takes up what an earlier life left. Running tasks
// are not touched.
func Open(_ context.Context, cfg Config) (*Network, error) {
	if err := os.MkdirAll(cfg.netnsDir(), 0o755); err != nil {
		return nil, err
	}
	n := &Network{cfg: cfg, mtu: uplinkMTU()}
	if err := n.openBridge(); err != nil {
		return nil, fmt.Errorf("bridge %s: %w", cfg.BridgeName(), err)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return nil, fmt.Errorf("switch forwarding on: %w", err)
	}
	if err := n.openFirewall(); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *Network) openBridge() error {
	name := n.cfg.BridgeName()
	link, err := netlink.LinkByName(name)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.MTU = name, n.mtu
		if err = netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}); err != nil {
			return err
		}
		link, err = netlink.LinkByName(name)
	}
	if err != nil {
		return err
	}
	n.bridge = link.Attrs().Index
	addr := &netlink.Addr{IPNet: &net.IPNet{IP: Gateway(n.cfg.VPC).AsSlice(), Mask: net.CIDRMask(n.cfg.VPC.Bits(), 32)}}
	if err := netlink.AddrReplace(link, addr); err != nil {
		return err
	}
	return netlink.LinkSetUp(link)
}

// uplinkMTU is the MTU of the default route's link, so that what a task sends
// fits through it.
func uplinkMTU() int {
	const ethernet = 1500
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return ethernet
	}
	for _, r := range routes {
		if r.Dst != nil && r.Dst.IP != nil && !r.Dst.IP.IsUnspecified() {
			continue
		}
		if link, err := netlink.LinkByIndex(r.LinkIndex); err == nil && link.Attrs().MTU >= 576 {
			return min(link.Attrs().MTU, ethernet)
		}
	}
	return ethernet
}

// Remove takes everything away: tasks' namespaces, bridge and firewall rules.
func (n *Network) Remove(ctx context.Context) error {
	if err := n.Sweep(ctx, func(string) bool { return false }); err != nil {
		return err
	}
	if link, err := netlink.LinkByName(n.cfg.BridgeName()); err == nil {
		if err := netlink.LinkDel(link); err != nil {
			return err
		}
	}
	if err := n.closeFirewall(); err != nil {
		return err
	}
	err := os.Remove(n.cfg.netnsDir())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// InUse lists the ranges this machine's links and routes use, but for those of
// the bridge of that name, so that a VPC can be chosen beside them.
func InUse(bridge string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	own := -1
	if link, err := netlink.LinkByName(bridge); err == nil {
		own = link.Attrs().Index
	}
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if a.LinkIndex != own {
			out = appendNet(out, a.IPNet)
		}
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		if r.LinkIndex != own && r.Dst != nil && !r.Dst.IP.IsUnspecified() {
			out = appendNet(out, r.Dst)
		}
	}
	return out, nil
}

func appendNet(out []netip.Prefix, n *net.IPNet) []netip.Prefix {
	addr, ok := netip.AddrFromSlice(n.IP.To4())
	if !ok {
		return out
	}
	ones, _ := n.Mask.Size()
	return append(out, netip.PrefixFrom(addr, ones).Masked())
}
