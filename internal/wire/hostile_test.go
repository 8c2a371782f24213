package wire_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/wire"
)

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// hostile are bodies that would cost a careless decoder memory or the stack.
func hostile() map[string]struct{ contentType, target, body, code string } {
	const form, json = "application/x-www-form-urlencoded", "application/x-amz-json-1.1"
	const describe = "AmazonEC2ContainerServiceV20141113.DescribeTasks"
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	return map[string]struct{ contentType, target, body, code string }{
		"deep lists":       {json, describe, `{"tasks":` + strings.Repeat("[", 5<<20), "SerializationException"},
		"deep unknown":     {json, describe, `{"x":` + strings.Repeat(`{"a":`, 1<<20), "SerializationException"},
		"many elements":    {json, describe, `{"tasks":[` + strings.Repeat(`"",`, 3<<20) + `""]}`, "SerializationException"},
		"not UTF-8":        {json, describe, "{\"cluster\":\"\xff\xfe\"}", "SerializationException"},
		"a huge number":    {json, describe, `{"tasks":[` + strings.Repeat("9", 5<<20) + `]}`, "SerializationException"},
		"too large":        {json, describe, strings.Repeat(" ", 10<<20+1), "RequestEntityTooLargeException"},
		"many parameters":  {form, "", "Action=GetCallerIdentity&Version=2011-06-15&" + many(300_000, "a%d=1&"), "MalformedQueryString"},
		"deep parameters":  {form, "", "Action=GetCallerIdentity&Version=2011-06-15&" + strings.Repeat("a.", 4<<20) + "=1", "MalformedQueryString"},
		"bushy parameters": {form, "", "Action=GetCallerIdentity&Version=2011-06-15&" + many(40_000, "n%d"+strings.Repeat(".a", 90)+"=1&"), "MalformedQueryString"},
		"bad escapes":      {form, "", "Action=%zz", "MalformedQueryString"},
	}
}

func TestHostileBodiesCostLittle(t *testing.T) {
	f := newFront(t)
	for name, c := range hostile() {
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.contentType)
		if c.target != "" {
			r.Header.Set("X-Amz-Target", c.target)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := wire.CPUTime()
		rec := httptest.NewRecorder()
		f.ServeHTTP(rec, r)
		took := wire.CPUTime() - start
		runtime.ReadMemStats(&after)
		if rec.Code < 400 || rec.Code >= 500 || !strings.Contains(rec.Body.String(), c.code) {
			t.Errorf("%s: %d %.200s", name, rec.Code, rec.Body)
		}
		if cost := after.TotalAlloc - before.TotalAlloc; cost > 150<<20 {
			t.Errorf("%s: allocates %d MB for %d KB", name, cost>>20, len(c.body)>>10)
		}
		if took > 5*time.Second {
			t.Errorf("%s: takes %s", name, took)
		}
	}
}

// The last of equal names holds, in lists and structures too.
func TestDuplicateNames(t *testing.T) {
	f := newFront(t)
	got := f.do("POST", "/", `{"cluster":"a","tasks":["x","y"],"cluster":"b","tasks":["z"]}`, "X-Amz-Target: AmazonEC2ContainerServiceV20141113.DescribeTasks")
	if got.status != http.StatusOK || *f.input.Cluster != "b" || len(f.input.Tasks) != 1 {
		t.Errorf("%+v, %+v", got, f.input)
	}
}

// onTheWire serves f over TCP, as the front listener does.
func onTheWire(t *testing.T, f *front) string {
	t.Helper()
	wire.SetBodyTime(f.Handler, 300*time.Millisecond)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f, ReadHeaderTimeout: 300 * time.Millisecond, IdleTimeout: 300 * time.Millisecond, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return t.Context() }}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().String()
}

const head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AmazonEC2ContainerServiceV20141113.DescribeTasks\r\n"

func TestSlowAndHalfRequestsEnd(t *testing.T) {
	addr := onTheWire(t, newFront(t))
	for name, c := range map[string]struct{ send, want string }{
		"nothing":                {"", ""},
		"half a request line":    {"POST /", ""},
		"half a header":          {"POST / HTTP/1.1\r\nHost: loc", ""},
		"half a body":            {head + "Content-Length: 100\r\n\r\n{", "RequestTimeoutException"},
		"half a chunk":           {head + "Transfer-Encoding: chunked\r\n\r\n10\r\n{", "RequestTimeoutException"},
		"a chunk that lies":      {head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "MalformedHttpRequestException"},
		"a negative length":      {head + "Content-Length: -1\r\n\r\n", "400"},
		"two lengths":            {head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400"},
		"length and chunks":      {head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "200"},
		"a huge header":          {head + "X-A: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", "431"},
		"many headers":           {head + strings.Repeat("X-A: a\r\n", 100_000) + "\r\n", "431"},
		"a length beyond bounds": {head + "Content-Length: 999999999999\r\n\r\n", "RequestEntityTooLargeException"},
	} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		go func() { _, _ = io.WriteString(conn, c.send) }()
		answer, err := io.ReadAll(bufio.NewReader(conn))
		if !strings.Contains(string(answer), c.want) || netTimeout(err) {
			t.Errorf("%s: %q, %v", name, answer, err)
		}
		conn.Close()
	}
}

func netTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

// Those whose bodies are large, or are so when they are unpacked, wait for each
// other, and all are served.
func TestLargeBodiesTakeTurns(t *testing.T) {
	large := `{"x":"` + strings.Repeat("a", 1<<20) + `"}`
	for name, c := range map[string]struct {
		body, encoding string
		at             int32 // a time
	}{
		"small":          {`{}`, "", 40},
		"large":          {large, "", 16},
		"unpacked":       {gzipped(t, large), "gzip", 16},
		"unpacked small": {gzipped(t, `{}`), "gzip", 40},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFront(t)
				release := make(chan struct{})
				var served atomic.Int32
				f.linger = func(context.Context) { served.Add(1); <-release }
				var wait sync.WaitGroup
				for range 40 {
					wait.Go(func() {
						if got := f.do("POST", "/", c.body, "X-Amz-Target: AmazonEC2ContainerServiceV20141113.DescribeTasks", "Content-Encoding: "+c.encoding); got.status != http.StatusOK {
							t.Errorf("%+v", got)
						}
					})
				}
				synctest.Wait()
				if n := served.Load(); n != c.at {
					t.Errorf("%d are served at a time, not %d", n, c.at)
				}
				close(release)
				wait.Wait()
				if n := served.Load(); n != 40 {
					t.Errorf("%d were served", n)
				}
			})
		})
	}
}

// A handler may take longer than a body.
func TestBodyTimeIsNotTheHandlers(t *testing.T) {
	f := newFront(t)
	addr := onTheWire(t, f)
	ended := make(chan error, 1)
	f.linger = func(ctx context.Context) {
		select {
		case <-ctx.Done():
			ended <- ctx.Err()
		case <-time.After(500 * time.Millisecond):
			ended <- nil
		}
	}
	r, _ := http.NewRequest("POST", "http://"+addr, strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DescribeTasks")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if err := <-ended; err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%s, %v", res.Status, err)
	}
}
