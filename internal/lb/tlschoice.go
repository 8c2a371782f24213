package lb

import (
	"crypto/tls"
	"strings"
)

// tlsChoice is what a listener shows clients: a configuration, and its
// certificates by name.
type tlsChoice struct {
	first    *Certificate
	exact    map[string]*Certificate
	wildcard map[string]*Certificate // *.example.com as .example.com
	config   *tls.Config
	http2    *tls.Config // which offers HTTP/2 too
}

func newTLSChoice(l *Listener) *tlsChoice {
	if l.TLS == nil || len(l.TLS.Certificates) == 0 {
		return nil
	}
	t := &tlsChoice{exact: map[string]*Certificate{}, wildcard: map[string]*Certificate{}}
	for i := range l.TLS.Certificates {
		c := &l.TLS.Certificates[i]
		if t.first == nil {
			t.first = c
		}
		if c.Leaf == nil {
			continue
		}
		names := c.Leaf.DNSNames
		if len(names) == 0 {
			names = []string{c.Leaf.Subject.CommonName}
		}
		for _, name := range names {
			t.add(strings.ToLower(name), c)
		}
	}
	t.config = &tls.Config{
		MinVersion: l.TLS.MinVersion, MaxVersion: l.TLS.MaxVersion, CipherSuites: l.TLS.CipherSuites,
		NextProtos: l.TLS.ALPN,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return t.choose(hello.ServerName).Certificate, nil
		},
	}
	if l.Protocol == HTTPS {
		t.config.NextProtos = []string{"http/1.1"}
	}
	t.http2 = t.config.Clone()
	t.http2.NextProtos = []string{"h2", "http/1.1"}
	return t
}

func (t *tlsChoice) add(name string, c *Certificate) {
	names := t.exact
	if rest, ok := strings.CutPrefix(name, "*"); ok {
		names, name = t.wildcard, rest
	}
	if names[name] == nil {
		names[name] = c
	}
}

// choose is the certificate for the name that a client asks for.
func (t *tlsChoice) choose(name string) *Certificate {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if c := t.exact[name]; c != nil {
		return c
	}
	if i := strings.IndexByte(name, '.'); i > 0 {
		if c := t.wildcard[name[i:]]; c != nil {
			return c
		}
	}
	return t.first
}
