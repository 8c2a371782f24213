package network

import (
	"fmt"
	"os"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// Lead is a port of Local that is served on another one.
type Lead struct {
	Protocol string // tcp or udp
	From, To uint16
}

// LeadLocal leads what a task sends to ports of Local to the ports it is
// served on there. A socket on a well-known port of Local would take that port
// from the task's own servers, which listen on all addresses.
func LeadLocal(netns string, leads []Lead) error {
	ns, err := os.Open(netns)
	if err != nil {
		return err
	}
	defer ns.Close()
	c, err := nftables.New(nftables.WithNetNSFd(int(ns.Fd())))
	if err != nil {
		return err
	}
	table := &nftables.Table{Family: nftables.TableFamilyIPv4, Name: "hatoba"}
	chain := &nftables.Chain{Name: "output", Table: table}
	// Deleting takes the kernel several times as long as adding: it is done only
	// where there is something.
	if rules, err := c.GetRules(table, chain); err == nil && len(rules) == len(leads) {
		return nil
	} else if err == nil && len(rules) > 0 {
		c.AddTable(table)
		c.DelTable(table)
	}
	table = c.AddTable(table)
	chain = c.AddChain(&nftables.Chain{
		Name: "output", Table: table, Type: nftables.ChainTypeNAT, Hooknum: nftables.ChainHookOutput, Priority: nftables.ChainPriorityNATDest,
	})
	for _, l := range leads {
		p := Published{Protocol: l.Protocol, HostPort: l.From, Address: Local, Port: l.To}
		c.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(toLocal(), p.rule()...)})
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("lead ports of %s: %w", Local, err)
	}
	return nil
}

// toLocal matches what is sent to Local.
func toLocal() []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: destinationOffset, Len: 4},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: Local.AsSlice()},
	}
}
