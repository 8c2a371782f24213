package transport

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func get(t *testing.T, s *Set, host string, ca []byte, at string) error {
	t.Helper()
	tr, err := s.For(host, ca)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: tr}).Get(at)
	if err == nil {
		resp.Body.Close()
	}
	return err
}

func authority(server *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func TestPrivateAuthorities(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "https://")
	dir := t.TempDir()
	s := &Set{CertsDir: dir}
	defer s.CloseIdle()
	var unknown *tls.CertificateVerificationError
	if err := get(t, s, host, nil, server.URL); !errors.As(err, &unknown) {
		t.Fatalf("trusted by nobody: %v", err)
	}
	if err := get(t, s, host, authority(server), server.URL); err != nil {
		t.Fatalf("given: %v", err)
	}
	if err := get(t, s, host, []byte("nonsense"), server.URL); err == nil || !strings.Contains(err.Error(), "no PEM") {
		t.Fatalf("nonsense: %v", err)
	}
	folder := filepath.Join(dir, host)
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "ca.crt"), authority(server), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := get(t, s, host, nil, server.URL); err != nil {
		t.Fatalf("in docker's folder: %v", err)
	}
	for _, bad := range []string{"", "..", "a/b", "../../etc"} {
		if _, err := s.For(bad, nil); err == nil {
			t.Errorf("%q was taken as a host", bad)
		}
	}
}

func TestRequestsThatTrustTheSameShareConnections(t *testing.T) {
	var conns atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	s := &Set{CertsDir: t.TempDir()}
	for range 5 {
		if err := get(t, s, "one", nil, server.URL); err != nil {
			t.Fatal(err)
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
	s.CloseIdle()
}

// A registry whose name only the proxy knows is reached through CONNECT.
func TestProxy(t *testing.T) {
	registry := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "here") }))
	defer registry.Close()
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method + " " + r.Host)
		to, err := net.Dial("tcp", registry.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer to.Close()
		from, read, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer from.Close()
		_, _ = io.WriteString(from, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() { _, _ = io.Copy(to, read) }() // the server may have read the first byte
		_, _ = io.Copy(from, to)
	}))
	defer proxy.Close()
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "direct.test")
	s := &Set{CertsDir: t.TempDir()}
	if err := get(t, s, "example.com", authority(registry), "https://example.com/v2/"); err != nil {
		t.Fatal(err)
	}
	if got := asked.Load(); got != "CONNECT example.com:443" {
		t.Errorf("the proxy was asked %v", got)
	}
	for at, through := range map[string]bool{"https://example.com": true, "https://direct.test": false, "https://127.0.0.1:1": false} {
		u, _ := url.Parse(at)
		if p, err := s.Proxy(u); err != nil || (p != nil) != through {
			t.Errorf("%s: %v, %v", at, p, err)
		}
	}
	s.CloseIdle()
}

func TestRateLimited(t *testing.T) {
	var requests int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}`)
	}))
	defer server.Close()
	err := get(t, &Set{CertsDir: t.TempDir()}, "h", nil, server.URL+"/v2/app?secret=1")
	var limited *RateLimited
	if !errors.As(err, &limited) || limited.After != 7*time.Second {
		t.Fatalf("%v", err)
	}
	want := "unexpected status code " + server.URL + "/v2/app: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit."
	if limited.Error() != want || requests != 1 {
		t.Errorf("%d requests\n got %s\nwant %s", requests, limited, want)
	}
}

func FuzzRateLimited(f *testing.F) {
	f.Add([]byte(`{"errors":[{"code":"A","message":"b"}]}`), "3")
	f.Add([]byte("\xff"), "Wed, 21 Oct 2015 07:28:00 GMT")
	f.Fuzz(func(t *testing.T, body []byte, after string) {
		if m := serverMessage(body); len(m) > 512 {
			t.Errorf("%d bytes", len(m))
		}
		if d := retryAfter(after, time.Unix(0, 0)); d < 0 {
			t.Errorf("%s", d)
		}
	})
}
