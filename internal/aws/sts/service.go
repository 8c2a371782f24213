// Package sts is the front door of the AWS Security Token Service. Sessions
// are stored nowhere: package identity seals them into their tokens.
// Source: https://docs.aws.amazon.com/STS/latest/APIReference/
package sts

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Directory *identity.Directory
	Now       func() time.Time // nil: time.Now
	// KnownRolesOnly refuses roles that are not in IAM. Without it such a role
	// is taken unseen, as task definitions that name one are.
	KnownRolesOnly bool
}

// Service gives and explains credentials. It may be used concurrently.
type Service struct{ cfg Config }

// New returns the service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg}
}

// Describe tells the wire what is served; the rest is refused by name.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name:       "sts",
		Title:      "AWS Security Token Service",
		Protocol:   wire.Query,
		APIVersion: "2011-06-15",
		Namespace:  "https://sts.amazonaws.com/doc/2011-06-15/",
		Naming:     wire.STSNaming,
		Client:     (*sts.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("AssumeRole", s.assumeRole),
			wire.Op("GetAccessKeyInfo", s.getAccessKeyInfo),
			wire.Op("GetCallerIdentity", s.getCallerIdentity),
			wire.Op("GetSessionToken", s.getSessionToken),
		},
	}
}
