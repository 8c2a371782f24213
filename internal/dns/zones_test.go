package dns

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/miekg/dns"

	"github.com/hatoba/hatoba/internal/dns/zone"
)

func zonesOf(t *testing.T, sets ...zone.Set) *Zones {
	t.Helper()
	e := (&zone.Table{}).Edit()
	e.PutZone(zone.Zone{ID: "z", Name: "corp.local.", Private: true, VPCs: []string{"v"}})
	for _, s := range sets {
		e.Put("z", s)
	}
	z := NewZones()
	z.Set(e.Done())
	return z
}

func record(t *testing.T, name string, kind uint16, value string) dns.RR {
	t.Helper()
	rr, err := zone.Value(name, kind, 10, value)
	if err != nil {
		t.Fatal(err)
	}
	return rr
}

func TestZonesAnswerThoseWhoSeeThem(t *testing.T) {
	base := New("us-east-1", netip.MustParseAddr("172.31.0.1"), script{"example.com.": "192.0.2.7", "web.corp.local.": "192.0.2.8"})
	z := zonesOf(t, zone.Set{Name: "web.corp.local.", Type: dns.TypeA, Records: []dns.RR{record(t, "web.corp.local.", dns.TypeA, "10.0.0.1")}},
		zone.Set{Name: "out.corp.local.", Type: dns.TypeCNAME, Records: []dns.RR{record(t, "out.corp.local.", dns.TypeCNAME, "example.com.")}})
	inside, outside := base.With(z, zone.Viewer{VPC: "v"}), base.With(z, zone.Viewer{VPC: "w"})
	for _, tc := range []struct {
		r    *Resolver
		name string
		want string
	}{{inside, "web.corp.local.", "10.0.0.1"}, {outside, "web.corp.local.", "192.0.2.8"}, {inside, "out.corp.local.", "192.0.2.7"}, {inside, "data-169.254.170.2.", "169.254.170.2"}} {
		a := tc.r.Answer(t.Context(), question(tc.name, dns.TypeA))
		if n := len(a.Answer); n == 0 || a.Answer[n-1].(*dns.A).A.String() != tc.want {
			t.Errorf("%s: %v", tc.name, a)
		}
	}
	if a := inside.Answer(t.Context(), question("none.corp.local.", dns.TypeA)); a.Rcode != dns.RcodeNameError || !a.Authoritative {
		t.Error(a)
	}
}

func TestQuestionsWaitForTheFirstZones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := NewZones()
		r := New("us-east-1", netip.MustParseAddr("172.31.0.1"), Nobody{}).With(z, zone.Viewer{})
		answered := make(chan int)
		go func() { answered <- r.Answer(t.Context(), question("x.example.", dns.TypeA)).Rcode }()
		synctest.Wait()
		select {
		case <-answered:
			t.Fatal("answered before anything is known")
		default:
		}
		z.Set(&zone.Table{})
		if code := <-answered; code != dns.RcodeRefused {
			t.Error(code)
		}
	})
}

// What does not fit into a UDP answer is asked for again by TCP.
func TestLargeAnswersComeByTCP(t *testing.T) {
	var sets []zone.Set
	for i := range 60 {
		value := fmt.Sprintf("1 1 80 %030d.web.corp.local.", i)
		sets = append(sets, zone.Set{Name: "web.corp.local.", Type: dns.TypeSRV, ID: fmt.Sprint(i), Records: []dns.RR{record(t, "web.corp.local.", dns.TypeSRV, value)}})
	}
	r := New("us-east-1", netip.MustParseAddr("172.31.0.1"), Nobody{}).With(zonesOf(t, sets...), zone.Viewer{VPC: "v"})
	pc, ln := sockets(t, "127.0.0.1:0")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx, pc, ln) }()
	q := question("web.corp.local.", dns.TypeSRV)
	if a, _, err := (&dns.Client{Net: "udp"}).Exchange(q, pc.LocalAddr().String()); err != nil || !a.Truncated {
		t.Errorf("%v %v", a, err)
	}
	if a, _, err := (&dns.Client{Net: "tcp"}).Exchange(q, pc.LocalAddr().String()); err != nil || a.Truncated || len(a.Answer) != 60 {
		t.Errorf("%v %v", a, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
