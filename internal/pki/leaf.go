package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// maxLeaves bounds the certificates that are kept: clients choose names.
const maxLeaves = 200

// Leaves makes the certificates that listeners show, one per name, when they
// are first asked for. Nothing of them is on disk.
type Leaves struct {
	Authority *Authority
	// Names are what certificates are made for besides loopback, the addresses
	// of this machine, *.localhost and *.amazonaws.com.
	Names []string

	mu   sync.Mutex
	made map[string]*tls.Certificate
}

// Get returns the certificate for a connection; it has the form of
// tls.Config.GetCertificate.
func (l *Leaves) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := Name(hello)
	if !l.ours(name) {
		return nil, fmt.Errorf("no certificate for the name %.100q; hatoba up --tls-names adds names", name)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.Authority.now()
	if c := l.made[name]; c != nil && c.Leaf.NotAfter.Sub(now) > leafLife/3 {
		return c, nil
	}
	c, err := l.Authority.leaf(name, now)
	if err != nil {
		return nil, err
	}
	if l.made == nil || len(l.made) >= maxLeaves {
		l.made = map[string]*tls.Certificate{}
	}
	l.made[name] = c
	return c, nil
}

// Name is the name a client looks for: the one it sends or, as clients send
// no addresses, the address it has reached.
func Name(hello *tls.ClientHelloInfo) string {
	if hello.ServerName != "" {
		return strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	}
	if hello.Conn == nil {
		return "localhost"
	}
	if addr, err := netip.ParseAddrPort(hello.Conn.LocalAddr().String()); err == nil {
		return addr.Addr().Unmap().WithZone("").String()
	}
	return "localhost"
}

// ours tells whether a certificate may be made for a name. An address is one
// that a connection has reached, and so this machine's.
func (l *Leaves) ours(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	if len(name) > 253 || strings.ContainsAny(name, "*/ ") {
		return false
	}
	for _, suffix := range []string{".localhost", ".amazonaws.com", ".amazonaws.com.cn"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	if name == "localhost" {
		return true
	}
	for _, own := range l.Names {
		rest, wild := strings.CutPrefix(strings.ToLower(own), "*.")
		_, parent, _ := strings.Cut(name, ".")
		if name == strings.ToLower(own) || wild && parent == rest {
			return true
		}
	}
	return false
}

// leaf signs a certificate for a name or an address. Those of the machine
// itself go with each other, so that one answers to all of loopback's names.
func (a *Authority) leaf(name string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: newSerial(), Subject: pkix.Name{Organization: []string{"Hatoba"}},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	ip := net.ParseIP(name)
	if ip == nil {
		template.DNSNames = []string{name}
	} else {
		template.IPAddresses = []net.IP{ip}
	}
	if name == "localhost" || ip.IsLoopback() {
		template.DNSNames, template.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
		if ip != nil && !ip.Equal(net.IPv4(127, 0, 0, 1)) && !ip.Equal(net.IPv6loopback) {
			template.IPAddresses = append(template.IPAddresses, ip)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: parsed}, nil
}
