package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/lb"
)

// balancing is how a proxy or a target is told what to do.
type balancing struct {
	HTTP, TLS, Target string
	Certificate       string // file with certificate and key
}

// play is the process behind -role.
func play(role, with string) error {
	if role == "traffic" {
		var t traffic
		if err := json.Unmarshal([]byte(with), &t); err != nil {
			return err
		}
		return drive(t)
	}
	var s balancing
	if err := json.Unmarshal([]byte(with), &s); err != nil {
		return err
	}
	switch role {
	case "target":
		return serveTarget(s)
	case "hatoba":
		return serveHatoba(s)
	case "reverse":
		return serveReverse(s)
	}
	return fmt.Errorf("no role %q", role)
}

// targetAnswer is what the target answers to everything.
var targetAnswer = append([]byte("HTTP/1.1 200 OK\r\nServer: target\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 128\r\n\r\n"), bytes.Repeat([]byte("x"), 128)...)

// serveTarget answers requests without bodies with the least work there is, and
// sends back what comes on a connection that was upgraded.
func serveTarget(s balancing) error {
	l, err := net.Listen("tcp", s.HTTP)
	if err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			buf, have := make([]byte, 8192), 0
			for {
				n, err := c.Read(buf[have:])
				if err != nil {
					return
				}
				have += n
				if !bytes.HasSuffix(buf[:have], []byte("\r\n\r\n")) {
					continue
				}
				if bytes.HasPrefix(buf, []byte("GET /echo")) {
					_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n") // RFC 6455's example
					for {
						n, err := c.Read(buf)
						if err != nil {
							return
						}
						if _, err := c.Write(buf[:n]); err != nil {
							return
						}
					}
				}
				have = 0
				if _, err := c.Write(targetAnswer); err != nil {
					return
				}
			}
		}()
	}
}

// serveHatoba is our data plane with one balancer, as a table describes it.
func serveHatoba(s balancing) error {
	pair, err := tls.LoadX509KeyPair(s.Certificate, s.Certificate)
	if err != nil {
		return err
	}
	plain, secure, target := netip.MustParseAddrPort(s.HTTP), netip.MustParseAddrPort(s.TLS), netip.MustParseAddrPort(s.Target)
	to := lb.Action{Forward: &lb.Forward{Groups: []lb.WeightedGroup{{Group: "g", Weight: 1}}}}
	p := lb.New(lb.Options{})
	p.Apply(lb.Change{
		Balancers: []lb.Balancer{{ID: "b", Address: plain.Addr()}},
		Listeners: []lb.Listener{
			{ID: "http", Balancer: "b", Port: plain.Port(), Default: to},
			{ID: "https", Balancer: "b", Port: secure.Port(), Protocol: lb.HTTPS, Default: to, TLS: &lb.ListenerTLS{Certificates: []lb.Certificate{{ID: "c", Certificate: &pair}}}},
		},
		Groups:  []lb.Group{{ID: "g"}},
		Targets: []lb.Target{{ID: "t", Group: "g", Address: target, State: lb.Healthy}},
	})
	return p.Run(context.Background())
}

type buffers struct{ sync.Pool }

func (b *buffers) Get() []byte  { return *b.Pool.Get().(*[]byte) }
func (b *buffers) Put(p []byte) { b.Pool.Put(&p) }

// serveReverse is the standard library's proxy with what one can tune.
func serveReverse(s balancing) error {
	pair, err := tls.LoadX509KeyPair(s.Certificate, s.Certificate)
	if err != nil {
		return err
	}
	to := &url.URL{Scheme: "http", Host: s.Target}
	h := &httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() },
		BufferPool: &buffers{sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}},
		Transport:  &http.Transport{MaxIdleConns: 0, MaxIdleConnsPerHost: 1024, DisableCompression: true},
	}
	secure, err := net.Listen("tcp", s.TLS)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.ServeTLS(secure, "", "") }()
	l, err := net.Listen("tcp", s.HTTP)
	if err != nil {
		return err
	}
	return server.Serve(l)
}

// writeCertificate makes a certificate and its key, in one file.
func writeCertificate(dir string) (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return "", err
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})...)
	file := filepath.Join(dir, "certificate.pem")
	return file, os.WriteFile(file, text, 0o600)
}
