package notify

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // AWS's signature version 1
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/disk"
)

// CertificatePath is where the front listener shows a signer's certificate;
// its name comes behind.
const CertificatePath = "/_hatoba/sns/"

// Signer signs documents as SNS does. Who verifies them with an SDK has to
// allow this Hatoba's host beside AWS's for the certificate.
//
// Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
type Signer struct {
	key  *rsa.PrivateKey
	cert []byte // PEM
}

// OpenSigner reads key and certificate from a file, and makes them when it is
// not there.
func OpenSigner(path string, now time.Time) (*Signer, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = newSigner(now); err == nil {
			err = disk.Write(path, text, 0o600)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key of notifications: %w", err)
	}
	keyBlock, rest := pem.Decode(text)
	certBlock, _ := pem.Decode(rest)
	if keyBlock == nil || certBlock == nil {
		return nil, fmt.Errorf("key of notifications: %s is damaged: delete it, and a new one is made", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, fmt.Errorf("key of notifications: %w", err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("key of notifications: %s holds no RSA key", path)
	}
	return &Signer{key: private, cert: pem.EncodeToMemory(certBlock)}, nil
}

func newSigner(now time.Time) ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "Hatoba notifications"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(20, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	out := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	return append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})...), nil
}

// Certificate is the certificate of the given name, as PEM; false when it is
// not this signer's.
func (s *Signer) Certificate(name string) ([]byte, bool) { return s.cert, name == s.name() }

func (s *Signer) name() string {
	sum := sha256.Sum256(s.cert)
	return "SimpleNotificationService-" + hex.EncodeToString(sum[:16]) + ".pem"
}

func (s *Signer) sign(d *Document, base string) error {
	d.SigningCertURL = base + CertificatePath + s.name()
	text := []byte(d.signed())
	hash, sum := crypto.SHA1, sha1.Sum(text)
	digest := sum[:]
	if d.SignatureVersion == "2" {
		sum := sha256.Sum256(text)
		hash, digest = crypto.SHA256, sum[:]
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, hash, digest)
	d.Signature = base64.StdEncoding.EncodeToString(signature)
	return err
}

// signed is the text that a signature is of: some members, by name.
func (d Document) signed() string {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	line("Message", d.Message)
	line("MessageId", d.MessageID)
	if d.Token != "" {
		line("SubscribeURL", d.SubscribeURL)
	} else if d.Subject != "" {
		line("Subject", d.Subject)
	}
	line("Timestamp", d.Timestamp)
	if d.Token != "" {
		line("Token", d.Token)
	}
	line("TopicArn", d.TopicARN)
	line("Type", d.Type)
	return b.String()
}
