package lb

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"
)

func (w *world) next() bound {
	w.t.Helper()
	select {
	case b := <-w.bound:
		return b
	case <-time.After(10 * time.Second):
		w.t.Fatal("nothing was told")
		panic("unreachable")
	}
}

// freePort is one that nobody listens on.
func freePort(t *testing.T) (net.Listener, uint16) {
	t.Helper()
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	return l, netip.MustParseAddrPort(l.Addr().String()).Port()
}

// One balancer may have all addresses of a port and others their own; two may
// not have the same; what somebody else has is named, and taken when it is free.
func TestIngressAndConflicts(t *testing.T) {
	w := newWorld(t, Options{})
	other, port := freePort(t)
	all := netip.MustParseAddr("0.0.0.0")
	fixed := func(s string) Action { return Action{Fixed: &Fixed{Status: 200, Body: s}} }
	a, b := address(t), address(t)
	w.Apply(Change{
		Balancers: []Balancer{{ID: "a", Address: a, Ingress: []netip.Addr{all}}},
		Listeners: []Listener{{ID: "la", Balancer: "a", Port: port, Default: fixed("a")}},
	})
	for range 2 {
		if got := w.next(); got.listener != "la" || !errors.Is(got.err, syscall.EADDRINUSE) {
			t.Errorf("told %+v", got)
		}
	}
	_ = other.Close()
	for range 2 {
		if got := w.next(); got.err != nil {
			t.Errorf("told %+v", got)
		}
	}
	w.Apply(Change{
		Balancers: []Balancer{{ID: "b", Address: b, Ingress: []netip.Addr{all}}},
		Listeners: []Listener{{ID: "lb", Balancer: "b", Port: port, Default: fixed("b")}},
	})
	for range 2 {
		got := w.next()
		if wild := got.at.Addr() == all; wild != (got.err != nil) || wild && !strings.Contains(got.err.Error(), "listener la") {
			t.Errorf("told %+v", got)
		}
	}
	for at, want := range map[string]string{a.String(): "a", b.String(): "b", "127.0.0.1": "a"} {
		if _, body, _ := get(t, fmt.Sprintf("http://%s:%d/", at, port)); body != want {
			t.Errorf("%s is answered by %q", at, body)
		}
	}
	w.Apply(Change{GoneListeners: []string{"la"}})
	if got := w.next(); got.err != nil || got.at.Addr() != all || got.listener != "lb" {
		t.Errorf("told %+v", got)
	}
	if _, body, _ := get(t, fmt.Sprintf("http://127.0.0.1:%d/", port)); body != "b" {
		t.Errorf("answered by %q", body)
	}
}

// Connections that wait end with their listener, and with Run.
func TestIdleConnectionsEnd(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(func(c *Change) { c.Listeners[0].Default = Action{Fixed: &Fixed{Status: 200}} })
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, err := c.Read(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	w.Apply(Change{GoneListeners: []string{"l"}})
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("it did not end: %v", err)
	}
}

// A port that one listener leaves is free for the others of the same change.
func TestAPortChangesHands(t *testing.T) {
	w := newWorld(t, Options{})
	w.http(nil)
	for i := range 10 {
		id := func(i int) string { return []string{"l", "other"}[i%2] }
		w.Apply(Change{
			GoneListeners: []string{id(i)},
			Listeners:     []Listener{{ID: id(i + 1), Balancer: "b", Port: 8080, Default: Action{Fixed: &Fixed{Status: 200}}}},
		})
		if got := w.next(); got.listener != id(i+1) || got.err != nil {
			t.Fatalf("told %+v", got)
		}
	}
}
