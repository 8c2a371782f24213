package acm

import (
	"context"
	"crypto"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxCertificates = 2500

// imported is a certificate as a request brings it, with its key beside it.
func imported(in *acm.ImportCertificateInput) (c state.Certificate, key []byte, err error) {
	switch {
	case len(in.Certificate) == 0 || len(in.Certificate) > 32768:
		return c, nil, invalid("The certificate must have 1 to 32768 bytes.")
	case len(in.PrivateKey) == 0 || len(in.PrivateKey) > 5120:
		return c, nil, invalid("The private key must have 1 to 5120 bytes.")
	case len(in.CertificateChain) > 2097152:
		return c, nil, invalid("The certificate chain must have at most 2097152 bytes.")
	}
	list, err := certificates(in.Certificate)
	if err != nil {
		return c, nil, invalid("Could not parse the certificate: %v.", err)
	}
	if len(list) > 1 {
		return c, nil, invalid("Certificate field contains more than one certificate. You can specify only one certificate in the Certificate field.")
	}
	leaf := list[0]
	if len(in.CertificateChain) > 0 {
		chain, err := certificates(in.CertificateChain)
		if err != nil {
			return c, nil, invalid("Could not parse the certificate chain: %v.", err)
		}
		below := leaf
		for _, above := range chain {
			if below.CheckSignatureFrom(above) != nil {
				return c, nil, invalid("Could not validate the certificate with the certificate chain.")
			}
			below = above
		}
		c.Chain = encodeChain(chain...)
	}
	private, err := privateKey(in.PrivateKey)
	if err != nil {
		return c, nil, invalid("Could not read the private key: %v.", err)
	}
	if public, ok := private.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(leaf.PublicKey) {
		return c, nil, invalid("The private key does not match the certificate.")
	}
	if c.Algorithm = string(algorithm(leaf.PublicKey)); c.Algorithm == "" {
		return c, nil, invalid("The certificate's key algorithm is not supported; RSA of 1024, 2048, 3072 and 4096 bits and the curves P-256, P-384 and P-521 are.")
	}
	c.Type, c.Body, c.NotBefore, c.NotAfter = string(types.CertificateTypeImported), encodeChain(leaf), leaf.NotBefore.UTC(), leaf.NotAfter.UTC()
	c.Names = slices.Clone(leaf.DNSNames)
	if c.Domain = leaf.Subject.CommonName; c.Domain == "" && len(c.Names) > 0 {
		c.Domain = c.Names[0]
	}
	if i := slices.Index(c.Names, c.Domain); i > 0 {
		c.Names[0], c.Names[i] = c.Names[i], c.Names[0]
	}
	key, err = encodeKey(private)
	return c, key, err
}

// importCertificate takes a certificate, or another in the place of one that
// was imported before: listeners show it from then on.
//
// https://docs.aws.amazon.com/acm/latest/APIReference/API_ImportCertificate.html
func (s *Service) importCertificate(ctx context.Context, caller wire.Caller, in *acm.ImportCertificateInput) (*acm.ImportCertificateOutput, error) {
	c, private, err := imported(in)
	if err != nil {
		return nil, err
	}
	now, scope := s.now(), caller.Scope
	if c.NotAfter.Before(now) {
		return nil, invalid("The certificate has expired.")
	}
	again := in.CertificateArn != nil
	if again && len(in.Tags) > 0 {
		return nil, badParameter("You cannot apply tags when reimporting a certificate.")
	}
	if c.Tags, err = mergedTags(nil, in.Tags); err != nil {
		return nil, err
	}
	id := s.cfg.NewID()
	if again {
		id = state.CertificateID(*in.CertificateArn)
	}
	key := scope.Key(id)
	if c.Key, err = s.cfg.Keyring.Seal(secrets.AAD(store.Certificates.Name, key), private); err != nil {
		return nil, err
	}
	out := &acm.ImportCertificateOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		c := c
		c.CreatedAt, c.ImportedAt, c.ARN = now, now, scope.ARN("acm", "certificate/"+id)
		if again {
			_, old, err := find(w, scope, in.CertificateArn)
			if err != nil {
				return err
			}
			if old.Type != c.Type {
				return invalid("The certificate %s was not imported, and cannot be reimported.", old.ARN)
			}
			c.ARN, c.CreatedAt, c.Tags = old.ARN, old.CreatedAt, old.Tags
		} else if full(w, scope) {
			return &types.LimitExceededException{Message: aws.String("You have reached the maximum number of certificates.")}
		}
		out.CertificateArn = &c.ARN
		return store.Certificates.Put(w, key, c)
	})
}

func full(r store.Reader, scope state.Scope) bool {
	n := 0
	for range store.Certificates.List(r, scope, "") {
		n++
	}
	return n >= maxCertificates
}
