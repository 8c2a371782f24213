package lb

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// closed is what a client that wants its connection closed sends besides.
const closing = "Connection: close\r\n\r\n"

func TestWhatIsRefused(t *testing.T) {
	w := newWorld(t, Options{})
	var reached atomic.Int64
	at := w.http(nil, server(t, func(rw http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err == nil {
			reached.Add(1)
		}
	}))
	many := strings.Repeat("1.1.1.1,", 31) + "2.2.2.2"
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"both length and chunked", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"chunked and then length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
		{"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400},
		{"two equal lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
		{"a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400},
		{"a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400},
		{"another coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
		{"a veiled coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
		{"two codings", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"a bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
		{"one bare LF", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400},
		{"a bare CR", "GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: z\r\n\r\n", 400},
		{"a folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400},
		{"a space before the colon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc", 400},
		{"a space before the name", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
		{"no name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400},
		{"a NUL", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", 400},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
		{"a host with a user", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"no version", "GET /\r\n\r\n", 400},
		{"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"HTTP/2 in the clear", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
		{"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n" + closing, 405},
		{"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n" + closing, 400},
		{"a long line", "GET /" + strings.Repeat("a", 17<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
		{"a long line without end", "GET /" + strings.Repeat("a", 90<<10), 414},
		{"a long field", "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 17<<10) + "\r\n\r\n", 400},
		{"a long head", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: "+strings.Repeat("a", 1000)+"\r\n", 100) + "\r\n", 400},
		{"too many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 600) + "\r\n", 400},
		{"a long chain", "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + many + "\r\n" + closing, 463},
		{"a bad chunk size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400},
		{"a chunk that is too long", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 400},
		{"a chunk line with a bare LF", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a\nx\r\nab\r\n0\r\n\r\n", 400},
		{"a length in the trailers", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := raw(t, at, c.request)
			if !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d ", c.status)) {
				t.Errorf("got %.200q, want %d", got, c.status)
			}
			if strings.Count(got, "HTTP/1.1") != 1 {
				t.Errorf("more than one answer: %q", got)
			}
		})
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d of the requests reached the target whole", n)
	}
}

func TestPipelinedRequests(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(nil, server(t, func(rw http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(rw, "<%s %s>", r.URL.Path, b)
	}))
	got := raw(t, at, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"+
		"POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"+
		"POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n2;x=y\r\ngh\r\n0\r\nX-T: 1\r\n\r\n"+
		"GET /4 HTTP/1.1\r\nHost: a\r\n"+closing)
	for _, want := range []string{"</1 >", "</2 abc>", "</3 defgh>", "</4 >"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %q", want, got)
		}
	}
}

func TestOldClients(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(nil, server(t, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(rw, "one")
		rw.(http.Flusher).Flush() // chunked
		_, _ = io.WriteString(rw, "two")
	}))
	got := raw(t, at, "GET / HTTP/1.0\r\n\r\n")
	if !strings.HasSuffix(got, "\r\n\r\nonetwo") || strings.Contains(got, "chunked") {
		t.Errorf("got %q", got)
	}
}

func TestContinue(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(nil, server(t, func(rw http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(rw, "%s %q", b, r.Header.Get("Expect"))
	}))
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
	in := bufio.NewReader(c)
	if line, _ := in.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("got %q", line)
	}
	_, _ = in.ReadString('\n')
	fmt.Fprint(c, "abc")
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(res.Body); string(b) != `abc ""` {
		t.Errorf("got %q", b)
	}
}

func TestEarlyHintsAndHead(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(nil, server(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Link", "</a>")
		rw.WriteHeader(103)
		rw.Header().Set("Content-Length", "5")
		_, _ = io.WriteString(rw, "hello")
	}))
	got := raw(t, at, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n"+closing)
	if strings.Count(got, "HTTP/1.1 103 ") != 2 || strings.Count(got, "HTTP/1.1 200 ") != 2 || strings.Count(got, "hello") != 1 {
		t.Errorf("got %q", got)
	}
}

func TestUpgrade(t *testing.T) {
	w := newWorld(t, Options{})
	target := script(t, func(_ int, c net.Conn) {
		in := bufio.NewReader(c)
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if r.Header.Get("Upgrade") != "websocket" || !strings.EqualFold(r.Header.Get("Connection"), "upgrade") {
			fmt.Fprint(c, "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")
			return
		}
		fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst")
		_, _ = io.Copy(c, in)
		fmt.Fprint(c, "bye")
	})
	at := w.http(nil, target)
	for _, url := range []string{at, w.front(t)} {
		c, err := net.Dial("tcp", url)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: front.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nsecond")
		if tcp, ok := c.(*net.TCPConn); ok && url == at {
			big := strings.Repeat("x", 3<<20)
			go func() { fmt.Fprint(c, big); _ = tcp.CloseWrite() }()
			b, err := io.ReadAll(c)
			if err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 101 Switching Protocols\r\n") || !strings.HasSuffix(string(b), "firstsecond"+big+"bye") {
				t.Errorf("%s: %v, %d bytes, %.300q", url, err, len(b), b)
			}
			continue
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		in := bufio.NewReader(c)
		for line := ""; line != "\r\n"; {
			if line, err = in.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		b := make([]byte, len("firstsecond"))
		if _, err := io.ReadFull(in, b); err != nil || string(b) != "firstsecond" {
			t.Errorf("%s: %v %q", url, err, b)
		}
	}
}

// front serves the API's port: what names a balancer, and nothing else.
func (w *world) front(t *testing.T) string {
	at := server(t, func(rw http.ResponseWriter, r *http.Request) {
		if !w.ServeFront(rw, r) {
			http.Error(rw, "the API", http.StatusTeapot)
		}
	})
	return at.String()
}

func TestByHostOnTheFrontPort(t *testing.T) {
	w := newWorld(t, Options{})
	w.http(nil, server(t, func(rw http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		rw.Header().Set("Trailer", "X-Sum")
		fmt.Fprintf(rw, "%s %s %s", r.Method, b, r.Header.Get("X-Forwarded-For"))
		rw.Header().Set("X-Sum", "1")
	}))
	front := w.front(t)
	got := raw(t, front, "POST /x HTTP/1.1\r\nHost: FRONT.localhost:4566\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	if !strings.Contains(got, "POST abc 127.0.0.1") || !strings.Contains(got, "X-Sum: 1") {
		t.Errorf("got %q", got)
	}
	if got := raw(t, front, "GET / HTTP/1.1\r\nHost: other\r\n"+closing); !strings.HasPrefix(got, "HTTP/1.1 418 ") {
		t.Errorf("got %q", got)
	}
	if !w.Claims("front.localhost") || w.Claims("localhost") {
		t.Error("Claims is wrong")
	}
}

// A target that closes a connection it has kept costs no client an error.
func TestATargetMayCloseIdleConnections(t *testing.T) {
	w := newWorld(t, Options{})
	closed := make(chan struct{}, 1000)
	target := script(t, func(_ int, c net.Conn) {
		if _, err := readRequest(c); err == nil {
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			_ = c.Close() // without having said so
			closed <- struct{}{}
		}
	})
	at := w.http(nil, target)
	pending := 0
	for i := range 50 {
		for _, method := range []string{"GET", "POST"} {
			got := raw(t, at, method+" / HTTP/1.1\r\nHost: a\r\n"+closing)
			if !strings.HasSuffix(got, "ok") {
				t.Fatalf("%s %d: %q", method, i, got)
			}
			if method == "GET" || i%2 == 0 {
				<-closed // its FIN is there when the POST comes
				pending--
			}
			pending++
		}
		for ; pending > 0; pending-- {
			<-closed
		}
	}
}

func TestTargetsThatMisbehave(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
	}{
		{"says nothing", "", 502},
		{"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", 502},
		{"half a head", "HTTP/1.1 200 OK\r\nA: b\r\n", 502},
		{"a folded line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", 502},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 502},
		{"length and chunked", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 502},
		{"a head too long", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 40<<10) + "\r\n\r\n", 502},
		{"a flood of fields", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 4000) + "\r\n", 502},
		{"a flood without end", strings.Repeat("HTTP/1.1 200 OK\r\nA: b\r\n", 10000), 502},
		{"endless 1xx", strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 1000), 502},
		{"101 unasked", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", 502},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, Options{})
			at := w.http(nil, script(t, func(_ int, conn net.Conn) {
				_, _ = readRequest(conn)
				_, _ = io.WriteString(conn, c.answer)
			}))
			got := raw(t, at, "GET / HTTP/1.1\r\nHost: a\r\n"+closing)
			if i := strings.LastIndex(got, "HTTP/1.1 "); i < 0 || !strings.HasPrefix(got[i:], fmt.Sprintf("HTTP/1.1 %d ", c.status)) {
				t.Errorf("got %.300q, want %d", got, c.status)
			}
		})
	}
}

// delivered waits until the other side's kernel has all that was written: what
// is still on its way when a connection is used again, nobody can tell from an
// answer.
func delivered(t *testing.T, c net.Conn) {
	raw, err := c.(*net.TCPConn).SyscallConn()
	for left := 1; left > 0 && err == nil; time.Sleep(100 * time.Microsecond) {
		if control := raw.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) }); control != nil {
			err = control
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// More bytes than said must not become the next client's answer; fewer must
// not look whole.
func TestTargetsThatLieAboutLength(t *testing.T) {
	w := newWorld(t, Options{})
	late := make(chan struct{}, 1)
	at := w.http(nil, script(t, func(_ int, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			switch r.URL.Path {
			case "/more":
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
			case "/later":
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				time.Sleep(5 * time.Millisecond)
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
				delivered(t, c)
				late <- struct{}{}
			case "/less":
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nshort")
				return
			default:
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
			}
		}
	}))
	for range 5 {
		for _, path := range []string{"/more", "/later"} {
			if got := raw(t, at, "GET "+path+" HTTP/1.1\r\nHost: a\r\n"+closing); !strings.HasSuffix(got, "\r\nok") {
				t.Errorf("%s: %q", path, got)
			}
			if path == "/later" {
				<-late
			}
			if got := raw(t, at, "GET / HTTP/1.1\r\nHost: a\r\n"+closing); !strings.HasSuffix(got, "good") {
				t.Errorf("after %s: %q", path, got)
			}
		}
	}
	res, err := http.Get("http://" + at + "/less") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("a body that was cut looks whole: %q", b)
	}
}

func TestTimes(t *testing.T) {
	w := newWorld(t, Options{})
	stop := make(chan struct{})
	defer close(stop)
	at := w.http(func(c *Change) { c.Balancers[0].HTTP.IdleTimeout = 300 * time.Millisecond }, script(t, func(_ int, c net.Conn) {
		_, _ = readRequest(c)
		<-stop
	}))
	if got := raw(t, at, "GET / HTTP/1.1\r\nHost: a\r\n"+closing); !strings.HasPrefix(got, "HTTP/1.1 504 Gateway Time-out\r\n") {
		t.Errorf("a target that hangs: %q", got)
	}
	if got := raw(t, at, "GET / HT"); !strings.HasPrefix(got, "HTTP/1.1 408 Request Time-out\r\n") {
		t.Errorf("half a head: %q", got)
	}
	if got := raw(t, at, ""); got != "" {
		t.Errorf("an idle connection: %q", got)
	}
}

func TestATargetThatIsAway(t *testing.T) {
	w := newWorld(t, Options{})
	alive := server(t, func(rw http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(rw, "ok") })
	at := w.http(nil, netip.AddrPortFrom(address(t), 9), alive)
	for range 10 {
		if got := raw(t, at, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"+closing+"hi"); !strings.HasSuffix(got, "ok") {
			t.Fatalf("got %q", got)
		}
	}
	w.Apply(Change{GoneTargets: []string{"t1"}})
	if got := raw(t, at, "GET / HTTP/1.1\r\nHost: a\r\n"+closing); !strings.HasPrefix(got, "HTTP/1.1 502 Bad Gateway\r\n") {
		t.Errorf("got %q", got)
	}
	r, _ := w.ReadTarget("t0")
	if r.ConnectionErrors == 0 {
		t.Error("errors of connections were not counted")
	}
}

// An answer that comes before the request's end reaches the client.
func TestAnEarlyAnswer(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(nil, script(t, func(_ int, c net.Conn) {
		_, _ = readRequest(c)
		fmt.Fprint(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
		time.Sleep(50 * time.Millisecond)
	}))
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", 1<<30)
	go func() {
		b := make([]byte, 64<<10)
		for {
			if _, err := c.Write(b); err != nil {
				return
			}
		}
	}()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(res.Body); res.StatusCode != 413 || string(b) != "big" || !res.Close {
		t.Errorf("%d %q, close %v", res.StatusCode, b, res.Close)
	}
}

// What a client gave up is given up at the target.
func TestAClientThatLeaves(t *testing.T) {
	w := newWorld(t, Options{})
	ended := make(chan error, 1)
	arrived := make(chan struct{})
	at := w.http(nil, script(t, func(_ int, c net.Conn) {
		_, _ = readRequest(c)
		close(arrived)
		_, err := c.Read(make([]byte, 1))
		ended <- err
	}))
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-arrived
	_ = c.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the target still works for a client that has left")
	}
}

// Targets come and go under load, and no request is lost.
func TestDeploymentsLoseNothing(t *testing.T) {
	w := newWorld(t, Options{})
	newTarget := func(i int) (Target, func()) {
		s := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			time.Sleep(time.Millisecond)
			_, _ = io.WriteString(rw, "ok")
		})}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = s.Serve(l) }()
		return Target{ID: fmt.Sprint("t", i), Group: "g", Address: netip.MustParseAddrPort(l.Addr().String()), State: Healthy},
			func() { _ = s.Shutdown(context.Background()) }
	}
	first, stopFirst := newTarget(0)
	at := w.http(func(c *Change) { c.Targets = []Target{first} })
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	var done, failed atomic.Int64
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	defer transport.CloseIdleConnections()
	for i := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for ctx.Err() == nil {
				var res *http.Response
				var err error
				if i%2 == 0 {
					res, err = (&http.Client{Transport: transport}).Get("http://" + at + "/") //nolint:noctx // a test
				} else {
					res, err = (&http.Client{Transport: transport}).Post("http://"+at+"/", "text/plain", strings.NewReader("hello")) //nolint:noctx // a test
				}
				if err != nil {
					failed.Add(1)
					t.Error(err)
					return
				}
				b, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if res.StatusCode != 200 || string(b) != "ok" || err != nil {
					failed.Add(1)
					t.Errorf("%d %q %v", res.StatusCode, b, err)
				}
				done.Add(1)
			}
		}()
	}
	old, stopOld := first, stopFirst
	for i := 1; i <= 20; i++ {
		next, stopNext := newTarget(i)
		w.Apply(Change{Targets: []Target{next}})
		old.State = Draining
		w.Apply(Change{Targets: []Target{old}})
		for { // drained
			if r, _ := w.ReadTarget(old.ID); r.Outstanding == 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		w.Apply(Change{GoneTargets: []string{old.ID}})
		stopOld()
		old, stopOld = next, stopNext
	}
	cancel()
	group.Wait()
	stopOld()
	t.Logf("%d requests through 20 replacements, %d failed", done.Load(), failed.Load())
}

// A long body goes through whole, spliced or not.
func TestLongBodies(t *testing.T) {
	w := newWorld(t, Options{})
	body := bytes.Repeat([]byte("0123456789abcdef"), 300<<10) // 4.7 MiB
	at := w.http(nil, server(t, func(rw http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(b, body) {
			http.Error(rw, "it is another body", 400)
			return
		}
		if r.URL.Path == "/chunked" {
			for part := range slices.Chunk(body, 100_000) {
				_, _ = rw.Write(part)
			}
			return
		}
		rw.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = rw.Write(body)
	}))
	for _, path := range []string{"/length", "/chunked"} {
		var up io.Reader = bytes.NewReader(body)
		if path == "/chunked" {
			up = struct{ io.Reader }{up}
		}
		res, err := http.Post("http://"+at+path, "text/plain", up) //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != 200 || !bytes.Equal(b, body) {
			t.Errorf("%s: %d, %v, %d bytes", path, res.StatusCode, err, len(b))
		}
	}
	want := uint64(2 * len(body))
	w.counted(func(r Reading) bool { return r.BytesIn >= want && r.BytesOut >= want && r.Requests == 2 })
}

// Requests of HTTP/2 do not go past the rules by an upgrade.
func TestNoUpgradeToHTTP2(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(nil, server(t, func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "<%s%s%s>", r.Header.Get("Upgrade"), r.Header.Get("Connection"), r.Header.Get("HTTP2-Settings"))
	}))
	got := raw(t, at, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\r\n")
	if !strings.HasSuffix(got, "<>") {
		t.Errorf("got %q", got)
	}
}

// Clients that do not read, and targets that never stop, cost their buffers and
// no more.
func TestMemoryIsBounded(t *testing.T) {
	w := newWorld(t, Options{})
	part := bytes.Repeat([]byte("z"), 64<<10)
	at := w.http(nil, script(t, func(_ int, c net.Conn) {
		_, _ = readRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		for {
			if _, err := c.Write(part); err != nil {
				return
			}
		}
	}))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const clients = 40
	for range clients {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.(*net.TCPConn).SetReadBuffer(8 << 10)
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, err := io.ReadFull(c, make([]byte, 20)); err != nil {
			t.Fatal(err)
		}
	}
	for last := uint64(1); ; { // until every connection is full
		time.Sleep(50 * time.Millisecond)
		r, _ := w.ReadBalancer("b")
		if r.BytesOut == last {
			break
		}
		last = r.BytesOut
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > clients*256<<10 {
		t.Errorf("%d connections hold %d bytes", clients, grown)
	}
}
