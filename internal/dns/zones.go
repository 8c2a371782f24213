package dns

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/miekg/dns"

	"github.com/hatoba/hatoba/internal/dns/zone"
)

// Zones are the hosted zones that resolvers share. Questions wait until they
// are known for the first time. Make it with NewZones.
type Zones struct {
	table atomic.Pointer[zone.Table]
	known chan struct{}
	once  sync.Once
}

// NewZones returns Zones that are not known yet.
func NewZones() *Zones { return &Zones{known: make(chan struct{})} }

// Set replaces all zones at once.
func (z *Zones) Set(t *zone.Table) {
	z.table.Store(t)
	z.once.Do(func() { close(z.known) })
}

// seen is the link that answers for what v sees of the zones. Where a CNAME
// leads elsewhere, the whole of r is asked on.
func (z *Zones) seen(v zone.Viewer, r *Resolver) link {
	return func(ctx context.Context, q *dns.Msg) *dns.Msg {
		select {
		case <-z.known:
		case <-ctx.Done():
			return failure(q, dns.RcodeServerFailure)
		}
		found, ok := z.table.Load().Answer(v, q.Question[0], rand.Uint64())
		if !ok {
			return nil
		}
		a := new(dns.Msg).SetRcode(q, found.Code)
		a.Authoritative, a.RecursionAvailable = true, true
		a.Answer, a.Ns = found.Records, found.Authority
		if found.Next != "" {
			rest := r.Answer(ctx, new(dns.Msg).SetQuestion(found.Next, q.Question[0].Qtype))
			a.Rcode, a.Answer, a.Ns, a.Authoritative = rest.Rcode, append(a.Answer, rest.Answer...), rest.Ns, false
		}
		return a
	}
}

// With is a resolver that answers for what v sees of zones besides.
func (r *Resolver) With(zones *Zones, v zone.Viewer) *Resolver {
	out := &Resolver{region: r.region, host: r.host, up: r.up, tables: r.tables}
	out.chain = chain(r.region, r.host, r.tables, zones.seen(v, out), r.up)
	return out
}

// prefixed answers data-127.0.0.1 and the like with the address in it: the SDKs
// put that before the host that they ask Cloud Map's DiscoverInstances at.
func prefixed(_ context.Context, q *dns.Msg) *dns.Msg {
	text, ok := strings.CutPrefix(strings.ToLower(strings.TrimSuffix(q.Question[0].Name, ".")), "data-")
	if !ok {
		return nil
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		return nil
	}
	return address(q, addr)
}

// Nobody is an upstream that refuses: for a resolver that answers only what it
// knows itself.
type Nobody struct{}

// Exchange refuses.
func (Nobody) Exchange(_ context.Context, q *dns.Msg) (*dns.Msg, error) {
	return failure(q, dns.RcodeRefused), nil
}
