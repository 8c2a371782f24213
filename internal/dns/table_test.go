package dns

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

func TestTableAnswersItsNames(t *testing.T) {
	table := &Table{}
	r := New("us-east-1", netip.MustParseAddr("172.31.0.1"), nil, table)
	ask := func(name string, kind uint16) *dns.Msg {
		return table.answer(t.Context(), new(dns.Msg).SetQuestion(name, kind))
	}
	if ask("web.elb.localhost.", dns.TypeA) != nil {
		t.Error("an empty table answers")
	}
	table.Set(map[string][]netip.Addr{"Web.elb.localhost": {netip.MustParseAddr("172.31.15.0"), netip.MustParseAddr("172.31.31.0")}})
	a := r.Answer(t.Context(), new(dns.Msg).SetQuestion("WEB.elb.localhost.", dns.TypeA))
	if len(a.Answer) != 2 || a.Rcode != dns.RcodeSuccess || !a.Authoritative {
		t.Error(a)
	}
	if a := ask("web.elb.localhost.", dns.TypeAAAA); a == nil || len(a.Answer) != 0 || a.Rcode != dns.RcodeSuccess {
		t.Error("a name without IPv6 addresses has none, and exists:", a)
	}
	if ask("other.elb.localhost.", dns.TypeA) != nil {
		t.Error("a name of somebody else is answered")
	}
	table.Set(nil)
	if ask("web.elb.localhost.", dns.TypeA) != nil {
		t.Error("a name that is gone is answered")
	}
}
