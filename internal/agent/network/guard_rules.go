package network

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/hatoba/hatoba/internal/state"
)

// The table of security groups. Two chains look at each packet, one for its
// sender and one for its receiver, and both must let it pass; answers to what
// was let pass go through. Tasks' packets come to the forward hook, those from
// and to balancers, whose addresses are the machine's, to input and output.
//
// What the machine itself sends is not judged: who is root on it is in every
// namespace anyway.

func (c Config) guardTable() *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyIPv4, Name: c.tableName() + "_groups"}
}

// batch is a transaction of the table.
type batch struct {
	conn  *nftables.Conn
	table *nftables.Table
	errs  []error
}

func (n *Network) newBatch() (*batch, error) {
	c, err := nftables.New()
	if err != nil {
		return nil, fmt.Errorf("nftables: %w", err)
	}
	return &batch{conn: c, table: n.cfg.guardTable()}, nil
}

func (b *batch) flush() error {
	if err := errors.Join(b.errs...); err != nil {
		return err
	}
	return b.conn.Flush()
}

func (b *batch) chain(name string) *nftables.Chain {
	return &nftables.Chain{Name: name, Table: b.table}
}

func (b *batch) addChain(name string, rules []filterRule) {
	b.conn.AddChain(b.chain(name))
	b.rules(name, rules)
}

func (b *batch) setChain(name string, rules []filterRule) {
	b.conn.FlushChain(b.chain(name))
	b.rules(name, rules)
}

func (b *batch) rules(name string, rules []filterRule) {
	for _, r := range rules {
		b.conn.AddRule(&nftables.Rule{Table: b.table, Chain: b.chain(name), Exprs: r.exprs()})
	}
}

func (b *batch) delChain(name string) { b.conn.DelChain(b.chain(name)) }

func (b *batch) set(name string) *nftables.Set {
	s := &nftables.Set{Table: b.table, Name: name, KeyType: nftables.TypeIPAddr}
	if name == ingressMap || name == egressMap {
		s.IsMap, s.DataType = true, nftables.TypeVerdict
	}
	return s
}

// chunk is how many elements one message holds without doubt.
const chunk = 500

func (b *batch) addSet(name string, elements []netip.Addr) {
	b.errs = append(b.errs, b.conn.AddSet(b.set(name), nil))
	for len(elements) > 0 {
		some := elements[:min(chunk, len(elements))]
		elements = elements[len(some):]
		var list []nftables.SetElement
		for _, a := range some {
			list = append(list, nftables.SetElement{Key: a.AsSlice()})
		}
		b.errs = append(b.errs, b.conn.SetAddElements(b.set(name), list))
	}
}

func (b *batch) delSet(name string) { b.conn.DelSet(b.set(name)) }

func (b *batch) addElement(set string, a netip.Addr) {
	b.errs = append(b.errs, b.conn.SetAddElements(b.set(set), []nftables.SetElement{{Key: a.AsSlice()}}))
}

func (b *batch) delElement(set string, a netip.Addr) {
	b.errs = append(b.errs, b.conn.SetDeleteElements(b.set(set), []nftables.SetElement{{Key: a.AsSlice()}}))
}

func (b *batch) addVerdict(table string, a netip.Addr, chain string) {
	b.errs = append(b.errs, b.conn.SetAddElements(b.set(table), []nftables.SetElement{
		{Key: a.AsSlice(), VerdictData: &expr.Verdict{Kind: expr.VerdictGoto, Chain: chain}},
	}))
}

func (b *batch) delVerdict(table string, a netip.Addr) { b.delElement(table, a) }

// drop takes the table away, whether it is there or not.
func (b *batch) drop() {
	b.conn.AddTable(b.table)
	b.conn.DelTable(b.table)
}

const guardHook = "forward" // a chain that is always there

// base makes the table with its hooks. Ranges are those of the VPCs.
func (b *batch) base(bridge []expr.Any, ranges []netip.Prefix) {
	b.conn.AddTable(b.table)
	for _, name := range []string{ingressMap, egressMap, balancersSet} {
		b.errs = append(b.errs, b.conn.AddSet(b.set(name), nil))
	}
	b.conn.AddChain(b.chain(betweenChain))
	b.between(ranges)
	hook := func(name string, hook *nftables.ChainHook, priority nftables.ChainPriority, rules ...[]expr.Any) {
		chain := b.conn.AddChain(&nftables.Chain{Name: name, Table: b.table, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: &priority})
		for _, exprs := range rules {
			b.conn.AddRule(&nftables.Rule{Table: b.table, Chain: chain, Exprs: exprs})
		}
	}
	first, second := *nftables.ChainPriorityFilter, *nftables.ChainPriorityFilter+1
	sender, receiver := judge(sourceOffset, egressMap), judge(destinationOffset, ingressMap)
	apart := append(append([]expr.Any{}, bridge...), &expr.Verdict{Kind: expr.VerdictJump, Chain: betweenChain})
	hook(guardHook, nftables.ChainHookForward, first, answers(), apart, sender)
	hook("forward-to", nftables.ChainHookForward, second, answers(), receiver)
	hook("input", nftables.ChainHookInput, first, loopback(expr.MetaKeyIIFNAME), answers(), apart, sender)
	hook("input-to", nftables.ChainHookInput, second, loopback(expr.MetaKeyIIFNAME), answers(), receiver)
	hook("output", nftables.ChainHookOutput, first, loopback(expr.MetaKeyOIFNAME), answers(), ofTheMachine(), sender)
	hook("output-to", nftables.ChainHookOutput, second, loopback(expr.MetaKeyOIFNAME), answers(), ofTheMachine(), receiver)
}

