package network

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Two tasks are on one bridge, and what is bridged passes no hook that knows
// connections, unless br_netfilter is loaded, which is the machine's choice
// and for all its bridges. So ports of tasks are isolated from each other, and
// the bridge answers for every task when one asks for another's hardware
// address: what tasks send each other is routed by the machine, and comes to
// the forward hook. Sockets, addresses and routes in the task are as they
// were.
//
// Source: https://docs.kernel.org/networking/ip-sysctl.html (proxy_arp_pvlan)

// bridgedIsSeen tells whether br_netfilter has bridged packets pass the hooks
// of IP. It does so before they are bridged, and bridges itself what a rule
// leads to another task: between isolated ports that would end.
func bridgedIsSeen() bool {
	b, err := os.ReadFile("/proc/sys/net/bridge/bridge-nf-call-iptables")
	return err == nil && strings.TrimSpace(string(b)) == "1"
}

// answerForTasks sets the bridge up for it.
func (n *Network) answerForTasks() error {
	name := n.cfg.BridgeName()
	for path, value := range map[string]string{
		"conf/" + name + "/proxy_arp_pvlan": "1",
		"conf/" + name + "/send_redirects":  "0",
		"neigh/" + name + "/proxy_delay":    "0", // else an answer waits up to 0.8 seconds
	} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+path, []byte(value), 0o644); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("set up the bridge: %w", err)
		}
	}
	return nil
}

// noRedirects keeps the machine from telling tasks to send to each other
// directly. The bridge's own setting does not, where the one for all links is
// on.
func (n *Network) noRedirects(c *nftables.Conn, table *nftables.Table) {
	const redirect = 5 // ICMP_REDIRECT
	chain := c.AddChain(&nftables.Chain{
		Name: "redirects", Table: table, Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityFilter,
	})
	c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(n.onBridge(expr.MetaKeyOIFNAME),
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_ICMP}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{redirect}},
		&expr.Verdict{Kind: expr.VerdictDrop})})
}
