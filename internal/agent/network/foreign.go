package network

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
)

// Other programs' chains at the forward hook. Dockerd's and ufw's FORWARD have
// the policy drop, firewalld's ends in a reject. An accept in a table of ours
// cannot undo that, so one must stand in theirs.

// foreign is a chain at the forward hook that is not ours.
type foreign struct {
	chain *nftables.Chain
	owned bool // only the program that made the table may change it
	rules []*nftables.Rule
}

func (f foreign) String() string {
	return fmt.Sprintf("chain %s of nftables table %s %s", f.chain.Name, familyName(f.chain.Table.Family), f.chain.Table.Name)
}

func familyName(f nftables.TableFamily) string {
	switch f {
	case nftables.TableFamilyINet:
		return "inet"
	case nftables.TableFamilyBridge:
		return "bridge"
	default:
		return "ip"
	}
}

// foreignChains lists them, of the families that see tasks' packets.
func foreignChains(c *nftables.Conn) ([]foreign, error) {
	tables, err := c.ListTables()
	if err != nil {
		return nil, err
	}
	const ownedFlag = 0x2 // NFT_TABLE_F_OWNER of linux/netfilter/nf_tables.h
	owned := map[string]bool{}
	for _, t := range tables {
		owned[familyName(t.Family)+" "+t.Name] = t.Flags&ownedFlag != 0
	}
	chains, err := c.ListChains()
	if err != nil {
		return nil, err
	}
	var out []foreign
	for _, ch := range chains {
		if ch.Hooknum == nil || *ch.Hooknum != *nftables.ChainHookForward || ch.Type != nftables.ChainTypeFilter || strings.HasPrefix(ch.Table.Name, tablePrefix) {
			continue
		}
		switch ch.Table.Family {
		case nftables.TableFamilyIPv4, nftables.TableFamilyINet, nftables.TableFamilyBridge:
		default:
			continue
		}
		rules, err := c.GetRules(ch.Table, ch)
		if err != nil {
			return nil, fmt.Errorf("rules of %s: %w", ch.Name, err)
		}
		out = append(out, foreign{chain: ch, owned: owned[familyName(ch.Table.Family)+" "+ch.Table.Name], rules: rules})
	}
	return out, nil
}

// closes tells why a chain stops what no rule before has accepted, "" when it
// does not. Rules that refuse only some packets are somebody's intent, and
// hold for tasks as well.
func (f foreign) closes() string {
	if f.chain.Policy != nil && *f.chain.Policy == nftables.ChainPolicyDrop {
		return "its policy is drop"
	}
	for i, r := range f.rules {
		if refusesAll(r) {
			return fmt.Sprintf("its rule %d refuses all that is left", i+1)
		}
	}
	return ""
}

// refusesAll tells whether a rule drops or rejects without a condition.
func refusesAll(r *nftables.Rule) bool {
	for _, e := range r.Exprs {
		switch e := e.(type) {
		case *expr.Counter, *expr.Log:
		case *expr.Reject:
			return true
		case *expr.Verdict:
			return e.Kind == expr.VerdictDrop
		case *expr.Target: // iptables-nft
			return e.Name == "REJECT" || e.Name == "DROP"
		default:
			return false
		}
	}
	return false
}

// way is one of the two directions a task's packets take through the bridge.
type way struct {
	name string
	key  expr.MetaKey // of the interface's name
}

func ways() []way {
	return []way{{"from tasks", expr.MetaKeyIIFNAME}, {"to tasks", expr.MetaKeyOIFNAME}}
}

// comment marks our rule in a chain of others, so that it can be told and
// taken away; nft shows it.
func (c Config) comment(w way) []byte {
	return userdata.AppendString(nil, userdata.TypeComment, "hatoba "+c.Instance+" "+w.name)
}

// accept is the rule that lets tasks' packets through. It has the form that
// iptables gives `-i BRIDGE -j ACCEPT`, so that iptables can go on reading
// its own chain.
func (c Config) accept(ch *nftables.Chain, w way) *nftables.Rule {
	name := append([]byte(c.BridgeName()), 0)
	return &nftables.Rule{Table: ch.Table, Chain: ch, UserData: c.comment(w), Exprs: []expr.Any{
		&expr.Meta{Key: w.key, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: name},
		&expr.Counter{},
		&expr.Verdict{Kind: expr.VerdictAccept},
	}}
}

// lacks are the ways for which a chain has no accept of ours yet.
func (c Config) lacks(f foreign) (out []way) {
	for _, w := range ways() {
		found := false
		for _, r := range f.rules {
			found = found || bytes.Equal(r.UserData, c.comment(w))
		}
		if !found {
			out = append(out, w)
		}
	}
	return out
}

// keepOpen puts an accept for the bridge at the head of every closing chain
// that has none, and our own table back where it was flushed. It is repeated,
// because others rebuild their rules. What cannot be changed is told by Check.
func (n *Network) keepOpen() error {
	n.firewall.Lock()
	defer n.firewall.Unlock()
	if _, err := n.links.LinkByIndex(n.bridge); notFound(err) {
		return nil // removed meanwhile, perhaps by another process
	}
	c, err := nftables.New()
	if err != nil {
		return err
	}
	chains, err := foreignChains(c)
	if err != nil {
		return err
	}
	var errs []error
	if !n.tableStands(c) {
		n.cfg.Log.Info("putting the NAT table back")
		errs = append(errs, n.openTable())
	}
	errs = append(errs, n.guardAgain(c))
	n.ports.Lock()
	if len(n.published) > 0 && !n.portsStand() {
		n.cfg.Log.Info("putting the table of published ports back")
		errs = append(errs, n.writePorts(n.published))
	}
	n.ports.Unlock()
	for _, f := range chains {
		if f.chain.Table.Family == nftables.TableFamilyBridge || f.closes() == "" {
			continue
		}
		lacking := n.cfg.lacks(f)
		if len(lacking) == 0 {
			continue
		}
		for _, w := range lacking {
			c.InsertRule(n.cfg.accept(f.chain, w))
		}
		// A transaction for each, so that a chain that refuses, or has just
		// gone, does not stand in the way of others.
		if err := c.Flush(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f, err))
			continue
		}
		n.cfg.Log.Info("letting tasks through a firewall", "chain", f.String())
	}
	return errors.Join(errs...)
}

// withdraw takes our rules out of all chains of others.
func (n *Network) withdraw() error {
	n.firewall.Lock()
	defer n.firewall.Unlock()
	c, err := nftables.New()
	if err != nil {
		return err
	}
	chains, err := foreignChains(c)
	if err != nil {
		return err
	}
	for _, f := range chains {
		for _, r := range f.rules {
			for _, w := range ways() {
				if bytes.Equal(r.UserData, n.cfg.comment(w)) {
					if err := c.DelRule(r); err != nil {
						return err
					}
				}
			}
		}
	}
	return c.Flush()
}
