package zone

import (
	"math/rand/v2"
	"strings"

	"github.com/miekg/dns"
)

const (
	// most is how many values a multivalue answer has.
	most = 8
	// steps is how far CNAMEs and aliases are followed.
	steps = 8
	// hostTTL is that of Route 53's answers for load balancers, in seconds.
	hostTTL = 60
)

// Answer is what a table says to a question.
type Answer struct {
	Code      int // dns.RcodeSuccess or dns.RcodeNameError
	Records   []dns.RR
	Authority []dns.RR // the zone's SOA, where there is nothing to answer
	// Next is a name outside the table that the last record, a CNAME, leads to:
	// who asks on adds what is found there. "" when nothing is missing.
	Next string
}

// Answer answers a question; ok is false for a name in no zone that who asks
// sees. The same seed gives the same answer.
func (t *Table) Answer(v Viewer, q dns.Question, seed uint64) (a Answer, ok bool) {
	if t == nil || q.Qclass != dns.ClassINET {
		return a, false
	}
	r := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // a choice, no secret
	name := strings.ToLower(dns.Fqdn(q.Name))
	for step := range steps {
		z := t.zone(v, name)
		if z == nil {
			if step > 0 {
				a.Next = name
			}
			return a, step > 0
		}
		sets, exists := z.at(name)
		a.Code = dns.RcodeSuccess
		cname := t.records(z, sets[dns.TypeCNAME], name, dns.TypeCNAME, r, 0)
		if len(cname) == 0 || q.Qtype == dns.TypeCNAME || q.Qtype == dns.TypeANY {
			found := t.all(z, sets, name, q.Qtype, r)
			if a.Records = append(a.Records, found...); len(found) == 0 {
				a.Authority = z.soa()
			}
			if !exists {
				a.Code = dns.RcodeNameError
			}
			return a, true
		}
		a.Records = append(a.Records, cname[0])
		name = strings.ToLower(cname[0].(*dns.CNAME).Target)
	}
	return a, true
}

// all are the records of a type that sets give for a name, or of all types.
func (t *Table) all(z *zoned, sets map[uint16][]*Set, name string, kind uint16, r *rand.Rand) (out []dns.RR) {
	if kind != dns.TypeANY {
		return t.records(z, sets[kind], name, kind, r, 0)
	}
	for _, each := range []uint16{dns.TypeSOA, dns.TypeNS, dns.TypeA, dns.TypeAAAA, dns.TypeCNAME, dns.TypeMX, dns.TypeTXT, dns.TypeSRV, dns.TypePTR, dns.TypeCAA} {
		out = append(out, t.records(z, sets[each], name, each, r, 0)...)
	}
	return out
}

// soa is the record of a negative answer: its TTL is how long the answer is
// good.
//
// Source: https://datatracker.ietf.org/doc/html/rfc2308#section-3
func (z *zoned) soa() []dns.RR {
	for _, s := range z.own(z.Name)[dns.TypeSOA] {
		for _, rr := range s.Records {
			if soa, ok := dns.Copy(rr).(*dns.SOA); ok {
				soa.Hdr.Ttl = min(soa.Hdr.Ttl, soa.Minttl)
				return []dns.RR{soa}
			}
		}
	}
	return nil
}

// records are those of one type that a name's sets give, named as it was asked.
func (t *Table) records(z *zoned, sets []*Set, name string, kind uint16, r *rand.Rand, step int) (out []dns.RR) {
	if step > steps {
		return nil
	}
	for _, s := range t.choose(z, sets, r, step) {
		if s.Alias != "" {
			out = append(out, t.aliased(z, s, kind, r, step)...)
			continue
		}
		out = append(out, s.Records...)
	}
	for i := range out {
		if out[i].Header().Name != name {
			out[i] = dns.Copy(out[i])
			out[i].Header().Name = name
		}
	}
	if kind == dns.TypeA || kind == dns.TypeAAAA {
		r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

// choose applies the policy of sets, which they share.
func (t *Table) choose(z *zoned, sets []*Set, r *rand.Rand, step int) []*Set {
	if len(sets) == 0 || sets[0].Policy == Simple {
		return sets
	}
	var good []*Set
	for _, s := range sets {
		if t.healthy(z, s, step) && (s.Policy != Weighted || s.Weight > 0) {
			good = append(good, s)
		}
	}
	if len(good) == 0 { // all are taken for healthy
		good = append(good, sets...)
	}
	switch sets[0].Policy {
	case MultiValue:
		r.Shuffle(len(good), func(i, j int) { good[i], good[j] = good[j], good[i] })
		return good[:min(most, len(good))]
	case Failover:
		for _, s := range good {
			if s.Primary {
				return []*Set{s}
			}
		}
		return good[:1]
	}
	return []*Set{weighed(good, r)}
}

// weighed draws one by weight; where all weights are zero each has the same.
func weighed(sets []*Set, r *rand.Rand) *Set {
	total := int64(0)
	for _, s := range sets {
		total += s.Weight
	}
	if total == 0 {
		return sets[r.IntN(len(sets))]
	}
	at := r.Int64N(total)
	for _, s := range sets {
		if at -= s.Weight; at < 0 {
			return s
		}
	}
	return sets[0]
}

// aliased are the records of what an alias names.
func (t *Table) aliased(z *zoned, s *Set, kind uint16, r *rand.Rand, step int) (out []dns.RR) {
	if host, ok := t.hosts[s.Alias]; ok {
		for _, a := range host.Addresses {
			header := dns.RR_Header{Name: s.Name, Rrtype: kind, Class: dns.ClassINET, Ttl: hostTTL}
			switch {
			case kind == dns.TypeA && a.Is4():
				out = append(out, &dns.A{Hdr: header, A: a.AsSlice()})
			case kind == dns.TypeAAAA && a.Is6():
				out = append(out, &dns.AAAA{Hdr: header, AAAA: a.AsSlice()})
			}
		}
		return out
	}
	sets, _ := z.at(s.Alias)
	return append(out, t.records(z, sets[kind], s.Name, kind, r, step+1)...)
}

// healthy tells whether a set is to be answered with.
func (t *Table) healthy(z *zoned, s *Set, step int) bool {
	switch {
	case s.Unhealthy:
		return false
	case s.Alias == "" || !s.Evaluate || step > steps:
		return true
	}
	if host, ok := t.hosts[s.Alias]; ok {
		return !host.Unhealthy
	}
	sets, _ := z.at(s.Alias)
	for _, other := range sets[s.Type] {
		if t.healthy(z, other, step+1) {
			return true
		}
	}
	return false
}
