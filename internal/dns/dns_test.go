package dns

import (
	"context"
	"errors"
	"fmt"
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
		{"IP-172-31-4-9.EU-west-1.compute.internal.", dns.TypeA, "172.31.4.9"},
		{"ip-172-31-4-9.eu-west-1.compute.internal.", dns.TypeAAAA, "NOERROR"},
		{"ip-172.31-4-9.eu-west-1.compute.internal.", dns.TypeA, "NXDOMAIN"},
		{"ip-172-31-4.eu-west-1.compute.internal.", dns.TypeA, "NXDOMAIN"},
		{"a.ip-172-31-4-9.eu-west-1.compute.internal.", dns.TypeA, "NXDOMAIN"},
		{"redis.eu-west-1.compute.internal.", dns.TypeA, "NXDOMAIN"},
		{"ip-172-31-4-9.us-west-2.compute.internal.", dns.TypeA, "SERVFAIL"},
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
	pc, ln := sockets(t, "127.0.0.1:0")
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

func TestSpeaksEDNSIfAskedSo(t *testing.T) {
	r := New("eu-west-1", netip.MustParseAddr("172.31.0.1"), script{})
	for _, name := range []string{"host.hatoba.internal.", "redis.eu-west-1.compute.internal.", "nowhere.example."} {
		if a := r.Answer(t.Context(), question(name, dns.TypeA)); a.IsEdns0() != nil {
			t.Errorf("%s: unasked", name)
		}
		q := question(name, dns.TypeA)
		q.SetEdns0(1232, true)
		if opt := r.Answer(t.Context(), q).IsEdns0(); opt == nil || !opt.Do() {
			t.Errorf("%s: %v", name, opt)
		}
	}
}

func TestRefusesWhatIsNoQuestion(t *testing.T) {
	r := New("eu-west-1", netip.MustParseAddr("172.31.0.1"), script{})
	if a := r.Answer(t.Context(), new(dns.Msg).SetNotify("example.com.")); a.Rcode != dns.RcodeNotImplemented {
		t.Error(a)
	}
	if a := r.Answer(t.Context(), new(dns.Msg)); a.Rcode != dns.RcodeFormatError {
		t.Error(a)
	}
}

// stuck answers nothing until its context ends, and tells of each question.
type stuck chan struct{}

func (s stuck) Exchange(ctx context.Context, _ *dns.Msg) (*dns.Msg, error) {
	s <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestRefusesQuestionsBeyondTheBoundAndEndsWithOthersUnderWay(t *testing.T) {
	pc, ln := sockets(t, "127.0.0.1:0")
	ctx, cancel := context.WithCancel(context.Background())
	asked := make(stuck)
	ended := make(chan error, 1)
	go func() { ended <- New("us-east-1", netip.MustParseAddr("172.31.0.1"), asked).Serve(ctx, pc, ln) }()
	conn, err := dns.Dial("udp", pc.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range maxQuestions {
		if err := conn.WriteMsg(question("slow.example.", dns.TypeA)); err != nil {
			t.Fatal(err)
		}
		<-asked
	}
	if err := conn.WriteMsg(question("one.more.example.", dns.TypeA)); err != nil {
		t.Fatal(err)
	}
	a, err := conn.ReadMsg()
	if err != nil || a.Rcode != dns.RcodeRefused || a.Question[0].Name != "one.more.example." {
		t.Errorf("%v %v", a, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
