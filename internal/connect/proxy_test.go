package connect

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var alias = netip.MustParseAddrPort("127.255.0.1:8080")

// bench is a proxy of one route, with tasks that a test brings and takes away.
type bench struct {
	t     *testing.T
	table *Table
	proxy *Proxy
	at    string
	stop  func()
}

func newBench(t *testing.T, r Route) *bench {
	t.Helper()
	r.Service, r.Alias = "api", alias
	b := &bench{t: t, table: NewTable()}
	b.table.Apply(true, nil)
	b.proxy = New(Options{
		Table: b.table, Routes: []Route{r}, Log: slog.New(slog.DiscardHandler),
		Meant: func(net.Conn) (netip.AddrPort, error) { return alias, nil },
		Dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
		},
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.at = ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.proxy.Serve(ctx, ln); err != nil {
			t.Error(err)
		}
	}()
	b.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(b.stop)
	return b
}

func (b *bench) add(id, address string) {
	b.table.Apply(false, map[string]*Place{id: {"api", netip.MustParseAddrPort(address)}})
}

func (b *bench) remove(id string) { b.table.Apply(false, map[string]*Place{id: nil}) }

// task serves as one until the returned function is called.
func task(t *testing.T, h http.HandlerFunc) (address string, end func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s := &http.Server{Handler: h, Protocols: protocols}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(ln) }()
	end = sync.OnceFunc(func() { _ = s.Close(); <-done })
	t.Cleanup(end)
	return ln.Addr().String(), end
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func client(t *testing.T, h2 bool) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!h2)
	protocols.SetUnencryptedHTTP2(h2)
	c := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func (b *bench) ask(c *http.Client, method, body string) (int, string) {
	b.t.Helper()
	r, err := http.NewRequest(method, "http://"+b.at+"/path?a=1;b=2", strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if body == "" {
		r.Body = nil
	}
	res, err := c.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// Requests go round, one host after the other, also those of one connection;
// and come as they were sent.
func TestRoundRobin(t *testing.T) {
	b := newBench(t, Route{Protocol: HTTP})
	for _, id := range []string{"a", "b", "c"} {
		address, _ := task(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RequestURI() != "/path?a=1;b=2" || r.Header.Get("X-Forwarded-For") != "" || r.Host != b.at {
				t.Errorf("it came as %s of %s: %v", r.URL.RequestURI(), r.Host, r.Header)
			}
			says(id)(w, r)
		})
		b.add(id, address)
	}
	c, seen := client(t, false), map[string]int{}
	for range 30 {
		_, who := b.ask(c, "GET", "")
		seen[who]++
	}
	if seen["a"] != 10 || seen["b"] != 10 || seen["c"] != 10 {
		t.Errorf("%v", seen)
	}
	r := b.proxy.Read()[0]
	if r.Requests != 30 || r.Status[2] != 30 || r.Connections != 3 || r.Active != 3 || r.ResponseCount != 30 || r.FromTarget == 0 {
		t.Errorf("counted %+v", r)
	}
	b.stop()
	if r := b.proxy.Read()[0]; r.Active != 0 {
		t.Errorf("%d connections are left open", r.Active)
	}
}

// A host that cannot be reached is not noticed by clients, whatever they send;
// five times and it is asked no more.
func TestUnreachableHosts(t *testing.T) {
	b := newBench(t, Route{Protocol: HTTP})
	address, _ := task(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})
	b.add("good", address)
	b.add("gone-1", nobody(t))
	b.add("gone-2", nobody(t))
	c := client(t, false)
	for i := range 60 {
		if status, text := b.ask(c, "POST", fmt.Sprint("body ", i)); status != 200 || text != fmt.Sprint("body ", i) {
			t.Fatalf("request %d: %d %q", i, status, text)
		}
	}
	r := b.proxy.Read()[0]
	if r.Ejections != 2 || r.Errors != 2*failuresToEject {
		t.Errorf("%d ejections after %d failures", r.Ejections, r.Errors)
	}
}

