package lb

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// message is a random request, or a random answer.
type message struct {
	method string
	path   string
	status int
	header http.Header
	body   []byte
	parts  []int // lengths of chunks; none: the length is said
}

func drawHeader(t *rapid.T) http.Header {
	h := http.Header{}
	for range rapid.IntRange(0, 8).Draw(t, "fields") {
		name := "X-R-" + rapid.StringMatching(`[A-Za-z0-9!#$%&'*+.^_|~-]{1,20}`).Draw(t, "name")
		value := strings.TrimSpace(rapid.StringMatching(`[ -~é]{0,60}`).Draw(t, "value"))
		h[name] = append(h[name], value)
	}
	return h
}

func drawBody(t *rapid.T, m *message) {
	n := rapid.OneOf(rapid.Just(0), rapid.IntRange(1, 100), rapid.IntRange(3000, 9000), rapid.IntRange(100_000, 400_000)).Draw(t, "length")
	m.body = bytes.Repeat([]byte("body\r\n0\r\n\r\nGET / HTTP/1.1\r\n"), n/20+1)[:n]
	if rapid.Bool().Draw(t, "chunked") {
		for left := n; left > 0; {
			part := min(left, rapid.IntRange(1, max(n/3, 1)).Draw(t, "chunk"))
			m.parts = append(m.parts, part)
			left -= part
		}
		if n == 0 {
			m.parts = []int{}
		}
	}
}

