package dns

import (
	"context"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// link answers a question, or nil to hand it on.
type link func(ctx context.Context, q *dns.Msg) *dns.Msg

// chain is the order in which questions are looked at.
// zones is nil where there are none.
func chain(region string, host netip.Addr, tables []*Table, zones link, up Upstream) []link {
	out := []link{hostName(host), prefixed}
	for _, t := range tables {
		out = append(out, t.answer)
	}
	if zones != nil {
		out = append(out, zones)
	}
	return append(out, interfaceName(region), forward(up))
}

const ttl = 60

// hostName answers host.hatoba.internal with the address the host has on the
// tasks' bridge.
func hostName(host netip.Addr) link {
	return func(_ context.Context, q *dns.Msg) *dns.Msg {
		if !strings.EqualFold(q.Question[0].Name, "host.hatoba.internal.") {
			return nil
		}
		return address(q, host)
	}
}

// interfaceName answers ip-172-31-0-9.<domain>, the private DNS name of a
// network interface, with the address it spells. The region's domain has no
// other names, and it is the search domain of every task: answering at once
// spares each short name a way to the outside and back.
func interfaceName(region string) link {
	domain := "ec2.internal."
	if region != "us-east-1" {
		domain = region + ".compute.internal."
	}
	return func(_ context.Context, q *dns.Msg) *dns.Msg {
		name := strings.ToLower(q.Question[0].Name)
		if name != domain && !strings.HasSuffix(name, "."+domain) {
			return nil
		}
		label := strings.TrimSuffix(strings.TrimSuffix(name, domain), ".")
		digits, ok := strings.CutPrefix(label, "ip-")
		addr, err := netip.ParseAddr(strings.ReplaceAll(digits, "-", "."))
		if !ok || err != nil || !addr.Is4() || strings.Contains(label, ".") {
			a := failure(q, dns.RcodeNameError)
			a.Authoritative = true
			return a
		}
		return address(q, addr)
	}
}

// address answers an A question; other types of the name have no records.
func address(q *dns.Msg, addrs ...netip.Addr) *dns.Msg {
	a := new(dns.Msg)
	a.SetReply(q)
	a.Authoritative = true
	if q.Question[0].Qtype == dns.TypeA || q.Question[0].Qtype == dns.TypeANY {
		for _, addr := range addrs {
			a.Answer = append(a.Answer, &dns.A{
				Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: ttl},
				A:   addr.AsSlice(),
			})
		}
	}
	return a
}

func forward(up Upstream) link {
	return func(ctx context.Context, q *dns.Msg) *dns.Msg {
		a, err := up.Exchange(ctx, q)
		if err != nil {
			return failure(q, dns.RcodeServerFailure)
		}
		return a
	}
}
