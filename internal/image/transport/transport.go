// Package transport makes the connections to image registries: through the
// proxy the environment names, trusting the authorities the machine, docker's
// certs.d folder and the configuration name.
package transport

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// CertsDir is where docker keeps a registry's certificates, a folder per host:
// *.crt are authorities, NAME.cert with NAME.key is what we show.
// Source: https://docs.docker.com/engine/security/certificates/
const CertsDir = "/etc/docker/certs.d"

// Set hands out transports. One serves all requests that trust the same, so
// that their connections are shared. The zero Set takes the proxy from the
// environment as it is at the first use, and docker's folder.
type Set struct {
	Proxy    func(*url.URL) (*url.URL, error) // nil: HTTPS_PROXY, HTTP_PROXY, NO_PROXY
	CertsDir string                           // "" : CertsDir

	mu   sync.Mutex
	made map[[sha256.Size]byte]*http.Transport
}

// maxMade bounds the transports that are kept: certificates change seldom.
const maxMade = 64

// For returns the transport for a host (with its port, where it has one), which
// trusts the PEM ca too.
func (s *Set) For(host string, ca []byte) (http.RoundTripper, error) {
	files, err := s.certificates(host)
	if err != nil {
		return nil, err
	}
	files.ca = append(files.ca, ca...)
	s.mu.Lock()
	defer s.mu.Unlock()
	key := files.sum()
	t, ok := s.made[key]
	if !ok {
		if t, err = s.newTransport(host, files); err != nil {
			return nil, err
		}
		if s.made == nil || len(s.made) >= maxMade {
			s.made = map[[sha256.Size]byte]*http.Transport{}
		}
		s.made[key] = t
	}
	return limited{t}, nil
}

// CloseIdle closes the connections nobody uses.
func (s *Set) CloseIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.made {
		t.CloseIdleConnections()
	}
}

func (s *Set) newTransport(host string, files certificates) (*http.Transport, error) {
	if s.Proxy == nil {
		s.Proxy = httpproxy.FromEnvironment().ProxyFunc()
	}
	proxy := s.Proxy
	t := &http.Transport{
		Proxy:               func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        32,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		// A registry that takes a request and never answers is unreachable.
		ResponseHeaderTimeout: 5 * time.Minute,
	}
	if len(files.ca) == 0 && len(files.pairs) == 0 {
		return t, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if len(files.ca) > 0 && !pool.AppendCertsFromPEM(files.ca) {
		return nil, fmt.Errorf("the authority given for registry %s is no PEM certificate", host)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	for _, p := range files.pairs {
		cert, err := tls.X509KeyPair(p[0], p[1])
		if err != nil {
			return nil, fmt.Errorf("the client certificate for registry %s: %w", host, err)
		}
		t.TLSClientConfig.Certificates = append(t.TLSClientConfig.Certificates, cert)
	}
	return t, nil
}

// certificates is what is trusted and shown.
type certificates struct {
	ca    []byte
	pairs [][2][]byte // certificate and key
}

func (c certificates) sum() (sum [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintf(h, "%q", c.ca)
	for _, p := range c.pairs {
		fmt.Fprintf(h, "%q%q", p[0], p[1])
	}
	h.Sum(sum[:0])
	return sum
}

// certificates reads docker's folder for a host.
func (s *Set) certificates(host string) (out certificates, err error) {
	root := s.CertsDir
	if root == "" {
		root = CertsDir
	}
	if strings.ContainsAny(host, "/\\") || host == "" || strings.HasPrefix(host, ".") {
		return out, fmt.Errorf("%q is no registry's host", host)
	}
	dir := filepath.Join(root, host)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("certificates of registry %s: %w", host, err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch filepath.Ext(e.Name()) {
		case ".crt":
			pem, err := os.ReadFile(path)
			if err != nil {
				return out, fmt.Errorf("certificates of registry %s: %w", host, err)
			}
			out.ca = append(append(out.ca, pem...), '\n')
		case ".cert":
			cert, err := os.ReadFile(path)
			if err != nil {
				return out, fmt.Errorf("certificates of registry %s: %w", host, err)
			}
			key, err := os.ReadFile(strings.TrimSuffix(path, ".cert") + ".key")
			if err != nil {
				return out, fmt.Errorf("certificates of registry %s: %w", host, err)
			}
			out.pairs = append(out.pairs, [2][]byte{cert, key})
		}
	}
	return out, nil
}