// One after the other, tasks are replaced under load: nothing is lost where
// they finish what they have begun.
func TestReplacement(t *testing.T) {
	for _, p := range []Protocol{HTTP, HTTP2} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			b := newBench(t, Route{Protocol: p})
			type running struct {
				id  string
				end func()
			}
			var tasks []running
			start := func(i int) {
				id := fmt.Sprintf("t%03d", i)
				address, end := task(t, func(w http.ResponseWriter, _ *http.Request) {
					time.Sleep(time.Millisecond)
					_, _ = io.WriteString(w, id)
				})
				b.add(id, address)
				tasks = append(tasks, running{id, end})
			}
			for i := range 3 {
				start(i)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var group sync.WaitGroup
			var served, failed atomic.Int64
			for range 4 {
				c := client(t, p == HTTP2)
				group.Go(func() {
					for ctx.Err() == nil {
						r, _ := http.NewRequest("POST", "http://"+b.at+"/", strings.NewReader("x"))
						res, err := c.Do(r)
						if err != nil || res.StatusCode != 200 {
							failed.Add(1)
							t.Log(res, err)
							continue
						}
						_, _ = io.Copy(io.Discard, res.Body)
						res.Body.Close()
						served.Add(1)
					}
				})
			}
			for i := 3; i < 20; i++ {
				start(i)
				old := tasks[0]
				tasks = tasks[1:]
				b.remove(old.id)
				b.table.Drain(t.Context(), func(id string) bool { return id == old.id })
				old.end() // which cuts what is under way
				time.Sleep(2 * time.Millisecond)
			}
			cancel()
			group.Wait()
			if failed.Load() > 0 || served.Load() < 20 {
				t.Errorf("%d requests were answered, %d failed", served.Load(), failed.Load())
			}
		})
	}
}

// A task that is killed with requests under way: those that may be repeated
// are, the others are told.
func TestKilledWithARequestUnderWay(t *testing.T) {
	b := newBench(t, Route{Protocol: HTTP})
	began := make(chan struct{}, 1)
	stuck, kill := task(t, func(http.ResponseWriter, *http.Request) { began <- struct{}{}; select {} })
	b.add("stuck", stuck)
	type answer struct {
		status int
		text   string
	}
	answers := make(chan answer, 1)
	ask := func(method, body string) {
		c := client(t, false)
		go func() {
			status, text := b.ask(c, method, body)
			answers <- answer{status, text}
		}()
		<-began
	}
	ask("GET", "")
	other, _ := task(t, says("other"))
	b.add("other", other)
	kill()
	if got := <-answers; got.status != 200 || got.text != "other" {
		t.Errorf("GET: %+v", got)
	}
	b.remove("other")
	stuck, kill = task(t, func(http.ResponseWriter, *http.Request) { began <- struct{}{}; select {} })
	b.add("stuck", stuck)
	ask("POST", "pay")
	kill()
	if got := <-answers; got.status != 503 || !strings.HasPrefix(got.text, "upstream connect error") {
		t.Errorf("POST: %+v", got)
	}
}

