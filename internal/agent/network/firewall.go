package network

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
)

func (c Config) tableName() string { return "hatoba_" + c.Instance }

// mark is the user data of rules we put into chains of others, so that they
// can be told and taken away.
func (c Config) mark() []byte { return []byte("hatoba " + c.Instance) }

// openFirewall makes the instance's own table, with NAT for what leaves the
// VPC, and sees to it that chains of others let tasks through.
func (n *Network) openFirewall() error {
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
		Name: "postrouting", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	base, mask := n.cfg.VPC.Masked().Addr().AsSlice(), []byte(prefixMask(n.cfg.VPC.Bits()))
	c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(append(
		inRange(sourceOffset, base, mask, expr.CmpOpEq),
		inRange(destinationOffset, base, mask, expr.CmpOpNeq)...),
		&expr.Masq{}),
	})
	if err := c.Flush(); err != nil {
		return fmt.Errorf("nftables table %s: %w", table.Name, err)
	}
	return n.keepOpen()
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

// closing tells whether a chain of another program may stop what is forwarded:
// dockerd's and ufw's FORWARD have the policy drop, firewalld's ends in a
// reject. An accept in a table of ours cannot undo that, so it must stand in
// theirs.
func (n *Network) closing(ch *nftables.Chain) bool {
	if ch.Hooknum == nil || *ch.Hooknum != *nftables.ChainHookForward || ch.Type != nftables.ChainTypeFilter {
		return false
	}
	if ch.Table.Family != nftables.TableFamilyIPv4 && ch.Table.Family != nftables.TableFamilyINet {
		return false
	}
	if strings.HasPrefix(ch.Table.Name, "hatoba_") {
		return false
	}
	return ch.Table.Name == "firewalld" || ch.Policy != nil && *ch.Policy == nftables.ChainPolicyDrop
}

// keepOpen puts an accept for the bridge at the head of every closing chain
// that has none. It is cheap and repeated, because their owners rebuild them.
func (n *Network) keepOpen() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, err := nftables.New()
	if err != nil {
		return err
	}
	chains, err := c.ListChains()
	if err != nil {
		return err
	}
	changed := false
	for _, ch := range chains {
		if !n.closing(ch) {
			continue
		}
		rules, err := c.GetRules(ch.Table, ch)
		if err != nil {
			return err
		}
		if n.ours(rules) == 2 {
			continue
		}
		n.cfg.Log.Info("letting tasks through a firewall", "table", ch.Table.Name, "chain", ch.Name)
		for _, key := range []expr.MetaKey{expr.MetaKeyIIFNAME, expr.MetaKeyOIFNAME} {
			c.InsertRule(&nftables.Rule{Table: ch.Table, Chain: ch, UserData: n.cfg.mark(), Exprs: []expr.Any{
				&expr.Meta{Key: key, Register: 1},
				&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: ifname(n.cfg.BridgeName())},
				&expr.Counter{},
				&expr.Verdict{Kind: expr.VerdictAccept},
			}})
		}
		changed = true
	}
	if !changed {
		return nil
	}
	return c.Flush()
}

func (n *Network) ours(rules []*nftables.Rule) (count int) {
	for _, r := range rules {
		if bytes.Equal(r.UserData, n.cfg.mark()) {
			count++
		}
	}
	return count
}

func ifname(name string) []byte {
	b := make([]byte, 16)
	copy(b, name)
	return b
}

// closeFirewall takes our table and our rules in others' chains away.
func (n *Network) closeFirewall() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, err := nftables.New()
	if err != nil {
		return err
	}
	chains, err := c.ListChains()
	if err != nil {
		return err
	}
	for _, ch := range chains {
		if !n.closing(ch) {
			continue
		}
		rules, err := c.GetRules(ch.Table, ch)
		if err != nil {
			return err
		}
		for _, r := range rules {
			if bytes.Equal(r.UserData, n.cfg.mark()) {
				if err := c.DelRule(r); err != nil {
					return err
				}
			}
		}
	}
	table := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: n.cfg.tableName()}
	c.AddTable(table)
	c.DelTable(table)
	return c.Flush()
}

// Problem is something that stands in the way, and what mends it.
type Problem struct {
	What string
	Mend string
}

// Check looks for what would stop tasks' traffic and that Open does not mend
// by itself.
func Check() []Problem {
	var out []Problem
	if c, err := nftables.New(); err != nil {
		out = append(out, Problem{"nftables does not answer: " + err.Error(), "use a kernel with CONFIG_NF_TABLES, or load it: modprobe nf_tables"})
	} else if _, err := c.ListTables(); err != nil {
		out = append(out, Problem{"nftables does not answer: " + err.Error(), "use a kernel with CONFIG_NF_TABLES, or load it: modprobe nf_tables"})
	}
	// iptables-legacy keeps its rules where nftables cannot see them.
	if b, err := os.ReadFile("/proc/net/ip_tables_names"); err == nil && bytes.Contains(b, []byte("filter")) {
		out = append(out, Problem{
			"an iptables-legacy filter table is loaded; a DROP policy or rule in its FORWARD chain would stop traffic of tasks",
			"look with: iptables-legacy -S FORWARD; let tasks through with: iptables-legacy -I FORWARD -i 'hb-+' -j ACCEPT; iptables-legacy -I FORWARD -o 'hb-+' -j ACCEPT",
		})
	}
	return out
}
