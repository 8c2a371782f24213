// Package pki is Hatoba's own certificate authority, and the choice of the
// certificate a TLS listener shows.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // key identifiers are SHA-1 by RFC 5280
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Lives of certificates. A leaf is made anew when a third of its life is left,
// the authority's own certificate when less than two years are: with the same
// key, so that who trusts the old one trusts what the new one has signed.
const (
	authorityLife  = 10 * 365 * 24 * time.Hour
	authorityRenew = 2 * 365 * 24 * time.Hour
	leafLife       = 90 * 24 * time.Hour
	backdate       = time.Hour // for clocks that are behind
)

// Names of the authority's files in its folder. The certificate is for
// everybody to trust, the key for nobody to read.
const (
	CertificateFile = "ca.pem"
	keyFile         = "ca.key"
)

// Authority signs the certificates of Hatoba's listeners. It may be used
// concurrently.
type Authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  []byte
	now  func() time.Time
}

// Open reads the authority from its folder, and makes it when there is none.
// A folder that holds only half of one is an error: a new authority would not
// be trusted by who trusts the old one.
func Open(dir string, now func() time.Time) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	a := &Authority{now: now}
	certPath, keyPath := filepath.Join(dir, CertificateFile), filepath.Join(dir, keyFile)
	_, certErr := os.Stat(certPath)
	err := a.readKey(keyPath)
	switch {
	case errors.Is(err, fs.ErrNotExist) && errors.Is(certErr, fs.ErrNotExist):
		err = a.makeKey(keyPath)
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%s is gone, and %s is of no use without it: restore it, or remove both and trust the new authority that is then made", keyPath, certPath)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	if err := a.readCertificate(certPath); err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	if a.cert == nil || a.cert.NotAfter.Sub(now()) < authorityRenew {
		if err := a.certify(certPath); err != nil {
			return nil, fmt.Errorf("certificate authority: %w", err)
		}
	}
	return a, nil
}

// PEM is the authority's certificate, for clients to trust.
func (a *Authority) PEM() []byte { return a.pem }

func (a *Authority) readKey(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("%s is damaged: it holds no PEM", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	var ok bool
	if a.key, ok = key.(*ecdsa.PrivateKey); !ok {
		return fmt.Errorf("%s holds no ECDSA key", path)
	}
	return nil
}

func (a *Authority) makeKey(path string) (err error) {
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return err
	}
	return writeWhole(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// readCertificate leaves the certificate nil when there is none yet.
func (a *Authority) readCertificate(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("%s is damaged: remove it, it is made again from the key", path)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("%s is damaged: %w; remove it, it is made again from the key", path, err)
	}
	if !a.key.PublicKey.Equal(cert.PublicKey) {
		return fmt.Errorf("%s is not the certificate of the key beside it", path)
	}
	a.cert, a.pem = cert, text
	return nil
}

// certify signs the authority's own certificate.
func (a *Authority) certify(path string) error {
	subject := pkix.Name{CommonName: "Hatoba local authority " + serialOf(a.key)[:8], Organization: []string{"Hatoba"}}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: newSerial(), Subject: subject, NotBefore: a.now().Add(-backdate), NotAfter: a.now().Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		SubjectKeyId: keyID(a.key),
	}, &x509.Certificate{Subject: subject, SubjectKeyId: keyID(a.key)}, a.key.Public(), a.key)
	if err != nil {
		return err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return writeWhole(path, a.pem, 0o644)
}

func keyID(key *ecdsa.PrivateKey) []byte {
	raw, err := key.PublicKey.ECDH()
	if err != nil {
		return nil // no key of ours is off its curve
	}
	sum := sha1.Sum(raw.Bytes()) //nolint:gosec // see the import
	return sum[:]
}

func serialOf(key *ecdsa.PrivateKey) string { return fmt.Sprintf("%x", keyID(key)) }

func newSerial() *big.Int {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	raw[0] &= 0x7f
	return new(big.Int).SetBytes(raw)
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
