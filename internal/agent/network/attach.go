package network

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// taskIf is the interface's name inside the task.
const taskIf = "eth0"

// hostIf is the host's end of a task's veth pair. Fifteen characters are all
// the kernel allows, so the task's id is shortened.
func (c Config) hostIf(taskID string) string {
	sum := sha256.Sum256([]byte(c.Instance + taskID))
	return "hv" + hex.EncodeToString(sum[:])[:12]
}

func (c Config) netnsPath(taskID string) string { return filepath.Join(c.netnsDir(), taskID) }

// Attach gives a task its namespace and address. A task that has them already,
// from an earlier life of this process, gets them as they are; a half-made
// attachment is made again.
func (n *Network) Attach(_ context.Context, req Request) (Attachment, error) {
	path := n.cfg.netnsPath(req.TaskID)
	if req.MAC == "" {
		req.MAC = MAC(req.Address)
	}
	out := Attachment{TaskID: req.TaskID, NetNS: path, Address: req.Address, MAC: req.MAC, HostIf: n.cfg.hostIf(req.TaskID)}
	if _, err := os.Stat(path); err == nil {
		if n.complete(out) {
			return out, nil
		}
		if err := n.drop(req.TaskID); err != nil {
			return Attachment{}, err
		}
	}
	if err := makeNamespace(path); err != nil {
		return Attachment{}, err
	}
	if err := n.wire(req, out); err != nil {
		return Attachment{}, errors.Join(fmt.Errorf("attach task %s: %w", req.TaskID, err), n.drop(req.TaskID))
	}
	if err := n.keepOpen(); err != nil {
		n.cfg.Log.Warn("a firewall may stop traffic of tasks", "error", err)
	}
	return out, nil
}

// wire makes the veth pair and configures the task's end.
func (n *Network) wire(req Request, out Attachment) error {
	ns, err := netns.GetFromPath(out.NetNS)
	if err != nil {
		return err
	}
	defer ns.Close()
	mac, err := net.ParseMAC(req.MAC)
	if err != nil {
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU, attrs.MasterIndex = out.HostIf, n.mtu, n.bridge
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: taskIf, PeerNamespace: netlink.NsFd(ns), PeerHardwareAddr: mac}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("veth pair: %w", err)
	}
	if err := netlink.LinkSetUp(veth); err != nil {
		return err
	}
	h, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	lo, err := h.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := h.AddrAdd(lo, hostAddr(Local.AsSlice())); err != nil {
		return err
	}
	if err := h.LinkSetUp(lo); err != nil {
		return err
	}
	eth, err := h.LinkByName(taskIf)
	if err != nil {
		return err
	}
	onLink := &netlink.Addr{IPNet: &net.IPNet{IP: req.Address.AsSlice(), Mask: net.CIDRMask(req.VPC.Bits(), 32)}}
	if err := h.AddrAdd(eth, onLink); err != nil {
		return err
	}
	if err := h.LinkSetUp(eth); err != nil {
		return err
	}
	return h.RouteAdd(&netlink.Route{LinkIndex: eth.Attrs().Index, Gw: req.Gateway.AsSlice()})
}

func hostAddr(ip net.IP) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(32, 32)}}
}

// complete tells whether an attachment stands as it should.
func (n *Network) complete(a Attachment) bool {
	ns, err := netns.GetFromPath(a.NetNS)
	if err != nil {
		return false
	}
	defer ns.Close()
	h, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		return false
	}
	defer h.Close()
	eth, err := h.LinkByName(taskIf)
	if err != nil {
		return false
	}
	addrs, err := h.AddrList(eth, netlink.FAMILY_V4)
	if err != nil || len(addrs) != 1 || addrs[0].IP.String() != a.Address.String() {
		return false
	}
	routes, err := h.RouteList(eth, netlink.FAMILY_V4)
	return err == nil && len(routes) > 1 // the range's and the default one
}

// Detach takes a task's network away and returns when it is gone. One that is
// not there is no error.
func (n *Network) Detach(_ context.Context, taskID string) error { return n.drop(taskID) }

func (n *Network) drop(taskID string) error {
	// Deleting the link is synchronous; a namespace is torn down later.
	if link, err := netlink.LinkByName(n.cfg.hostIf(taskID)); err == nil {
		if err := netlink.LinkDel(link); err != nil {
			return fmt.Errorf("remove link of task %s: %w", taskID, err)
		}
	}
	return dropNamespace(n.cfg.netnsPath(taskID))
}

// Sweep detaches every task of this instance that keep does not name.
func (n *Network) Sweep(_ context.Context, keep func(taskID string) bool) error {
	entries, err := os.ReadDir(n.cfg.netnsDir())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if keep(e.Name()) {
			continue
		}
		n.cfg.Log.Info("removing the network of a task that is no more", "task", e.Name())
		if err := n.drop(e.Name()); err != nil {
			return err
		}
	}
	return nil
}
