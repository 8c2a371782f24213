package dns

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// sockets are of one port, that TCP has free: most of its ports are used by
// connections, and few of UDP's.
func sockets(t *testing.T, at string) (net.PacketConn, net.Listener) {
	t.Helper()
	ln, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	pc, err := net.ListenPacket("udp", ln.Addr().String())
	if err != nil {
		_ = ln.Close()
		t.Fatal(err)
	}
	return pc, ln
}

// resolver serves a handler on UDP and TCP of one loopback address.
func resolver(t *testing.T, at string, answer dns.HandlerFunc) (port string) {
	t.Helper()
	pc, ln := sockets(t, at)
	for _, s := range []*dns.Server{{Listener: ln, Handler: answer}, {PacketConn: pc, Handler: answer}} {
		done := make(chan struct{})
		go func() { defer close(done); _ = s.ActivateAndServe() }()
		t.Cleanup(func() { _ = s.Shutdown(); ln.Close(); pc.Close(); <-done })
	}
	_, port, _ = net.SplitHostPort(ln.Addr().String())
	return port
}

func resolvConf(t *testing.T, servers ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "resolv.conf")
	text := ""
	for _, s := range servers {
		text += "nameserver " + s + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestGoesOnFromAResolverThatFails(t *testing.T) {
	port := resolver(t, "127.0.0.1:0", func(w dns.ResponseWriter, q *dns.Msg) {
		_ = w.WriteMsg(failure(q, dns.RcodeServerFailure))
	})
	resolver(t, "127.0.0.3:"+port, func(w dns.ResponseWriter, q *dns.Msg) {
		_ = w.WriteMsg(address(q, netip.MustParseAddr("192.0.2.7")))
	})
	// Nobody listens on 127.0.0.2.
	h := Host{File: resolvConf(t, "127.0.0.1", "127.0.0.2", "127.0.0.3"), port: port}
	a, err := h.Exchange(t.Context(), question("example.com.", dns.TypeA))
	if err != nil || len(a.Answer) != 1 {
		t.Fatalf("%v %v", a, err)
	}
	h.File = resolvConf(t, "127.0.0.1", "127.0.0.2")
	if a, err := h.Exchange(t.Context(), question("example.com.", dns.TypeA)); err != nil || a.Rcode != dns.RcodeServerFailure {
		t.Errorf("the failure is not handed on: %v %v", a, err)
	}
}

func TestAsksAgainByTCPWhenTheAnswerDidNotFit(t *testing.T) {
	port := resolver(t, "127.0.0.1:0", func(w dns.ResponseWriter, q *dns.Msg) {
		a := new(dns.Msg).SetReply(q)
		for range 40 {
			a.Answer = append(a.Answer, &dns.TXT{
				Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET},
				Txt: []string{strings.Repeat("x", 200)},
			})
		}
		if _, udp := w.LocalAddr().(*net.UDPAddr); udp {
			a.Truncate(udpSize(q))
		}
		_ = w.WriteMsg(a)
	})
	h := Host{File: resolvConf(t, "127.0.0.1"), port: port}
	a, err := h.Exchange(t.Context(), question("example.com.", dns.TypeTXT))
	if err != nil || a.Truncated || len(a.Answer) != 40 {
		t.Fatalf("%v %v", a, err)
	}
}

func TestNoResolverIsAnErrorByName(t *testing.T) {
	if _, err := (Host{File: resolvConf(t)}).Exchange(t.Context(), question("example.com.", dns.TypeA)); err == nil {
		t.Error("no error")
	}
}
