package acm

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// life is how long a requested certificate is good, and renewAt what is left
// of it when it is signed anew: AWS's 13 months and 60 days.
const (
	life    = 395 * 24 * time.Hour
	renewAt = 60 * 24 * time.Hour
)

// tokenLife is how long a token stands for its request.
const tokenLife = time.Hour

var (
	domainForm = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])$`)
	tokenForm  = regexp.MustCompile(`^\w{1,32}$`)
)

// requested is what a request asks for; its certificate is still to be signed.
func requested(in *acm.RequestCertificateInput) (c state.Certificate, err error) {
	c = state.Certificate{
		Type: string(types.CertificateTypeAmazonIssued), Domain: strings.ToLower(aws.ToString(in.DomainName)), Token: aws.ToString(in.IdempotencyToken),
		Algorithm: string(in.KeyAlgorithm), Validation: string(in.ValidationMethod), Logging: string(types.CertificateTransparencyLoggingPreferenceEnabled),
	}
	if c.Algorithm == "" {
		c.Algorithm = string(types.KeyAlgorithmRsa2048)
	}
	if c.Validation == "" {
		c.Validation = string(types.ValidationMethodEmail)
	}
	switch {
	case aws.ToString(in.CertificateAuthorityArn) != "":
		return c, badParameter("CertificateAuthorityArn is not supported here: there are no private certificate authorities.")
	case in.ManagedBy != "":
		return c, badParameter("ManagedBy is not supported here.")
	case c.Validation != string(types.ValidationMethodDns) && c.Validation != string(types.ValidationMethodEmail):
		return c, badParameter("Validation method %s is not supported here; DNS and EMAIL are.", c.Validation)
	case c.Token != "" && !tokenForm.MatchString(c.Token):
		return c, invalid("1 validation error detected: Value '%s' at 'idempotencyToken' failed to satisfy constraint: Member must satisfy regular expression pattern: \\w+", c.Token)
	case !slices.Contains([]string{"RSA_2048", "EC_prime256v1", "EC_secp384r1"}, c.Algorithm):
		return c, badParameter("Key algorithm %s cannot be requested; RSA_2048, EC_prime256v1 and EC_secp384r1 can.", c.Algorithm)
	case len(in.SubjectAlternativeNames) > 100:
		return c, &types.LimitExceededException{Message: aws.String("The certificate has more than 100 domain names.")}
	}
	if o := in.Options; o != nil {
		switch {
		case o.Export == types.CertificateExportEnabled:
			return c, badParameter("Exportable certificates are not supported here.")
		case o.ValidationMethod != "":
			return c, badParameter("Options.ValidationMethod is not supported here.")
		case o.CertificateTransparencyLoggingPreference != "":
			c.Logging = string(o.CertificateTransparencyLoggingPreference)
		}
	}
	c.Names = []string{c.Domain}
	for _, name := range in.SubjectAlternativeNames {
		if name = strings.ToLower(name); !slices.Contains(c.Names, name) {
			c.Names = append(c.Names, name)
		}
	}
	for _, name := range c.Names {
		if len(name) > 253 || !domainForm.MatchString(name) {
			return c, invalid("1 validation error detected: Value '%s' at 'domainName' failed to satisfy constraint: Member must satisfy regular expression pattern: (\\*\\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])", name)
		}
	}
	for _, o := range in.DomainValidationOptions {
		name, base := strings.ToLower(aws.ToString(o.DomainName)), strings.ToLower(aws.ToString(o.ValidationDomain))
		if !slices.Contains(c.Names, name) || name != base && !strings.HasSuffix(name, "."+base) {
			return c, &types.InvalidDomainValidationOptionsException{Message: aws.String("The domain validation options are not valid for " + name + ".")}
		}
	}
	c.Tags, err = mergedTags(nil, in.Tags)
	return c, err
}

// newKey makes a key of one of the kinds that can be requested.
func newKey(kind string) (crypto.Signer, error) {
	switch types.KeyAlgorithm(kind) {
	case types.KeyAlgorithmEcPrime256v1:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case types.KeyAlgorithmEcSecp384r1:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, 2048)
}

// sign fills in the certificate for a key.
func (s *Service) sign(c *state.Certificate, public crypto.PublicKey) error {
	authority, err := s.cfg.Authority()
	if err != nil {
		return err
	}
	leaf, above, err := authority.Certify(c.Names, public, life)
	if err != nil {
		return err
	}
	parsed, err := x509.ParseCertificate(leaf)
	if err != nil {
		return err
	}
	c.Body, c.Chain = string(encode(leaf)), string(encode(above))
	c.NotBefore, c.NotAfter = parsed.NotBefore.UTC(), parsed.NotAfter.UTC()
	return nil
}

// requestCertificate has our own authority sign a certificate.
//
// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
func (s *Service) requestCertificate(ctx context.Context, caller wire.Caller, in *acm.RequestCertificateInput) (*acm.RequestCertificateOutput, error) {
	c, err := requested(in)
	if err != nil {
		return nil, err
	}
	id, now, scope := s.cfg.NewID(), s.now(), caller.Scope
	key := scope.Key(id)
	c.ARN, c.CreatedAt = scope.ARN("acm", "certificate/"+id), now
	private, err := newKey(c.Algorithm)
	if err != nil {
		return nil, err
	}
	text, err := encodeKey(private)
	if err != nil {
		return nil, err
	}
	if err := s.sign(&c, private.Public()); err != nil {
		return nil, err
	}
	if c.Key, err = s.cfg.Keyring.Seal(secrets.AAD(store.Certificates.Name, key), text); err != nil {
		return nil, err
	}
	out := &acm.RequestCertificateOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		for _, old := range store.Certificates.List(w, scope, "") {
			if c.Token != "" && old.Token == c.Token && slices.Equal(old.Names, c.Names) && now.Sub(old.CreatedAt) < tokenLife {
				out.CertificateArn = &old.ARN
				return nil
			}
		}
		if full(w, scope) {
			return &types.LimitExceededException{Message: aws.String("You have reached the maximum number of certificates.")}
		}
		out.CertificateArn = &c.ARN
		return store.Certificates.Put(w, key, c)
	})
}

// renewEvery is how often certificates are looked at for their age.
const renewEvery = 24 * time.Hour

// Run signs certificates anew before they expire, with the same key, until ctx
// ends.
func (s *Service) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		if err := s.renew(ctx); err != nil {
			return err
		}
		timer.Reset(renewEvery)
	}
}

func (s *Service) renew(ctx context.Context) error {
	due := map[state.Key]state.Certificate{}
	err := s.view(ctx, func(r store.Reader) error {
		for key, c := range store.Certificates.List(r, state.Scope{}, "") {
			if c.Type == string(types.CertificateTypeAmazonIssued) && c.NotAfter.Sub(s.now()) < renewAt {
				due[key] = c
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for key, c := range due {
		old, err := certificates([]byte(c.Body))
		if err != nil {
			return err
		}
		before := c.Body
		if err := s.sign(&c, old[0].PublicKey); err != nil {
			return err
		}
		err = s.update(ctx, func(w store.Writer) error {
			now, ok := store.Certificates.Get(w, key)
			if !ok || now.Body != before {
				return nil
			}
			now.Body, now.Chain, now.NotBefore, now.NotAfter = c.Body, c.Chain, c.NotBefore, c.NotAfter
			return store.Certificates.Put(w, key, now)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
