package targets

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() != agent {
			t.Errorf("User-Agent %q", r.UserAgent())
		}
	})
	mux.HandleFunc("/missing", http.NotFound)
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/AWS.ALB/healthcheck", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		w.WriteHeader(http.StatusOK)
		w.Header().Set("Grpc-Status", "12")
	})
	plain, secure, h2c := httptest.NewServer(mux), httptest.NewUnstartedServer(mux), httptest.NewUnstartedServer(mux)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	h2c.Config.Protocols = new(http.Protocols)
	h2c.Config.Protocols.SetUnencryptedHTTP2(true)
	h2c.Start()
	closed := netip.MustParseAddrPort("127.9.9.9:9") // a port that was closed may be another test's by now
	for _, s := range []*httptest.Server{plain, secure, h2c} {
		t.Cleanup(s.Close)
	}
	at := func(l net.Listener) netip.AddrPort { return netip.MustParseAddrPort(l.Addr().String()) }
	for _, c := range []struct {
		name string
		q    Question
		want Answer
	}{
		{"well", Question{Protocol: "HTTP", Version: "HTTP1", Address: at(plain.Listener), Path: "/ok", Codes: "200"}, good},
		{"not found", Question{Protocol: "HTTP", Version: "HTTP1", Address: at(plain.Listener), Path: "/missing", Codes: "200-299,301"}, mismatch("404")},
		{"not found, which is good", Question{Protocol: "HTTP", Version: "HTTP1", Address: at(plain.Listener), Path: "/missing", Codes: "200,404"}, good},
		{"a redirect is not followed", Question{Protocol: "HTTP", Version: "HTTP1", Address: at(plain.Listener), Path: "/moved", Codes: "200"}, mismatch("302")},
		{"slow", Question{Protocol: "HTTP", Version: "HTTP1", Address: at(plain.Listener), Path: "/slow", Codes: "200", Timeout: 50 * time.Millisecond}, Answer{Reason: "Target.Timeout", Description: "Request timed out"}},
		{"refused", Question{Protocol: "HTTP", Version: "HTTP1", Address: closed, Path: "/ok", Codes: "200"}, refused},
		{"TLS", Question{Protocol: "HTTPS", Version: "HTTP1", Address: at(secure.Listener), Path: "/ok", Codes: "200"}, good},
		{"TLS to plain", Question{Protocol: "HTTPS", Version: "HTTP1", Address: at(plain.Listener), Path: "/ok", Codes: "200"}, refused},
		{"HTTP/2", Question{Protocol: "HTTP", Version: "HTTP2", Address: at(h2c.Listener), Path: "/ok", Codes: "200"}, good},
		{"HTTP/2 over TLS", Question{Protocol: "HTTPS", Version: "HTTP2", Address: at(secure.Listener), Path: "/ok", Codes: "200"}, good},
		{"gRPC", Question{Protocol: "HTTP", Version: "GRPC", Address: at(h2c.Listener), Path: "/AWS.ALB/healthcheck", Codes: "12"}, good},
		{"gRPC mismatch", Question{Protocol: "HTTP", Version: "GRPC", Address: at(h2c.Listener), Path: "/AWS.ALB/healthcheck", Codes: "0-5"}, mismatch("12")},
		{"TCP", Question{Protocol: "TCP", Address: at(plain.Listener)}, good},
		{"TCP refused", Question{Protocol: "TCP", Address: closed}, refused},
	} {
		if c.q.Timeout == 0 {
			c.q.Timeout = 5 * time.Second
		}
		if got := ask(t.Context(), c.q); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		codes string
		code  int
		want  bool
	}{{"200", 200, true}, {"200,202", 202, true}, {"200-299", 250, true}, {"200-299", 300, false}, {"0-5,12", 12, true}, {"", 0, false}} {
		if got := matches(c.codes, c.code); got != c.want {
			t.Errorf("%q %d: %v", c.codes, c.code, got)
		}
	}
}
