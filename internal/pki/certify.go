package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"time"
)

// Certify signs a server certificate for names, the first of which is its
// subject, and a key of somebody else's. It returns the certificate and the
// authority's own, DER.
func (a *Authority) Certify(names []string, public crypto.PublicKey, life time.Duration) (leaf, above []byte, err error) {
	now := a.now()
	leaf, err = x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: newSerial(), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: now.Add(-backdate), NotAfter: now.Add(life),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}, a.cert, public, a.key)
	return leaf, a.cert.Raw, err
}
