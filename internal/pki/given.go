package pki

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"time"
)

// look is how often the files of a given certificate are looked at.
const look = 10 * time.Second

// Given is a certificate from elsewhere, read again when its files change, so
// that whoever renews it need not tell anybody.
type Given struct {
	certFile, keyFile string

	mu     sync.Mutex
	cert   *tls.Certificate
	read   [2]time.Time // when the files were written that are in use
	looked time.Time
}

// OpenGiven reads a certificate chain and its key, both PEM.
func OpenGiven(certFile, keyFile string) (*Given, error) {
	g := &Given{certFile: certFile, keyFile: keyFile}
	if err := g.load(); err != nil {
		return nil, err
	}
	return g, nil
}

// Get returns the certificate if it has the name a client looks for, nil
// otherwise. Files that cannot be read leave the one that was.
func (g *Given) Get(name string) *tls.Certificate {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.looked) > look {
		g.looked = now
		if written, err := g.written(); err == nil && written != g.read {
			_ = g.load() // half written: the next look finds the rest
		}
	}
	if g.cert.Leaf.VerifyHostname(name) != nil {
		return nil
	}
	return g.cert
}

// Leaf is the certificate as it is now.
func (g *Given) Leaf() *x509.Certificate {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cert.Leaf
}

func (g *Given) load() error {
	written, err := g.written()
	if err != nil {
		return err
	}
	cert, err := tls.LoadX509KeyPair(g.certFile, g.keyFile)
	if err != nil {
		return fmt.Errorf("certificate %s with key %s: %w", g.certFile, g.keyFile, err)
	}
	if cert.Leaf == nil {
		if cert.Leaf, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
			return err
		}
	}
	g.cert, g.read = &cert, written
	return nil
}

func (g *Given) written() (out [2]time.Time, err error) {
	for i, file := range []string{g.certFile, g.keyFile} {
		info, err := os.Stat(file)
		if err != nil {
			return out, err
		}
		out[i] = info.ModTime()
	}
	return out, nil
}

// Config is a TLS listener's: the given certificate for the names it has, one
// of our own for all others, which is how tasks and the node reach it.
func Config(given *Given, own *Leaves) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if given != nil {
				if c := given.Get(Name(hello)); c != nil {
					return c, nil
				}
			}
			return own.Get(hello)
		},
	}
}
