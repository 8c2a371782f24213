package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Aliases is where names of Service Connect lead to inside a task, as in ECS.
var Aliases = netip.MustParsePrefix("127.255.0.0/16")

// LeadAliases leads what a task sends to addresses of Aliases, whatever the
// port, to one listener on its loopback: a listener on the ports themselves
// would take them from the task's own servers, which listen on all addresses.
// It may be called again.
func LeadAliases(netns string, to netip.AddrPort) error {
	ns, err := os.Open(netns)
	if err != nil {
		return err
	}
	defer ns.Close()
	c, err := nftables.New(nftables.WithNetNSFd(int(ns.Fd())))
	if err != nil {
		return err
	}
	table := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: "hatoba_connect"}
	chain := &nftables.Chain{Name: "output", Table: table}
	if rules, err := c.GetRules(table, chain); err == nil && len(rules) == 1 {
		return nil
	}
	table = c.AddTable(table)
	chain = c.AddChain(&nftables.Chain{
		Name: "output", Table: table, Type: nftables.ChainTypeNAT, Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityNATDest,
	})
	exprs := append([]expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_TCP}},
	}, inRange(destinationOffset, Aliases.Addr().AsSlice(), prefixMask(Aliases.Bits()), expr.CmpOpEq)...)
	c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(exprs,
		&expr.Immediate{Register: 1, Data: to.Addr().AsSlice()},
		&expr.Immediate{Register: 2, Data: binaryutil.BigEndian.PutUint16(to.Port())},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2})})
	if err := c.Flush(); err != nil {
		return fmt.Errorf("lead aliases: %w", err)
	}
	return nil
}

// Meant is the address that a connection was made to before a rule led it
// elsewhere.
func Meant(c net.Conn) (netip.AddrPort, error) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return netip.AddrPort{}, errors.New("not a connection of TCP")
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return netip.AddrPort{}, err
	}
	var out netip.AddrPort
	failed := raw.Control(func(fd uintptr) {
		const originalDestination = 80 // SO_ORIGINAL_DST, a sockaddr_in
		var m *unix.IPv6Mreq
		if m, err = unix.GetsockoptIPv6Mreq(int(fd), unix.IPPROTO_IP, originalDestination); err == nil {
			b := m.Multiaddr
			out = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), uint16(b[2])<<8|uint16(b[3]))
		}
	})
	return out, errors.Join(failed, err)
}