// betweenChain keeps VPCs apart: what one sends to another ends there.
const betweenChain = "between"

func (b *batch) between(ranges []netip.Prefix) {
	b.conn.FlushChain(b.chain(betweenChain))
	if len(ranges) < 2 {
		return
	}
	add := func(exprs ...expr.Any) {
		b.conn.AddRule(&nftables.Rule{Table: b.table, Chain: b.chain(betweenChain), Exprs: exprs})
	}
	for _, r := range ranges {
		add(append(append(within(sourceOffset, r), within(destinationOffset, r)...), &expr.Verdict{Kind: expr.VerdictReturn})...)
	}
	for _, r := range ranges {
		add(append(within(destinationOffset, r), &expr.Verdict{Kind: expr.VerdictDrop})...)
	}
}

func within(offset uint32, r netip.Prefix) []expr.Any {
	return inRange(offset, r.Masked().Addr().AsSlice(), prefixMask(r.Bits()), expr.CmpOpEq)
}

// answers are packets of connections that were let pass before.
func answers() []expr.Any {
	known := binaryutil.NativeEndian.PutUint32(expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED)
	zero := []byte{0, 0, 0, 0}
	return []expr.Any{
		&expr.Ct{Register: 1, Key: expr.CtKeySTATE},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: known, Xor: zero},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: zero},
		&expr.Verdict{Kind: expr.VerdictAccept},
	}
}

func loopback(key expr.MetaKey) []expr.Any {
	return []expr.Any{&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte("lo\x00")}, &expr.Verdict{Kind: expr.VerdictAccept}}
}

// ofTheMachine are packets that no balancer sends.
func ofTheMachine() []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: sourceOffset, Len: 4},
		&expr.Lookup{SourceRegister: 1, SetName: balancersSet, Invert: true},
		&expr.Verdict{Kind: expr.VerdictAccept},
	}
}

func judge(offset uint32, table string) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
		&expr.Lookup{SourceRegister: 1, SetName: table, DestRegister: 0, IsDestRegSet: true},
	}
}

// exprs is the rule as the kernel takes it.
func (r filterRule) exprs() []expr.Any {
	switch {
	case r.jump != "":
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictJump, Chain: r.jump}}
	case r.accept == nil:
		return []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}}
	}
	return append(append(peer(r.accept), traffic(r.accept)...), &expr.Verdict{Kind: expr.VerdictAccept})
}

// peer matches the other end: where it comes from, or goes to.
func peer(r *state.SecurityGroupRule) []expr.Any {
	offset := uint32(sourceOffset)
	if r.Egress {
		offset = destinationOffset
	}
	switch {
	case r.Group != "":
		return []expr.Any{
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
			&expr.Lookup{SourceRegister: 1, SetName: groupSet(r.Group)},
		}
	case r.CIDR.Bits() == 0:
		return nil
	}
	return within(offset, r.CIDR)
}

// traffic matches protocol and ports, or ICMP's type and code.
func traffic(r *state.SecurityGroupRule) []expr.Any {
	numbers := map[string]int{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP, "icmp": unix.IPPROTO_ICMP, "icmpv6": unix.IPPROTO_ICMPV6}
	number, ok := numbers[r.Protocol]
	if !ok {
		var err error
		if number, err = strconv.Atoi(r.Protocol); err != nil || number < 0 {
			return nil // all protocols
		}
	}
	out := []expr.Any{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{byte(number)}}}
	switch number {
	case unix.IPPROTO_TCP, unix.IPPROTO_UDP:
		if r.From > 0 || r.To < 65535 && r.To >= 0 {
			out = append(out, &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
				&expr.Range{Op: expr.CmpOpEq, Register: 1, FromData: binaryutil.BigEndian.PutUint16(uint16(max(r.From, 0))), ToData: binaryutil.BigEndian.PutUint16(uint16(r.To))})
		}
	case unix.IPPROTO_ICMP:
		for offset, value := range []int32{r.From, r.To} { // type, code
			if value >= 0 {
				out = append(out, &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: uint32(offset), Len: 1},
					&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{byte(value)}})
			}
		}
	}
	return out
}
