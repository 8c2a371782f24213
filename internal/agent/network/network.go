// Package network gives every task a network namespace of its own with one
// address, reachable from the host and from other tasks, and the outside
// through NAT. It speaks netlink and nftables itself: no CNI binary and no
// `ip` command is on the path. Names of all it makes carry the instance's
// prefix, so that a sweep can tell ours.
package network

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Config is what a Network works with.
type Config struct {
	Instance string       // short id, [a-z0-9]{1,8}: part of every name we make
	RunDir   string       // namespaces are kept in RunDir/netns
	VPC      netip.Prefix // range of the tasks, on-link
	Gateway  netip.Addr   // the bridge's address; zero: Gateway(VPC)
	Log      *slog.Logger
}

// Request asks for a task's network.
type Request struct {
	TaskID  string
	Address netip.Addr   // chosen by the caller from the subnet
	MAC     string       // chosen by the caller, "" for one derived from the address
	VPC     netip.Prefix // on-link range of the bridge
	Gateway netip.Addr   // the bridge's own address
	VPCID   string       // of a VPC beside the default ones, which share one range; "" of these
	Groups  []string     // security groups
	// Lonely is a namespace with nothing but loopback: networkMode none. It
	// needs no address.
	Lonely bool
}

// Attachment is a task's network as it stands.
type Attachment struct {
	TaskID  string
	NetNS   string // path of the namespace's file
	Address netip.Addr
	MAC     string
	HostIf  string // the host's end of the veth pair
}

// Network is this instance's bridge and its tasks. All methods may be called
// concurrently, but for two on the same task.
type Network struct {
	cfg    Config
	bridge int // link index
	mtu    int
	links  *netlink.Handle // of the namespace Open was called in

	firewall sync.Mutex // one at a time looks through others' rules

	ports     sync.Mutex // guards the three below, and the table of ports
	published []Published
	held      map[portKey]heldPort
	nextPort  uint16 // where the next search for a free one begins

	placing sync.Mutex // guards places, and is held before guarding
	places  []*place
	vpcs    atomic.Pointer[[]netip.Prefix] // ranges of all VPCs here; nil: the default one

	guarding    sync.Mutex // guards the four below, and the table of security groups
	guard       *guard
	told        bool // a complete change has come
	guardStands bool // the table is in the kernel
	guardBroken bool // it may not be what the guard knows

	balancers sync.Mutex // one at a time sets their addresses

	events   *nl.NetlinkSocket
	watching atomic.Bool
	watchers sync.WaitGroup
}

// BridgeName is the instance's bridge.
func (c Config) BridgeName() string { return "hb-" + c.Instance }

func (c Config) netnsDir() string { return filepath.Join(c.RunDir, "netns") }

func (c Config) check() error {
	foreign := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	if len(c.Instance) == 0 || len(c.Instance) > 8 || strings.ContainsFunc(c.Instance, foreign) {
		return fmt.Errorf("instance id %q is not one to eight lower-case letters or digits", c.Instance)
	}
	if !c.VPC.Addr().Is4() || c.VPC.Bits() > 28 {
		return fmt.Errorf("the VPC's range %s is not an IPv4 range of /28 or larger", c.VPC)
	}
	if !c.VPC.Contains(c.Gateway) {
		return fmt.Errorf("the gateway %s is outside the VPC's range %s", c.Gateway, c.VPC)
	}
	return nil
}

// Open makes the bridge, its address, forwarding, NAT and what firewalls need
// to let tasks through, or takes up what an earlier life left. Running tasks
// are not touched. Firewalls are watched until Close, so that the rules come
// back when a firewall is restarted.
func Open(_ context.Context, cfg Config) (*Network, error) {
	if !cfg.Gateway.IsValid() {
		cfg.Gateway = Gateway(cfg.VPC)
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.netnsDir(), 0o755); err != nil {
		return nil, err
	}
	links, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	n := &Network{cfg: cfg, links: links, mtu: uplinkMTU(links), held: map[portKey]heldPort{}, guard: newGuard()}
	if err := n.open(); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

func (n *Network) open() error {
	if err := n.openBridge(); err != nil {
		return fmt.Errorf("bridge %s: %w", n.cfg.BridgeName(), err)
	}
	if err := forwardPackets(); err != nil {
		return err
	}
	if err := n.answerForTasks(); err != nil {
		return err
	}
	if err := n.leftPlaces(); err != nil {
		return fmt.Errorf("read the bridge's addresses: %w", err)
	}
	if err := n.openTable(); err != nil {
		return err
	}
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	n.guardStands = n.guardThere(c)
	if n.published, err = n.readPorts(); err != nil {
		return fmt.Errorf("read the published ports: %w", err)
	}
	n.watch() // first, so that no change after the look is missed
	if err := n.keepOpen(); err != nil {
		n.cfg.Log.Warn("a firewall may stop traffic of tasks", "error", err)
	}
	return nil
}

// Close ends the watch over firewalls. Bridge, rules and tasks stay. No other
// method may be called after it.
func (n *Network) Close() error {
	n.stopWatching()
	n.links.Close()
	n.ports.Lock()
	defer n.ports.Unlock()
	for key := range n.held {
		n.letGo(key)
	}
	return nil
}

// Remove takes everything away: tasks' namespaces, bridge and firewall rules.
// It is for when nothing runs any more, and leaves only Close to be called.
func (n *Network) Remove(ctx context.Context) error {
	n.stopWatching()
	if err := n.Sweep(ctx, func(string) bool { return false }); err != nil {
		return err
	}
	if err := n.removeLink(n.cfg.BridgeName()); err != nil {
		return err
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
