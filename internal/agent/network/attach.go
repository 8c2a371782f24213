package network

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// taskIf is the interface's name inside the task.
const taskIf = "eth0"

// hostIf is the host's end of a task's veth pair. Fifteen characters are all
// the kernel allows, so the task's id is shortened; the link's alias has it
// in full.
func (c Config) hostIf(taskID string) string {
	sum := sha256.Sum256([]byte(c.Instance + taskID))
	return "hv" + hex.EncodeToString(sum[:])[:12]
}

func (c Config) alias(taskID string) string { return c.aliasPrefix() + taskID }

func (c Config) aliasPrefix() string { return "hatoba " + c.Instance + " " }

func (c Config) netnsPath(taskID string) string { return filepath.Join(c.netnsDir(), taskID) }

// undoTime bounds the undoing of what failed, whatever the caller's context.
const undoTime = 10 * time.Second

// Attach gives a task its namespace and address. A task that has them already,
// from an earlier life of this process, gets them as they are; a half-made
// attachment is made again. When it fails, nothing is left.
func (n *Network) Attach(ctx context.Context, req Request) (Attachment, error) {
	if err := ctx.Err(); err != nil {
		return Attachment{}, err
	}
	if req.Lonely {
		return n.attachLonely(ctx, req.TaskID)
	}
	if req.MAC == "" {
		req.MAC = MAC(req.Address)
	}
	mac, err := n.checkRequest(req)
	if err != nil {
		return Attachment{}, err
	}
	if err := n.admit(req); err != nil {
		return Attachment{}, err
	}
	out := Attachment{TaskID: req.TaskID, NetNS: n.cfg.netnsPath(req.TaskID), Address: req.Address, MAC: req.MAC, HostIf: n.cfg.hostIf(req.TaskID)}
	if _, err := os.Stat(out.NetNS); err == nil {
		if n.complete(out) {
			return out, nil
		}
		if err := n.unwire(req.TaskID); err != nil {
			return Attachment{}, err
		}
	}
	if err := makeNamespace(out.NetNS, func() error { return n.wire(req, out.HostIf, mac) }); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
		defer cancel()
		return Attachment{}, errors.Join(fmt.Errorf("attach task %s: %w", req.TaskID, err), n.Detach(undo, req.TaskID))
	}
	if !n.watching.Load() {
		if err := n.keepOpen(); err != nil {
			n.cfg.Log.Warn("a firewall may stop traffic of tasks", "error", err)
		}
	}
	return out, nil
}

// admit has the task's VPC be here and its groups' rules hold, before the task
// can send anything.
func (n *Network) admit(req Request) error {
	if err := n.settle(req); err != nil {
		return err
	}
	if err := n.join(req.TaskID, req.Address, req.Groups); err != nil {
		return errors.Join(err, n.unsettle(req.TaskID))
	}
	return nil
}

// Resume takes up what Attach has made in an earlier life of this process: the
// task's place in its VPC and in its groups.
func (n *Network) Resume(req Request) error { return n.admit(req) }

// attachLonely makes a namespace with loopback and nothing else.
func (n *Network) attachLonely(ctx context.Context, taskID string) (Attachment, error) {
	if err := checkID(taskID); err != nil {
		return Attachment{}, err
	}
	out := Attachment{TaskID: taskID, NetNS: n.cfg.netnsPath(taskID)}
	if inNamespace(out.NetNS, func() error { return nil }) == nil {
		return out, nil
	}
	if err := n.Detach(ctx, taskID); err != nil { // half made, in an earlier life
		return Attachment{}, err
	}
	err := makeNamespace(out.NetNS, func() error {
		inside, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer inside.Close()
		link, err := inside.LinkByName("lo")
		if err != nil {
			return err
		}
		return inside.LinkSetUp(link)
	})
	return out, err
}

func checkID(id string) error {
	if id == "" || id == "." || id == ".." || filepath.Base(id) != id {
		return fmt.Errorf("task id %q cannot name a file", id)
	}
	return nil
}

func (n *Network) checkRequest(req Request) (net.HardwareAddr, error) {
	if err := checkID(req.TaskID); err != nil {
		return nil, err
	}
	if !req.VPC.Contains(req.Address) || !req.VPC.Contains(req.Gateway) || req.Address == req.Gateway {
		return nil, fmt.Errorf("task %s: address %s and gateway %s do not go with the range %s", req.TaskID, req.Address, req.Gateway, req.VPC)
	}
	return net.ParseMAC(req.MAC)
}

// wire makes the veth pair and configures the task's end. It is called on a
// thread inside the task's namespace; n.links is outside of it.
func (n *Network) wire(req Request, hostIf string, mac net.HardwareAddr) error {
	if err := withoutIPv6(); err != nil {
		return err
	}
	ns, err := netns.Get()
	if err != nil {
		return err
	}
	defer ns.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU, attrs.MasterIndex = hostIf, n.mtu, n.bridge
	attrs.Flags = net.FlagUp
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: taskIf, PeerNamespace: netlink.NsFd(ns), PeerHardwareAddr: mac}
	err = n.links.LinkAdd(veth)
	if errors.Is(err, os.ErrExist) { // of a task whose namespace file was lost
		if err = n.removeLink(hostIf); err == nil {
			veth.Index = 0
			err = n.links.LinkAdd(veth)
		}
	}
	if err != nil {
		return fmt.Errorf("veth pair: %w", err)
	}
	if err := n.links.LinkSetIsolated(veth, true); err != nil {
		return fmt.Errorf("isolate %s: %w", hostIf, err)
	}
	if err := n.links.LinkSetAlias(veth, n.cfg.alias(req.TaskID)); err != nil {
		return fmt.Errorf("alias of %s: %w", hostIf, err)
	}
	inside, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer inside.Close()
	if err := addressed(inside, "lo", linkAddr(Local.AsSlice(), 32)); err != nil {
		return err
	}
	if err := addressed(inside, taskIf, linkAddr(req.Address.AsSlice(), req.VPC.Bits())); err != nil {
		return err
	}
	return inside.RouteAdd(&netlink.Route{Gw: req.Gateway.AsSlice()})
}

func linkAddr(ip net.IP, bits int) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, 32)}}
}

// addressed gives a link its address and brings it up.
func addressed(h *netlink.Handle, name string, addr *netlink.Addr) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	if err := h.AddrAdd(link, addr); err != nil {
		return fmt.Errorf("address of %s: %w", name, err)
	}
	return h.LinkSetUp(link)
}

// withoutIPv6 keeps links made in this thread's namespace from IPv6, which
// nothing routes and no security group judges: a link-local address would be a
// way around both. Loopback keeps its own, and sockets that take both kinds
// are as anywhere.
func withoutIPv6() error {
	err := os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0o644)
	if errors.Is(err, os.ErrNotExist) { // a kernel without IPv6
		return nil
	}
	return err
}

// complete tells whether an attachment stands as it should.
func (n *Network) complete(a Attachment) bool {
	host, err := n.links.LinkByName(a.HostIf)
	if err != nil || host.Attrs().MasterIndex != n.bridge || host.Attrs().Flags&net.FlagUp == 0 {
		return false
	}
	inside, err := look(a.NetNS)
	if err != nil {
		return false
	}
	mac, err := net.ParseMAC(a.MAC)
	return err == nil && bytes.Equal(inside.mac, mac) && inside.address == a.Address && inside.routed
}
