package lb

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// selfMade is a certificate for some names.
func selfMade(t testing.TB, names ...string) Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return Certificate{ID: names[0], Certificate: &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}}
}

// https makes the table's listener one of HTTPS.
func https(t testing.TB) func(*Change) {
	return func(c *Change) {
		c.Listeners[0].Protocol = HTTPS
		c.Listeners[0].TLS = &ListenerTLS{Certificates: []Certificate{selfMade(t, "a.test"), selfMade(t, "*.b.test"), selfMade(t, "x.b.test")}}
	}
}

func tlsClient(t testing.TB, name string, http2 bool) *http.Client {
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: name}, ForceAttemptHTTP2: http2}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func TestCertificatesBySNI(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(https(t), named(t, "ok"))
	for name, want := range map[string]string{"a.test": "a.test", "y.b.test": "*.b.test", "x.b.test": "x.b.test", "c.test": "a.test", "z.y.b.test": "a.test", "": "a.test"} {
		c, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true, ServerName: name})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.ConnectionState().PeerCertificates[0].DNSNames[0]; got != want {
			t.Errorf("%s got the certificate of %s", name, got)
		}
		_ = c.Close()
	}
}

func TestHTTP2InFront(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(https(t), server(t, func(rw http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		rw.Header().Set("X-Got", fmt.Sprint(r.Proto, " ", len(b), " ", r.Header.Get("X-Forwarded-Proto"), " ", r.Header.Get("Te"), r.Header.Get("Cookie")))
		_, _ = rw.Write(b)
	}))
	c := tlsClient(t, "a.test", true)
	body := bytes.Repeat([]byte("x"), 300<<10)
	res, err := c.Post("https://"+at+"/", "text/plain", bytes.NewReader(body)) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if res.ProtoMajor != 2 || err != nil || !bytes.Equal(b, body) || res.Header.Get("X-Got") != fmt.Sprint("HTTP/1.1 ", len(body), " https") {
		t.Errorf("%s %d %v, %d bytes, %q", res.Proto, res.StatusCode, err, len(b), res.Header.Get("X-Got"))
	}
	w.Apply(Change{GoneTargets: []string{"t0"}})
	res, err = c.Get("https://" + at + "/") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	b, _ = io.ReadAll(res.Body)
	_ = res.Body.Close()
	if res.StatusCode != 503 || res.Header.Get("Server") != "awselb/2.0" || !strings.Contains(string(b), "503 Service Temporarily") {
		t.Errorf("%d %v %q", res.StatusCode, res.Header, b)
	}
}

func TestHTTP1OverTLS(t *testing.T) {
	w := newWorld(t, Options{})
	backend := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprint(rw, r.Proto, " ", r.Header.Get("X-Forwarded-Proto"))
	}))
	defer backend.Close()
	at := w.http(func(c *Change) {
		https(t)(c)
		c.Balancers[0].HTTP.DisableHTTP2 = true
		c.Groups[0].Protocol = HTTPS
	}, netip.MustParseAddrPort(backend.Listener.Addr().String()))
	c := tlsClient(t, "a.test", true)
	for range 5 {
		res, err := c.Get("https://" + at + "/") //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.ProtoMajor != 1 || string(b) != "HTTP/1.1 https" {
			t.Errorf("%s %q", res.Proto, b)
		}
	}
	if r, _ := w.ReadTarget("t0"); r.NewConnections != 1 {
		t.Errorf("%d connections for requests that follow each other", r.NewConnections)
	}
}

// clearHTTP2 is a target of HTTP/2 without TLS.
func clearHTTP2(t testing.TB, h http.HandlerFunc) netip.AddrPort {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

// A call of gRPC streams both ways and ends with trailers.
func TestGRPC(t *testing.T) {
	w := newWorld(t, Options{})
	target := clearHTTP2(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Te") != "trailers" {
			http.Error(rw, "no te", 400)
			return
		}
		rw.Header().Set("Content-Type", "application/grpc")
		rw.Header().Set("Trailer", "Grpc-Status")
		buf := make([]byte, 5)
		for {
			if _, err := io.ReadFull(r.Body, buf); err != nil {
				break
			}
			_, _ = rw.Write(bytes.ToUpper(buf))
			_ = http.NewResponseController(rw).Flush()
		}
		rw.Header().Set("Grpc-Status", "0")
		rw.Header().Set(http.TrailerPrefix+"Grpc-Message", "fine")
	})
	at := w.http(func(c *Change) { https(t)(c); c.Groups[0].Version = GRPC }, target)
	c := tlsClient(t, "a.test", true)
	in, out := io.Pipe()
	req, _ := http.NewRequest("POST", "https://"+at+"/pkg.Service/Method", in) //nolint:noctx // a test
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("Te", "trailers")
	go func() { _, _ = io.WriteString(out, "hello") }()
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	buf := make([]byte, 5)
	for _, message := range []string{"", "world"} { // an answer before the next message
		if message != "" {
			_, _ = io.WriteString(out, message)
		}
		if _, err := io.ReadFull(res.Body, buf); err != nil {
			t.Fatal(err)
		}
	}
	_ = out.Close()
	rest, err := io.ReadAll(res.Body)
	if err != nil || len(rest) != 0 || string(buf) != "WORLD" || res.Trailer.Get("Grpc-Status") != "0" || res.Trailer.Get("Grpc-Message") != "fine" {
		t.Errorf("%v %q %q %v", err, buf, rest, res.Trailer)
	}
	// What its targets do not speak is refused.
	if res, err := tlsClient(t, "a.test", false).Get("https://" + at + "/"); err != nil || res.StatusCode != 464 { //nolint:noctx // a test
		t.Errorf("%v %v", res, err)
	}
}

