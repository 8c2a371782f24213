package network

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// What is dialled from inside a namespace comes from the task's address, each
// time; what nobody answers fails, at once or when the context ends.
func TestDialFromInside(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	a, b := attach(t, n, "a", "172.31.0.10"), attach(t, n, "b", "172.31.16.20")
	serve(t, a.NetNS, "172.31.0.10:80")
	d := NewDialer(b.NetNS)
	for range 200 {
		c, err := d.Dial(t.Context(), netip.MustParseAddrPort("172.31.0.10:80"))
		if err != nil {
			t.Fatal(err)
		}
		if from := c.LocalAddr().(*net.TCPAddr).IP.String(); from != "172.31.16.20" {
			t.Fatalf("it came from %s", from)
		}
		c.Close()
	}
	if _, err := d.Dial(t.Context(), netip.MustParseAddrPort("172.31.0.10:81")); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("where nobody listens: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Dial(short, netip.MustParseAddrPort("172.31.0.99:80")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("where nobody is: %v", err)
	}
	removed(t, n)
}

// Whatever port of an alias is asked, it comes to the listener, which is told
// what was meant; a server on all addresses keeps the port.
func TestAliases(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	a := attach(t, n, "a", "172.31.0.10")
	to := netip.MustParseAddrPort("127.255.255.254:61900")
	ln, err := Listen(a.NetNS, to)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for range 2 { // again, as after a restart
		if err := LeadAliases(a.NetNS, to); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, a.NetNS, "0.0.0.0:8080")
	d := NewDialer(a.NetNS)
	for _, alias := range []string{"127.255.0.1:8080", "127.255.0.2:80"} {
		c, err := d.Dial(t.Context(), netip.MustParseAddrPort(alias))
		if err != nil {
			t.Fatal(err)
		}
		taken, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if meant, err := Meant(taken); err != nil || meant.String() != alias {
			t.Errorf("%s was meant for %s, %v", alias, meant, err)
		}
		_ = taken.Close()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
		c.Close()
	}
	mustAsk(t, a.NetNS, "127.0.0.1:8080", "127.0.0.1")
	removed(t, n)
}
