package lb

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var addresses atomic.Uint32

// held is a port of a /16 of loopback that no other run of these tests has: it is
// held until the process ends.
var held = sync.OnceValue(func() net.Listener {
	for n := 64; n < 255; n++ {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.%d.0.0:8080", n)); err == nil {
			return l
		}
	}
	panic("all of loopback's addresses are in use")
})

// address is one of loopback's that no other test has, nor another run of these
// tests beside this one.
func address(t testing.TB) netip.Addr {
	t.Helper()
	of := netip.MustParseAddrPort(held().Addr().String()).Addr().As4()
	n := addresses.Add(1)
	return netip.AddrFrom4([4]byte{of[0], of[1], byte(n >> 8), byte(n)})
}

type bound struct {
	listener string
	at       netip.AddrPort
	err      error
}

// world is a plane that runs until its test ends.
type world struct {
	t testing.TB
	*Plane
	bound chan bound
	addr  netip.Addr
}

func newWorld(t testing.TB, opts Options) *world {
	t.Helper()
	w := &world{t: t, bound: make(chan bound, 64), addr: address(t)}
	opts.Bound = func(l string, at netip.AddrPort, err error) { w.bound <- bound{l, at, err} }
	w.Plane = New(opts)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Error("Run did not return")
		}
	})
	return w
}

// counted waits until a balancer has counted what is asked for: bytes are counted
// when they have gone, which whoever got them may know before.
func (w *world) counted(is func(Reading) bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		r, _ := w.ReadBalancer("b")
		if is(r) {
			return
		}
		if time.Now().After(end) {
			w.t.Errorf("counted %+v", r)
			return
		}
	}
}

// http is a table of one balancer with an HTTP listener on port 8080 that
// forwards to a group of the given targets.
func (w *world) http(more func(*Change), targets ...netip.AddrPort) string {
	w.t.Helper()
	c := Change{
		Balancers: []Balancer{{ID: "b", Address: w.addr, Hosts: []string{"front.localhost"}}},
		Listeners: []Listener{{ID: "l", Balancer: "b", Port: 8080, Default: Action{Forward: &Forward{Groups: []WeightedGroup{{"g", 1}}}}}},
		Groups:    []Group{{ID: "g"}},
	}
	for i, at := range targets {
		c.Targets = append(c.Targets, Target{ID: fmt.Sprint("t", i), Group: "g", Address: at, State: Healthy})
	}
	if more != nil {
		more(&c)
	}
	w.Apply(c)
	w.wait(len(c.Listeners))
	return netip.AddrPortFrom(w.addr, 8080).String()
}

func (w *world) wait(n int) {
	w.t.Helper()
	for range n {
		select {
		case b := <-w.bound:
			if b.err != nil {
				w.t.Fatal(b.err)
			}
		case <-time.After(10 * time.Second):
			w.t.Fatal("a listener was not opened")
		}
	}
}

// server is a target that net/http serves.
func server(t testing.TB, h http.HandlerFunc) netip.AddrPort {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

// script is a target that does with each connection what it is told.
func script(t testing.TB, do func(n int, c net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); do(n, c) }()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return netip.MustParseAddrPort(l.Addr().String())
}

// readRequest reads a request's head from a scripted target's side.
func readRequest(c net.Conn) (*http.Request, error) {
	return http.ReadRequest(bufio.NewReader(c))
}

// raw sends bytes and gives all that comes back until the connection ends.
func raw(t testing.TB, at, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil && !strings.Contains(err.Error(), "reset") {
		t.Fatalf("%v after %q", err, b)
	}
	return string(b)
}

func get(t testing.TB, url string) (int, string, http.Header) {
	t.Helper()
	res, err := http.Get(url) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

func TestARequestGoesThrough(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(nil, server(t, func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "%s %s %s %s %s %s", r.Method, r.RequestURI, r.Host, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-Port"))
	}))
	status, body, h := get(t, "http://"+at+"/a%2Fb?c=d")
	if want := "GET /a%2Fb?c=d " + at + " 127.0.0.1 http 8080"; status != 200 || body != want {
		t.Errorf("got %d %q, want %q", status, body, want)
	}
	if h.Get("Date") == "" || h.Get("Server") != "" {
		t.Errorf("headers %v", h)
	}
}

func TestOwnAnswers(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(nil)
	got := raw(t, at, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	want := "HTTP/1.1 503 Service Temporarily Unavailable\r\nServer: awselb/2.0\r\nDate: "
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n") {
		t.Errorf("got %q", got)
	}
}
