package lb

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// network makes the table one of a network load balancer.
func network(c *Change) {
	c.Balancers[0].Kind = Network
	c.Listeners[0].Protocol = TCP
	c.Groups[0].Protocol = TCP
}

// echo sends its name, and then back what comes.
func echo(t testing.TB, name string) netip.AddrPort {
	return script(t, func(_ int, c net.Conn) {
		_, _ = io.WriteString(c, name)
		_, _ = io.Copy(c, c)
	})
}

func TestFlows(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(network, echo(t, "a"), echo(t, "b"))
	seen := map[byte]int{}
	big := bytes.Repeat([]byte("0123456789"), 500_000)
	for i := range 20 {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		body := []byte("hello")
		if i == 0 {
			body = big
		}
		go func() { _, _ = c.Write(body); _ = c.(*net.TCPConn).CloseWrite() }()
		b, err := io.ReadAll(c)
		if err != nil || len(b) == 0 || !bytes.Equal(b[1:], body) {
			t.Fatalf("%v, %d bytes", err, len(b))
		}
		seen[b[0]]++
		_ = c.Close()
	}
	if len(seen) != 2 {
		t.Errorf("flows went to %v", seen)
	}
	w.counted(func(r Reading) bool {
		return r.BytesIn == uint64(len(big)+19*len("hello")) && r.BytesOut == r.BytesIn+20 && r.NewConnections == 20
	})
}

func TestFlowsAreCountedWhileTheyGoOn(t *testing.T) {
	w := newWorld(t, Options{})
	c, err := net.Dial("tcp", w.http(network, echo(t, "a")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := []byte("hello") // what comes fast is moved by the kernel, and counted within a second
	go func() { _, _ = c.Write(body) }()
	if _, err := io.ReadFull(c, make([]byte, 1+len(body))); err != nil {
		t.Fatal(err)
	}
	w.counted(func(r Reading) bool {
		return r.BytesIn == uint64(len(body)) && r.BytesOut == uint64(1+len(body)) && r.ActiveConnections == 1
	})
}

func TestFlowsOfOneSourceStick(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(func(c *Change) { network(c); c.Groups[0].Sticky = SourceAddress }, echo(t, "a"), echo(t, "b"), echo(t, "c"))
	seen := map[string]bool{}
	for range 10 {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 1)
		_, _ = io.ReadFull(c, b)
		seen[string(b)] = true
		_ = c.Close()
	}
	if len(seen) != 1 {
		t.Errorf("one source went to %v", seen)
	}
}

func TestProxyProtocol(t *testing.T) {
	w := newWorld(t, Options{})
	got := make(chan []byte, 1)
	at := w.http(func(c *Change) { network(c); c.Groups[0].ProxyProtocol = true }, script(t, func(_ int, c net.Conn) {
		b, _ := io.ReadAll(c)
		got <- b
	}))
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, "hello")
	local := netip.MustParseAddrPort(c.LocalAddr().String())
	_ = c.Close()
	b := <-got
	if len(b) != 16+12+5 || string(b[:12]) != "\r\n\r\n\x00\r\nQUIT\n" || b[12] != 0x21 || b[13] != 0x11 || binary.BigEndian.Uint16(b[14:]) != 12 ||
		!bytes.Equal(b[16:20], local.Addr().AsSlice()) || !bytes.Equal(b[20:24], w.addr.AsSlice()) ||
		binary.BigEndian.Uint16(b[24:]) != local.Port() || binary.BigEndian.Uint16(b[26:]) != 8080 || string(b[28:]) != "hello" {
		t.Errorf("got %q", b)
	}
}

func TestTLSFlows(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(func(c *Change) {
		network(c)
		https(t)(c)
		c.Listeners[0].Protocol = TLS
		c.Listeners[0].TLS.ALPN = []string{"h2", "mine"}
	}, echo(t, ""))
	c, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true, ServerName: "y.b.test", NextProtos: []string{"mine"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if s := c.ConnectionState(); s.NegotiatedProtocol != "mine" || s.PeerCertificates[0].DNSNames[0] != "*.b.test" {
		t.Errorf("%q %v", s.NegotiatedProtocol, s.PeerCertificates[0].DNSNames)
	}
	go func() { _, _ = io.WriteString(c, "hello"); _ = c.CloseWrite() }()
	if b, err := io.ReadAll(c); err != nil || string(b) != "hello" {
		t.Errorf("%v %q", err, b)
	}
}

// A draining target's flows go on; those of one that is gone end where the
// group says so.
func TestFlowsAndDraining(t *testing.T) {
	for _, cut := range []bool{false, true} {
		t.Run(fmt.Sprint("cut ", cut), func(t *testing.T) {
			w := newWorld(t, Options{})
			target := echo(t, "a")
			at := w.http(func(c *Change) { network(c); c.Groups[0].CutDrained = cut }, target)
			c, err := net.Dial("tcp", at)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			ask := func() error {
				_, _ = io.WriteString(c, "x")
				_, err := io.ReadFull(c, make([]byte, 1))
				return err
			}
			if err := ask(); err != nil {
				t.Fatal(err)
			}
			w.Apply(Change{Targets: []Target{{ID: "t0", Group: "g", Address: target, State: Draining}}})
			if err := ask(); err != nil {
				t.Errorf("while draining: %v", err)
			}
			if n, err := net.Dial("tcp", at); err == nil {
				_ = n.SetDeadline(time.Now().Add(10 * time.Second))
				if _, err := n.Read(make([]byte, 1)); err == nil {
					t.Error("a draining target got a new flow")
				}
				_ = n.Close()
			}
			w.Apply(Change{GoneTargets: []string{"t0"}})
			_ = ask()
			if err := ask(); (err != nil) != cut {
				t.Errorf("when gone: %v", err)
			}
		})
	}
}