// write is the message's bytes, from behind its first line.
func (m *message) write(t *rapid.T) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(m.header)) {
		for _, value := range m.header[name] {
			space := rapid.SampledFrom([]string{"", " ", "  ", "\t"}).Draw(t, "space")
			fmt.Fprintf(&b, "%s:%s%s%s\r\n", name, space, value, space)
		}
	}
	if m.parts == nil {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(m.body), m.body)
		return b.Bytes()
	}
	b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	rest := m.body
	for _, n := range m.parts {
		fmt.Fprintf(&b, "%x%s\r\n%s\r\n", n, rapid.SampledFrom([]string{"", ";a=b"}).Draw(t, "extension"), rest[:n])
		rest = rest[n:]
	}
	b.WriteString("0\r\n")
	if rapid.Bool().Draw(t, "trailer") {
		b.WriteString("X-Trailer: 1\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

func sameFields(want, got http.Header) error {
	for name, values := range want {
		all := slices.Concat(got[name], got[textproto.CanonicalMIMEHeaderKey(name)])
		if got[name] != nil && textproto.CanonicalMIMEHeaderKey(name) == name {
			all = got[name]
		}
		for _, v := range values {
			if !slices.Contains(all, v) {
				return fmt.Errorf("%s: %q is not in %q", name, v, all)
			}
		}
	}
	return nil
}

// What goes through is what came: several random requests, pipelined and cut
// anywhere, against net/http's server and its parser of answers.
func TestWhatGoesThroughIsWhatCame(t *testing.T) {
	w := newWorld(t, Options{})
	type seen struct {
		method, uri string
		header      http.Header
		body        []byte
		err         error
	}
	var mu sync.Mutex
	var arrived []seen
	var answers [][]byte
	target := script(t, func(_ int, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			body, err := io.ReadAll(r.Body)
			mu.Lock()
			arrived = append(arrived, seen{r.Method, r.RequestURI, r.Header, body, err})
			var answer []byte
			if len(answers) > 0 {
				answer, answers = answers[0], answers[1:]
			}
			mu.Unlock()
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	})
	at := w.http(nil, target)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(rt, "requests")
		var requests, replies []message
		var wire []byte
		var say [][]byte
		for range n {
			q := message{method: rapid.SampledFrom([]string{"POST", "PUT", "PATCH", "DELETE"}).Draw(rt, "method"), header: drawHeader(rt)}
			q.path = "/" + rapid.StringMatching(`([a-z0-9/.?&=;:@!*-]|%2F){0,40}`).Draw(rt, "path")
			drawBody(rt, &q)
			wire = append(wire, q.method+" "+q.path+" HTTP/1.1\r\nHost: a\r\n"...)
			wire = append(wire, q.write(rt)...)
			requests = append(requests, q)
			a := message{status: rapid.SampledFrom([]int{200, 201, 404, 500}).Draw(rt, "status"), header: drawHeader(rt)}
			drawBody(rt, &a)
			say = append(say, append([]byte(fmt.Sprintf("HTTP/1.1 %d Some Reason\r\n", a.status)), a.write(rt)...))
			replies = append(replies, a)
		}
		cut := rapid.IntRange(1, len(wire)).Draw(rt, "cut")
		mu.Lock()
		arrived, answers = nil, say
		mu.Unlock()
		c, err := net.Dial("tcp", at)
		if err != nil {
			rt.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		go func() {
			_, _ = c.Write(wire[:cut])
			time.Sleep(time.Millisecond)
			_, _ = c.Write(wire[cut:])
		}()
		in := bufio.NewReader(c)
		for i := range n {
			res, err := http.ReadResponse(in, &http.Request{Method: requests[i].method})
			if err != nil {
				rt.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != replies[i].status || !bytes.Equal(body, replies[i].body) {
				rt.Fatalf("answer %d: %v, status %d instead of %d, %d bytes instead of %d", i, err, res.StatusCode, replies[i].status, len(body), len(replies[i].body))
			}
			if err := sameFields(replies[i].header, res.Header); err != nil {
				rt.Fatalf("answer %d: %v", i, err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if len(arrived) != n {
			rt.Fatalf("%d requests became %d", n, len(arrived))
		}
		for i, got := range arrived {
			want := requests[i]
			if got.err != nil || got.method != want.method || got.uri != want.path || !bytes.Equal(got.body, want.body) {
				rt.Fatalf("request %d: %s %s with %d bytes arrived as %s %s with %d (%v)", i, want.method, want.path, len(want.body), got.method, got.uri, len(got.body), got.err)
			}
			if err := sameFields(want.header, got.header); err != nil {
				rt.Fatalf("request %d: %v", i, err)
			}
		}
	})
}

// The chunk scanner sees the same body and the same end as net/http, and never
// takes what net/http refuses.
func FuzzChunks(f *testing.F) {
	for _, s := range []string{"0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\nrest", "a;x=y\r\n0123456789\r\n0\r\nA: b\r\n\r\n", "0\n\n", "-1\r\n", "ffffffffffffffff\r\n"} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		var c chunks
		var body []byte
		at, done := 0, false
		for at < len(b) && !done {
			end := min(at+int(step)+1, len(b))
			for at < end && !done {
				n, data, d, err := c.step(b[at:end])
				if err != nil {
					return
				}
				if n == 0 && !d && at < end {
					t.Fatal("no progress")
				}
				if data {
					body = append(body, b[at:at+n]...)
				}
				at += n
				done = d
			}
		}
		if !done {
			return
		}
		in := bufio.NewReader(io.MultiReader(strings.NewReader("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), bytes.NewReader(b)))
		r, err := http.ReadRequest(in)
		if err != nil {
			t.Fatal(err)
		}
		want, err := io.ReadAll(r.Body)
		if err != nil {
			if strings.Contains(err.Error(), "too many") || strings.Contains(err.Error(), "trailer") || strings.Contains(err.Error(), "MIME") {
				return // bounds of net/http's own
			}
			t.Fatalf("net/http refuses %q: %v", b, err)
		}
		if !bytes.Equal(body, want) {
			t.Fatalf("%q is read as %q and by net/http as %q", b, body, want)
		}
		if rest, _ := io.ReadAll(in); !bytes.Equal(rest, b[at:]) {
			t.Fatalf("%q ends before %q, for net/http before %q", b, b[at:], rest)
		}
	})
}

// What our parser takes, net/http reads the same way, and what is sent to the
// target in its place is one request with the same frame.
func FuzzRequestHead(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /a?b HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5\r\nX-Forwarded-For: 1\r\n\r\n",
		"PUT http://h/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: X-A, close\r\nX-A: 1\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\nCookie: AWSALB=x; a=b\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := findHead(b, 0)
		if n == 0 || err != nil {
			return
		}
		var h head
		if h.parseRequest(b[:n]) != nil {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b[:n])))
		if err == nil {
			length := max(h.length, 0)
			if h.chunked {
				length = -1
			}
			if r.ContentLength != length && h.text(h.method) != "CONNECT" {
				t.Fatalf("%q: length %d, for net/http %d", b[:n], length, r.ContentLength)
			}
		}
		v := visit{req: &h, s: &serving{Listener: Listener{Port: 80}}, bal: &Balancer{}, now: time.Unix(1, 0)}
		out := v.requestHead(nil)
		if m, err := findHead(out, 0); err != nil || m != len(out) {
			t.Fatalf("%q is sent on as %q", b[:n], out)
		}
		var sent head
		if err := sent.parseRequest(out); err != nil && h.has(h.host) {
			t.Fatalf("%q is sent on as %q, which is refused: %v", b[:n], out, err)
		}
		if h.has(h.host) && (sent.length != h.length || sent.chunked != h.chunked || sent.text(sent.method) != h.text(h.method)) {
			t.Fatalf("%q is sent on as %q", b[:n], out)
		}
	})
}

// Answers that are taken are sent on with the same frame.
func FuzzAnswerHead(f *testing.F) {
	for _, s := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.0 404\r\nConnection: keep-alive, X\r\nX: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=b\r\n\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := findHead(b, 0)
		if n == 0 || err != nil {
			return
		}
		var h, sent head
		if h.parseAnswer(b[:n]) != nil {
			return
		}
		v := visit{s: &serving{}, bal: &Balancer{}, now: time.Unix(1, 0)}
		out := v.answerHead(nil, &h, true, h.chunked)
		if m, err := findHead(out, 0); err != nil || m != len(out) {
			t.Fatalf("%q is sent on as %q", b[:n], out)
		}
		if err := sent.parseAnswer(out); err != nil || sent.length != h.length || sent.chunked != h.chunked || sent.status != h.status {
			t.Fatalf("%q is sent on as %q: %v", b[:n], out, err)
		}
	})
}
