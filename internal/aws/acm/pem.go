package acm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

const certificateBlock = "CERTIFICATE"

// KeyPair is a certificate with its chain and its private key, as TLS needs it.
func KeyPair(keyring *secrets.Keyring, key state.Key, c state.Certificate) (*tls.Certificate, error) {
	private, err := keyring.Open(secrets.AAD(store.Certificates.Name, key), c.Key)
	if err != nil {
		return nil, fmt.Errorf("private key of %s: %w", c.ARN, err)
	}
	pair, err := tls.X509KeyPair([]byte(c.Body+c.Chain), private)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", c.ARN, err)
	}
	return &pair, nil
}

// certificates reads PEM that holds nothing but certificates.
func certificates(text []byte) (out []*x509.Certificate, err error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			if len(out) == 0 {
				return nil, errors.New("there is no PEM-encoded certificate in it")
			}
			return out, nil
		}
		if block.Type != certificateBlock {
			return nil, fmt.Errorf("it holds a %q", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		out, text = append(out, c), rest
	}
}

// privateKey reads an unencrypted PEM key of any of the usual forms. Its errors
// say nothing of the key.
func privateKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the private key is not PEM-encoded")
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return nil, errors.New("the private key is encrypted, or in a form that is not supported")
}

// encodeChain is PEM of certificates.
func encodeChain(chain ...*x509.Certificate) string {
	var out []byte
	for _, c := range chain {
		out = append(out, encode(c.Raw)...)
	}
	return string(out)
}

func encode(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: der})
}

// encodeKey is PEM of a private key, PKCS #8.
func encodeKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// algorithm is how ACM names the kind of a key, "" for one it does not take.
func algorithm(key crypto.PublicKey) types.KeyAlgorithm {
	switch key := key.(type) {
	case *rsa.PublicKey:
		switch n := key.N.BitLen(); n {
		case 1024, 2048, 3072, 4096:
			return types.KeyAlgorithm("RSA_" + strconv.Itoa(n))
		}
	case *ecdsa.PublicKey:
		switch key.Curve.Params().Name {
		case "P-256":
			return types.KeyAlgorithmEcPrime256v1
		case "P-384":
			return types.KeyAlgorithmEcSecp384r1
		case "P-521":
			return types.KeyAlgorithmEcSecp521r1
		}
	}
	return ""
}
