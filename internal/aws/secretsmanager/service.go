// Package secretsmanager is the front door of AWS Secrets Manager. A secret is
// one record of metadata and staging labels, and one sealed record for each
// version, so that every operation is one small atomic update.
//
// Rotation, replication, and managed external secrets are
// not done and are refused by name.
// Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/
package secretsmanager

import (
	"context"
	"crypto/rand"
	"io"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store   store.Store
	Keyring *secrets.Keyring
	Now     func() time.Time // nil: time.Now
	Random  io.Reader        // of ARN suffixes and passwords; nil: crypto/rand
	// AuthorizeKey decides whether a caller may use a KMS key; nil: everybody may.
	AuthorizeKey wire.AuthorizeKey
}

// Service serves Secrets Manager. Its methods may be called concurrently.
type Service struct {
	store   store.Store
	keyring *secrets.Keyring
	now     func() time.Time
	random  io.Reader
	keyUse  wire.AuthorizeKey
}

// New returns a Service.
func New(cfg Config) *Service {
	s := &Service{store: cfg.Store, keyring: cfg.Keyring, now: cfg.Now, random: cfg.Random, keyUse: cfg.AuthorizeKey}
	if s.now == nil {
		s.now = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	return s
}

// Describe lists the operations for the wire.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name:         "secretsmanager",
		Title:        "AWS Secrets Manager",
		Protocol:     wire.JSON11,
		TargetPrefix: "secretsmanager",
		Client:       (*sdk.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("BatchGetSecretValue", s.batchGetSecretValue),
			wire.Op("CreateSecret", s.createSecret),
			wire.Op("DeleteResourcePolicy", s.deleteResourcePolicy),
			wire.Op("DeleteSecret", s.deleteSecret),
			wire.Op("DescribeSecret", s.describeSecret),
			wire.Op("GetRandomPassword", s.getRandomPassword),
			wire.Op("GetResourcePolicy", s.getResourcePolicy),
			wire.Op("GetSecretValue", s.getSecretValue),
			wire.Op("ListSecretVersionIds", s.listSecretVersionIDs),
			wire.Op("ListSecrets", s.listSecrets),
			wire.Op("PutResourcePolicy", s.putResourcePolicy),
			wire.Op("PutSecretValue", s.putSecretValue),
			wire.Op("RestoreSecret", s.restoreSecret),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.Op("UpdateSecret", s.updateSecret),
			wire.Op("UpdateSecretVersionStage", s.updateSecretVersionStage),
			wire.Op("ValidateResourcePolicy", s.validateResourcePolicy),
		},
	}
}

// change finds a secret that is not marked for deletion, lets fn edit a copy
// and stores it with a new change time. fn may run twice.
func (s *Service) change(ctx context.Context, scope state.Scope, id *string, fn func(w store.Writer, secret *state.Secret) error) (state.Secret, error) {
	var out state.Secret
	now := s.now()
	err := s.store.Update(ctx, func(w store.Writer) error {
		secret, err := findActive(w, scope, id)
		if err != nil {
			return err
		}
		if err := fn(w, &secret); err != nil {
			return err
		}
		secret.ChangedAt = now
		out = secret
		return store.Secrets.Put(w, scope.Key(secret.Name), secret)
	})
	return out, err
}
