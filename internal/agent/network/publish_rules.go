package network

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"golang.org/x/sys/unix"
)

const publishedChain = "published"

func (c Config) portTable() *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyIPv4, Name: c.tableName() + "_ports"}
}

// writePorts makes the table of published ports as given, in one transaction;
// without any there is no table. A rule's comment tells all of its port, so
// that a later life finds them.
func (n *Network) writePorts(ports []Published) error {
	c, err := nftables.New()
	if err != nil {
		return err
	}
	table := n.cfg.portTable()
	c.AddTable(table) // adding before deleting works whether it is there or not
	c.DelTable(table)
	if len(ports) > 0 {
		if err := n.routeLocal(); err != nil {
			return err
		}
		n.addPorts(c, c.AddTable(table), ports)
	}
	return c.Flush()
}

func (n *Network) addPorts(c *nftables.Conn, table *nftables.Table, ports []Published) {
	base := func(name string, kind nftables.ChainType, hook *nftables.ChainHook, priority *nftables.ChainPriority) *nftables.Chain {
		return c.AddChain(&nftables.Chain{Name: name, Table: table, Type: kind, Hooknum: hook, Priority: priority})
	}
	list := c.AddChain(&nftables.Chain{Name: publishedChain, Table: table})
	for _, p := range ports {
		c.AddRule(&nftables.Rule{Table: table, Chain: list, Exprs: p.rule(), UserData: userdata.AppendString(nil, userdata.TypeComment, p.comment())})
	}
	toUs := []expr.Any{
		&expr.Fib{Register: 1, FlagDADDR: true, ResultADDRTYPE: true},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.NativeEndian.PutUint32(unix.RTN_LOCAL)},
		&expr.Verdict{Kind: expr.VerdictJump, Chain: publishedChain},
	}
	for _, chain := range []*nftables.Chain{
		base("prerouting", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest),
		base("output", nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest),
	} {
		c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: toUs})
	}
	n.addReturnPaths(c, table, base("postrouting", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource))
	// route_localnet would let a task send to this machine's loopback.
	guard := base("guard", nftables.ChainTypeFilter, nftables.ChainHookPrerouting, nftables.ChainPriorityRaw)
	c.AddRule(&nftables.Rule{Table: table, Chain: guard, Exprs: append(append(
		n.onBridge(expr.MetaKeyIIFNAME),
		inRange(destinationOffset, []byte{127, 0, 0, 0}, []byte{255, 0, 0, 0}, expr.CmpOpEq)...),
		&expr.Verdict{Kind: expr.VerdictDrop})})
}

// addReturnPaths has answers come back through us where they would not: to
// loopback, and to a task that asked a port of this machine.
func (n *Network) addReturnPaths(c *nftables.Conn, table *nftables.Table, chain *nftables.Chain) {
	vpc, mask := n.cfg.VPC.Masked().Addr().AsSlice(), prefixMask(n.cfg.VPC.Bits())
	c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(append(
		n.onBridge(expr.MetaKeyOIFNAME),
		inRange(sourceOffset, []byte{127, 0, 0, 0}, []byte{255, 0, 0, 0}, expr.CmpOpEq)...),
		&expr.Masq{})})
	const destinationTranslated = 1 << 5 // IPS_DST_NAT
	translated := []expr.Any{
		&expr.Ct{Register: 1, Key: expr.CtKeySTATUS},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: binaryutil.NativeEndian.PutUint32(destinationTranslated), Xor: []byte{0, 0, 0, 0}},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: []byte{0, 0, 0, 0}},
	}
	c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(append(append(translated,
		inRange(sourceOffset, vpc, mask, expr.CmpOpEq)...),
		inRange(destinationOffset, vpc, mask, expr.CmpOpEq)...),
		&expr.Masq{})})
}

func (n *Network) onBridge(key expr.MetaKey) []expr.Any {
	name := make([]byte, unix.IFNAMSIZ)
	copy(name, n.cfg.BridgeName())
	return []expr.Any{&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: name}}
}

// rule leads one port to its task.
func (p Published) rule() []expr.Any {
	protocol := byte(unix.IPPROTO_TCP)
	if p.Protocol == "udp" {
		protocol = unix.IPPROTO_UDP
	}
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{protocol}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binaryutil.BigEndian.PutUint16(p.HostPort)},
		&expr.Immediate{Register: 1, Data: p.Address.AsSlice()},
		&expr.Immediate{Register: 2, Data: binaryutil.BigEndian.PutUint16(p.Port)},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2},
	}
}

func (p Published) comment() string {
	return fmt.Sprintf("%s %s %d %s %d", p.TaskID, p.Protocol, p.HostPort, p.Address, p.Port)
}

// parsePublished reads a comment.
func parsePublished(comment string) (p Published, ok bool) {
	var address string
	n, err := fmt.Sscanf(strings.TrimRight(comment, "\x00"), "%s %s %d %s %d", &p.TaskID, &p.Protocol, &p.HostPort, &address, &p.Port)
	if n != 5 || err != nil || p.Protocol != "tcp" && p.Protocol != "udp" {
		return Published{}, false
	}
	if p.Address, err = netip.ParseAddr(address); err != nil || !p.Address.Is4() || p.TaskID == "" {
		return Published{}, false
	}
	return p, true
}

// readPorts tells what an earlier life published.
func (n *Network) readPorts() ([]Published, error) {
	c, err := nftables.New()
	if err != nil {
		return nil, err
	}
	chains, err := c.ListChainsOfTableFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return nil, err
	}
	table := n.cfg.portTable()
	var out []Published
	for _, chain := range chains {
		if chain.Table.Name != table.Name || chain.Name != publishedChain {
			continue
		}
		rules, err := c.GetRules(table, chain)
		if err != nil {
			return nil, err
		}
		for _, r := range rules {
			comment, _ := userdata.GetString(r.UserData, userdata.TypeComment)
			if p, ok := parsePublished(comment); ok {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// portsStand tells whether all that is published has its rule, and the
// machine's loopback its guard.
func (n *Network) portsStand() bool {
	have, err := n.readPorts()
	if err != nil || len(have) != len(n.published) {
		return false
	}
	c, err := nftables.New()
	if err != nil {
		return false
	}
	guard, err := c.GetRules(n.cfg.portTable(), &nftables.Chain{Name: "guard", Table: n.cfg.portTable()})
	return err == nil && len(guard) == 1
}
