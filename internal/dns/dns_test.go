package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

// script is an upstream that answers A questions from a table.
type script map[string]string

func (s script) Exchange(_ context.Context, q *dns.Msg) (*dns.Msg, error) {
	addr, ok := s[q.Question[0].Name]
	if !ok {
		return nil, errors.New("no such line in the script")
	}
	return address(q, netip.MustParseAddr(addr)), nil
}

func question(name string, kind uint16) *dns.Msg { return new(dns.Msg).SetQuestion(name, kind) }

func TestChain(t *testing.T) {
	r := New("eu-west-1", netip.MustParseAddr("172.31.0.1"), script{"example.com.": "192.0.2.7"})
	for _, tc := range []struct {
		name string
		kind uint16
		want string
	}{
		{"host.hatoba.internal.", dns.TypeA, "172.31.0.1"},
		{"HOST.hatoba.internal.", dns.TypeA, "172.31.0.1"},
		{"host.hatoba.internal.", dns.TypeAAAA, "NOERROR"},
		{"ip-172-31-4-9.eu-west-1.compute.internal.", dns.TypeA, "172.31.4.9"},
		{"ip-999-1-1-1.eu-west-1.compute.internal.", dns.TypeA, "NXDOMAIN"},
		{"example.com.", dns.TypeA, "192.0.2.7"},
		{"nowhere.example.", dns.TypeA, "SERVFAIL"},
	} {
		a := r.Answer(t.Context(), question(tc.name, tc.kind))
		got := dns.RcodeToString[a.Rcode]
		if len(a.Answer) > 0 {
			got = a.Answer[0].(*dns.A).A.String()
		}
		if got != tc.want {
			t.Errorf("%s %s: got %s, want %s", tc.name, dns.TypeToString[tc.kind], got, tc.want)
		}
	}
}

func TestServesUDPAndTCPAndEndsWithItsContext(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	r := New("us-east-1", netip.MustParseAddr("172.31.0.1"), script{})
	go func() { ended <- r.Serve(ctx, pc, ln) }()
	for network, at := range map[string]string{"udp": pc.LocalAddr().String(), "tcp": ln.Addr().String()} {
		a, _, err := (&dns.Client{Net: network}).Exchange(question("host.hatoba.internal.", dns.TypeA), at)
		if err != nil || fmt.Sprint(a.Answer[0].(*dns.A).A) != "172.31.0.1" {
			t.Errorf("%s: %v %v", network, a, err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