func TestTimes(t *testing.T) {
	b := newBench(t, Route{Protocol: HTTP, PerRequest: 50 * time.Millisecond, Idle: time.Minute})
	c := client(t, false)
	if status, text := b.ask(c, "GET", ""); status != 503 || text != "no healthy upstream" {
		t.Errorf("without a host: %d %q", status, text)
	}
	slow, _ := task(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	b.add("slow", slow)
	if status, text := b.ask(c, "GET", ""); status != 504 || text != "upstream request timeout" {
		t.Errorf("a host that does not answer: %d %q", status, text)
	}
	if r := b.proxy.Read()[0]; r.NoAnswer != 2 {
		t.Errorf("counted %+v", r)
	}
}

// What is spoken after an upgrade has no time limit, and ends with the proxy.
func TestUpgrade(t *testing.T) {
	b := newBench(t, Route{Protocol: HTTP, PerRequest: 30 * time.Millisecond})
	address, _ := task(t, func(w http.ResponseWriter, _ *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_, _ = io.Copy(c, rw)
	})
	b.add("a", address)
	c, err := net.Dial("tcp", b.at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	r := bufio.NewReader(c)
	if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != 101 {
		t.Fatal(res, err)
	}
	time.Sleep(60 * time.Millisecond) // longer than a request may take
	_, _ = io.WriteString(c, "still here\n")
	if line, err := r.ReadString('\n'); line != "still here\n" {
		t.Fatal(line, err)
	}
	b.stop()
	if _, err := r.ReadByte(); err == nil {
		t.Error("it goes on without the proxy")
	}
}

// Streams both ways, with trailers, as gRPC has them; and an error in gRPC's
// own words.
func TestGRPC(t *testing.T) {
	b := newBench(t, Route{Protocol: GRPC, PerRequest: time.Minute})
	c := client(t, true)
	call := func() (*http.Response, *io.PipeWriter) {
		t.Helper()
		in, out := io.Pipe()
		r, _ := http.NewRequest("POST", "http://"+b.at+"/echo", in)
		r.Header.Set("Content-Type", "application/grpc+proto")
		r.Header.Set("Te", "trailers")
		res, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return res, out
	}
	res, out := call()
	if res.StatusCode != 200 || res.Header.Get("Grpc-Status") != "14" || res.Header.Get("Grpc-Message") != "no healthy upstream" {
		t.Errorf("without a host: %v", res)
	}
	out.Close()
	res.Body.Close()
	address, _ := task(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 || r.Header.Get("Te") != "trailers" {
			t.Errorf("it came as %s with %v", r.Proto, r.Header)
		}
		w.Header().Set("Content-Type", "application/grpc+proto")
		w.Header().Set("Trailer", "Grpc-Status")
		_ = http.NewResponseController(w).Flush()
		buf := make([]byte, 64)
		for {
			n, err := r.Body.Read(buf)
			_, _ = w.Write(buf[:n])
			_ = http.NewResponseController(w).Flush()
			if err != nil {
				break
			}
		}
		w.Header().Set("Grpc-Status", "0")
	})
	b.add("gone", nobody(t))
	b.add("a", address)
	res, out = call()
	defer res.Body.Close()
	for i := range 3 {
		word, got := fmt.Sprint("word", i), make([]byte, 5)
		_, _ = io.WriteString(out, word)
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != word {
			t.Fatalf("%q %v", got, err)
		}
	}
	out.Close()
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) > 0 || res.Trailer.Get("Grpc-Status") != "0" {
		t.Errorf("at the end %q, %v, trailers %v", rest, err, res.Trailer)
	}
	if r := b.proxy.Read()[0]; r.GRPC != 2 || r.Requests != 2 {
		t.Errorf("counted %+v", r)
	}
}

// A TCP connection goes to a host that answers; each direction ends by itself.
func TestTCP(t *testing.T) {
	b := newBench(t, Route{Protocol: TCP})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				all, _ := io.ReadAll(c)
				_, _ = c.Write(append([]byte("got "), all...))
			}()
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", b.at)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c, err := net.Dial("tcp", b.at); err == nil { // it may be reset already
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("without a host a connection ends with %v", err)
		}
		c.Close()
	}
	b.add("gone", nobody(t))
	b.add("here", ln.Addr().String())
	for i := range 8 {
		c := dial()
		word := fmt.Sprint("word ", i)
		_, _ = io.WriteString(c, word)
		_ = c.(*net.TCPConn).CloseWrite()
		if got, err := io.ReadAll(c); err != nil || string(got) != "got "+word {
			t.Errorf("%q %v", got, err)
		}
		c.Close()
	}
	if r := b.proxy.Read()[0]; r.Connections != 8 || r.NoAnswer != 1 || r.FromTarget != 8*10 {
		t.Errorf("counted %+v", r)
	}
}

func TestTCPIdle(t *testing.T) {
	b := newBench(t, Route{Protocol: TCP, Idle: 30 * time.Millisecond})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	b.add("here", ln.Addr().String())
	c, err := net.Dial("tcp", b.at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("an idle connection goes on")
	}
}

func TestForward(t *testing.T) {
	address, _ := task(t, says("here"))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	dial := func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
	}
	go func() { done <- Forward(ctx, ln, netip.MustParseAddrPort(address), dial, time.Minute) }()
	b := &bench{t: t, at: ln.Addr().String()}
	if _, text := b.ask(client(t, false), "GET", ""); text != "here" {
		t.Error(text)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
