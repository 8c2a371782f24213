package network

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
)

func (c Config) tableName() string { return tablePrefix + c.Instance }

const (
	tablePrefix = "hatoba_"
	natChain    = "postrouting"
)

// openTable makes the instance's own table, with NAT for what leaves the VPC.
// An old one is replaced in the same transaction; connections that are
// translated already go on.
func (n *Network) openTable() error {
	c, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	table := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: n.cfg.tableName()}
	// Adding before deleting makes this work whether the table is there or not.
	c.AddTable(table)
	c.DelTable(table)
	table = c.AddTable(table)
	chain := c.AddChain(&nftables.Chain{
		Name: natChain, Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	for _, vpc := range n.ranges() {
		base, mask := vpc.Masked().Addr().AsSlice(), prefixMask(vpc.Bits())
		c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(append(
			inRange(sourceOffset, base, mask, expr.CmpOpEq),
			inRange(destinationOffset, base, mask, expr.CmpOpNeq)...),
			&expr.Masq{}),
		})
	}
	n.noRedirects(c, table)
	if err := c.Flush(); err != nil {
		return fmt.Errorf("nftables table %s: %w", table.Name, err)
	}
	return nil
}

// tableStands tells whether our table is as openTable made it. Reloading the
// nftables service, for one, takes all tables away.
func (n *Network) tableStands(c *nftables.Conn) bool {
	table := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: n.cfg.tableName()}
	rules, err := c.GetRules(table, &nftables.Chain{Name: natChain, Table: table})
	return err == nil && len(rules) == len(n.ranges())
}

// Offsets of the addresses in an IPv4 header (RFC 791).
const (
	sourceOffset      = 12
	destinationOffset = 16
)

func inRange(offset uint32, base, mask []byte, op expr.CmpOp) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: mask, Xor: []byte{0, 0, 0, 0}},
		&expr.Cmp{Op: op, Register: 1, Data: base},
	}
}

func prefixMask(bits int) []byte { return binaryutil.BigEndian.PutUint32(^uint32(0) << (32 - bits)) }

// closeFirewall takes our table and our rules in others' chains away.
func (n *Network) closeFirewall() error {
	if err := n.withdraw(); err != nil {
		return err
	}
	c, err := nftables.New()
	if err != nil {
		return err
	}
	table := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: n.cfg.tableName()}
	c.AddTable(table)
	c.DelTable(table)
	c.AddTable(n.cfg.portTable())
	c.DelTable(n.cfg.portTable())
	c.AddTable(n.cfg.guardTable())
	c.DelTable(n.cfg.guardTable())
	return c.Flush()
}
