package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// ownKey is the service's own key, which stands for Hatoba's master key.
const ownKey = "alias/aws/secretsmanager"

// ring opens and seals for nobody in particular.
func (s *Service) ring() kmskey.Ring { return kmskey.Ring{Keyring: s.keyring} }

// ringOf does so for a caller, who must be let to use the key as AWS demands.
// Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-authz
func (s *Service) ringOf(ctx context.Context, caller wire.Caller) kmskey.Ring {
	ring := s.ring()
	if s.keyUse == nil {
		return ring
	}
	ring.Ask = func(use kmskey.Use, key state.KMSKey, bound map[string]string) error {
		actions := []string{"kms:Decrypt"}
		if use == kmskey.Seals {
			actions = append(actions, "kms:GenerateDataKey")
		}
		for _, action := range actions {
			if s.keyUse(ctx, caller, wire.KeyUse{Service: "secretsmanager", Action: action, Key: key.ARN, Context: bound}) != nil {
				return wire.Errorf("AccessDeniedException", "Access to KMS is not allowed")
			}
		}
		return nil
	}
	return ring
}

// keyOf returns the customer's key that a secret's new values are encrypted
// under, usable; nil when that is the service's own.
func (s *Service) keyOf(r store.Reader, scope state.Scope, secret state.Secret) (*state.KMSKey, error) {
	switch secret.KmsKeyID {
	case "", ownKey, scope.ARN("kms", ownKey):
		return nil, nil
	}
	key, err := kmskey.Find(r, scope, secret.KmsKeyID)
	if err == nil {
		err = kmskey.Usable(key)
	}
	return &key, encryptionFailure(err)
}

// keyContext is what KMS binds a value to.
// Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
func keyContext(secret state.Secret, version string) map[string]string {
	return map[string]string{"SecretARN": secret.ARN, "SecretVersionId": version}
}

// seal encrypts a value under the secret's key, and that under the master key.
// by is the customer's key, "" without one.
func (s *Service) seal(ring kmskey.Ring, r store.Reader, scope state.Scope, secret state.Secret, version string, value []byte) (by string, sealed state.Sealed, err error) {
	key, err := s.keyOf(r, scope, secret)
	if err != nil {
		return "", sealed, err
	}
	if key != nil {
		by = key.ARN
		if value, err = ring.Encrypt(scope, *key, keyContext(secret, version), value); err != nil {
			return "", sealed, encryptionFailure(err)
		}
	}
	sealed, err = s.keyring.Seal(secrets.AAD(store.SecretVersions.Name, versionKey(scope, secret, version)), value)
	return by, sealed, err
}

// changeKey encrypts the labelled versions under another key, as AWS does.
func (s *Service) changeKey(ring kmskey.Ring, w store.Writer, scope state.Scope, secret *state.Secret, id string) error {
	before := *secret
	secret.KmsKeyID = id
	if _, err := s.keyOf(w, scope, *secret); err != nil {
		return err
	}
	for _, v := range versions(w, scope, before) {
		if len(labelsOf(before.Stages, v.ID)) == 0 {
			continue
		}
		value, err := s.open(ring, w, scope, before, v)
		if err != nil {
			return err
		}
		if v.Key, v.Value, err = s.seal(ring, w, scope, *secret, v.ID, value.data); err != nil {
			return err
		}
		if err := store.SecretVersions.Put(w, versionKey(scope, *secret, v.ID), v); err != nil {
			return err
		}
	}
	return nil
}

func encryptionFailure(err error) error {
	problem, ok := kmskey.Of(err)
	if !ok {
		return err
	}
	return &types.EncryptionFailure{Message: aws.String("Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state. (" + problem.Error() + ")")}
}

func decryptionFailure(err error) error {
	problem, ok := kmskey.Of(err)
	if !ok {
		return err
	}
	return &types.DecryptionFailure{Message: aws.String("Secrets Manager can't decrypt the protected secret text using the provided KMS key. (" + problem.Error() + ")")}
}