func TestHTTP2Behind(t *testing.T) {
	w := newWorld(t, Options{})
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, r.Proto) }))
	backend.EnableHTTP2 = true
	backend.StartTLS()
	defer backend.Close()
	at := w.http(func(c *Change) { https(t)(c); c.Groups[0].Version = HTTP2; c.Groups[0].Protocol = HTTPS },
		netip.MustParseAddrPort(backend.Listener.Addr().String()))
	res, err := tlsClient(t, "a.test", true).Get("https://" + at + "/a?b") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, _ := io.ReadAll(res.Body); string(b) != "HTTP/2.0" {
		t.Errorf("%d %q", res.StatusCode, b)
	}
}

// A target that breaks off in the middle is not mistaken for one that ended.
func TestHTTP2SeesWhatIsCut(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(https(t), server(t, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(rw, "half")
		rw.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	res, err := tlsClient(t, "a.test", true).Get("https://" + at + "/") //nolint:noctx // a test
	if err != nil {
		return // it was cut before the head went out
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("got %q and no error", b)
	}
}

// Requests without a body take a shorter way to targets of HTTP/1.1, and come
// out the same.
func TestHTTP2ToHTTP1(t *testing.T) {
	w := newWorld(t, Options{})
	at := w.http(https(t), server(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hints":
			rw.Header().Set("Link", "</a>")
			rw.WriteHeader(103)
			_, _ = io.WriteString(rw, "hinted")
		case "/chunked":
			rw.Header().Set("Trailer", "X-Sum")
			for range 100 {
				_, _ = rw.Write(bytes.Repeat([]byte("y"), 1000))
			}
			rw.Header().Set("X-Sum", "100000")
		case "/none":
			rw.WriteHeader(204)
		case "/old":
			c, b, _ := rw.(http.Hijacker).Hijack()
			_, _ = b.WriteString("HTTP/1.0 200 OK\r\nX-Old: 1\r\n\r\nuntil the end")
			_ = b.Flush()
			_ = c.Close()
		default:
			rw.Header()["X-Two"] = []string{"a", "b"}
			fmt.Fprint(rw, r.Method, " ", r.RequestURI)
		}
	}))
	c := tlsClient(t, "a.test", true)
	for range 3 {
		for path, want := range map[string]string{"/hints": "hinted", "/chunked": strings.Repeat("y", 100_000), "/none": "", "/old": "until the end", "//a%2Fb?c": "GET //a%2Fb?c"} {
			res, err := c.Get("https://" + at + path) //nolint:noctx // a test
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.ProtoMajor != 2 || string(b) != want {
				t.Errorf("%s: %v %s %d, %.100q", path, err, res.Proto, res.StatusCode, b)
			}
			if path == "/chunked" && res.Trailer.Get("X-Sum") != "100000" {
				t.Errorf("trailers %v", res.Trailer)
			}
			if path == "//a%2Fb?c" && len(res.Header["X-Two"]) != 2 {
				t.Errorf("header %v", res.Header)
			}
		}
		res, err := c.Head("https://" + at + "/x") //nolint:noctx // a test
		if err != nil || res.ContentLength != int64(len("HEAD /x")) {
			t.Errorf("%v %v", err, res)
		}
		_ = res.Body.Close()
	}
}

// A client that takes nothing of its answer for the idle time is given up, and
// so is what its target sends.
func TestHTTP2ClientsThatDoNotRead(t *testing.T) {
	for name, method := range map[string]string{"without a body": "GET", "with a body": "POST"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Options{})
			ended := make(chan struct{})
			at := w.http(func(c *Change) {
				https(t)(c)
				c.Balancers[0].HTTP.IdleTimeout = 200 * time.Millisecond
			}, server(t, func(rw http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				for part := make([]byte, 64<<10); ; {
					if _, err := rw.Write(part); err != nil {
						close(ended)
						return
					}
				}
			}))
			req, _ := http.NewRequest(method, "https://"+at+"/", strings.NewReader("x")) //nolint:noctx // a test
			if method == "GET" {
				req.Body, req.ContentLength = http.NoBody, 0
			}
			res, err := tlsClient(t, "a.test", true).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			select {
			case <-ended:
			case <-time.After(10 * time.Second):
				t.Error("the target still sends to a client that reads nothing")
			}
		})
	}
}
