// Package acm is the front door of AWS Certificate Manager: certificates that
// were imported, and ones that Hatoba's own authority signs. Listeners of load
// balancers show them.
//
// A requested certificate is ISSUED at once: there is nobody whose domain would
// have to be validated, and who trusts the authority does so knowingly. The
// DNS records that would validate it are described, with status SUCCESS.
//
// Source: https://docs.aws.amazon.com/acm/latest/APIReference/
package acm

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/acm"

	"github.com/hatoba/hatoba/internal/pki"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store   store.Store
	Keyring *secrets.Keyring // seals private keys
	// Authority signs what is requested. It is asked for when it is first needed.
	Authority func() (*pki.Authority, error)
	NewID     func() string    // a UUID
	Now       func() time.Time // nil: time.Now
}

// Service answers ACM requests. It may be used concurrently.
type Service struct{ cfg Config }

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg}
}

// now is the time as ACM tells it.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

func (s *Service) view(ctx context.Context, fn func(store.Reader) error) error {
	return s.cfg.Store.View(ctx, fn)
}

// update runs fn, which may run twice, over a transaction.
func (s *Service) update(ctx context.Context, fn func(store.Writer) error) error {
	return s.cfg.Store.Update(ctx, fn)
}

// Describe tells wire what is served. What is not listed is refused by name.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name: "acm", Title: "AWS Certificate Manager", Protocol: wire.JSON11, TargetPrefix: "CertificateManager",
		Naming: wire.ACMNaming, Client: (*acm.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("ImportCertificate", s.importCertificate),
			wire.Op("RequestCertificate", s.requestCertificate),
			wire.Op("DescribeCertificate", s.describeCertificate),
			wire.Op("ListCertificates", s.listCertificates),
			wire.Op("GetCertificate", s.getCertificate),
			wire.Op("DeleteCertificate", s.deleteCertificate),
			wire.Op("AddTagsToCertificate", s.addTags),
			wire.Op("RemoveTagsFromCertificate", s.removeTags),
			wire.Op("ListTagsForCertificate", s.listTags),
		},
	}
}
