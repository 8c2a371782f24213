package kms

import (
	"context"
	"strings"

	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// What other services encrypt under KMS keys with. Errors are *kmskey.Error.

// Usable returns the ARN of the usable key that ref means; a service's own is
// made on first use.
func (s *Service) Usable(ctx context.Context, scope state.Scope, ref string) (string, error) {
	key, err := s.usable(ctx, scope, ref)
	return key.ARN, err
}

func (s *Service) usable(ctx context.Context, scope state.Scope, ref string) (key state.KMSKey, err error) {
	if _, ok := managed(aliasIn(scope, ref)); ok {
		return s.find(ctx, scope, &ref)
	}
	err = s.store.View(ctx, func(r store.Reader) error {
		if key, err = kmskey.Find(r, scope, ref); err != nil {
			return err
		}
		return kmskey.Usable(key)
	})
	return key, err
}

// Seal encrypts under the key with the ARN.
func (s *Service) Seal(ctx context.Context, arn string, context map[string]string, plaintext []byte) ([]byte, error) {
	scope := scopeOf(arn)
	key, err := s.usable(ctx, scope, arn)
	if err != nil {
		return nil, err
	}
	return s.ring.Encrypt(scope, key, context, plaintext)
}

// Open decrypts what Seal made.
func (s *Service) Open(ctx context.Context, arn string, context map[string]string, ciphertext []byte) (plain []byte, err error) {
	err = s.store.View(ctx, func(r store.Reader) (err error) {
		plain, _, err = s.ring.Decrypt(r, scopeOf(arn), context, ciphertext, "")
		return err
	})
	return plain, err
}

func scopeOf(arn string) state.Scope {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return state.Scope{}
	}
	return state.Scope{Account: parts[4], Region: parts[3]}
}
