package network

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"

	"github.com/google/nftables"
)

// Problem is something that stands in the way, and what mends it.
type Problem struct {
	What string
	Mend string
}

// Check looks, before any Network is open, for what would stop tasks' traffic
// and that Open does not mend by itself.
func Check() []Problem {
	const anyBridge = "hb-*"
	c, err := nftables.New()
	var chains []foreign
	if err == nil {
		chains, err = foreignChains(c)
	}
	if err != nil {
		return []Problem{{"nftables does not answer: " + err.Error(), "use a kernel with CONFIG_NF_TABLES, or load it: modprobe nf_tables"}}
	}
	var out []Problem
	for _, f := range chains {
		if f.closes() != "" && (f.owned || f.chain.Table.Family == nftables.TableFamilyBridge) {
			out = append(out, f.problem(anyBridge))
		}
	}
	return append(out, legacyProblems("hb-+", "hb-")...)
}

// Check looks for what stops this instance's tasks now: it names the very
// chain and the command that mends it.
func (n *Network) Check(ctx context.Context) []Problem {
	if err := ctx.Err(); err != nil {
		return []Problem{{What: "not checked: " + err.Error()}}
	}
	var out []Problem
	bridge := n.cfg.BridgeName()
	if link, err := n.links.LinkByName(bridge); err != nil || link.Attrs().Flags&net.FlagUp == 0 {
		out = append(out, Problem{"the bridge " + bridge + " is not there, or down", "hatoba up"})
	}
	if b, err := os.ReadFile(forwarding); err == nil && string(bytes.TrimSpace(b)) != "1" {
		out = append(out, Problem{"IPv4 forwarding is switched off: tasks do not reach the outside", "sysctl -w net.ipv4.ip_forward=1"})
	}
	c, err := nftables.New()
	if err != nil {
		return append(out, Problem{"nftables does not answer: " + err.Error(), "modprobe nf_tables"})
	}
	chains, err := foreignChains(c)
	if err != nil {
		return append(out, Problem{"the firewall's rules cannot be read: " + err.Error(), "nft list ruleset"})
	}
	if !n.tableStands(c) {
		out = append(out, Problem{"the nftables table ip " + n.cfg.tableName() + " was changed: tasks do not reach the outside", "hatoba up"})
	}
	for _, f := range chains {
		if f.closes() != "" && len(n.cfg.lacks(f)) > 0 {
			out = append(out, f.problem(bridge))
		}
	}
	return append(out, legacyProblems(bridge, bridge)...)
}

// problem names a chain that stops tasks and the command that opens it.
func (f foreign) problem(bridge string) Problem {
	family, table, chain := familyName(f.chain.Table.Family), f.chain.Table.Name, f.chain.Name
	p := Problem{What: fmt.Sprintf("%s stops traffic of tasks: %s", f, f.closes())}
	in, out := "iifname", "oifname"
	if f.chain.Table.Family == nftables.TableFamilyBridge {
		in, out = "meta ibrname", "meta obrname"
	}
	switch {
	case table == "firewalld":
		p.Mend = fmt.Sprintf("firewall-cmd --permanent --zone=trusted --add-interface=%s && firewall-cmd --reload", bridge)
	case f.owned:
		p.Mend = fmt.Sprintf("tell the program that owns the table to accept what is forwarded from and to %s", bridge)
	default:
		p.Mend = fmt.Sprintf("nft insert rule %[1]s %[2]s %[3]s %[4]s '\"%[6]s\"' accept; nft insert rule %[1]s %[2]s %[3]s %[5]s '\"%[6]s\"' accept", family, table, chain, in, out, bridge)
	}
	return p
}
