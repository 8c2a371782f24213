package kms

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// services have a key of their own, aws/SERVICE, which AWS makes when it is
// first used.
var services = []string{"s3", "secretsmanager", "ssm"}

func managed(alias string) (service string, ok bool) {
	service, ok = strings.CutPrefix(alias, "alias/aws/")
	return service, ok && slices.Contains(services, service)
}

// aliasIn is the alias that a reference names, "" for none.
func aliasIn(scope state.Scope, ref string) string {
	if rest, ok := strings.CutPrefix(ref, scope.ARN("kms", "")); ok {
		ref = rest
	}
	if strings.HasPrefix(ref, "alias/") {
		return ref
	}
	return ""
}

// find returns the key that ref means, and makes a service's own on first use.
func (s *Service) find(ctx context.Context, scope state.Scope, ref *string) (key state.KMSKey, err error) {
	if aws.ToString(ref) == "" {
		return key, constraint("", "keyId", "Member must have length greater than or equal to 1")
	}
	err = s.store.View(ctx, func(r store.Reader) (err error) {
		key, err = kmskey.Find(r, scope, *ref)
		return err
	})
	alias := aliasIn(scope, *ref)
	service, ok := managed(alias)
	if !ok || !isNotFound(err) {
		return key, told(err)
	}
	err = s.store.Update(ctx, func(w store.Writer) (err error) {
		if key, err = kmskey.Find(w, scope, alias); err == nil {
			return nil
		}
		key, err = s.make(scope, types.KeyManagerTypeAws, "Default key that protects my "+service+" data when no other key is defined")
		if err != nil {
			return err
		}
		key.Policy = managedPolicy(scope, service)
		if err := store.KMSKeys.Put(w, scope.Key(key.ID), key); err != nil {
			return err
		}
		return store.KMSAliases.Put(w, scope.Key(alias), state.KMSAlias{Name: alias, KeyID: key.ID, CreatedAt: key.CreatedAt, UpdatedAt: key.CreatedAt})
	})
	return key, told(err)
}

// make composes a key.
func (s *Service) make(scope state.Scope, manager types.KeyManagerType, description string) (state.KMSKey, error) {
	id := uuid.NewString()
	key := state.KMSKey{
		ID: id, ARN: scope.KMSKeyARN(id), Description: description, Manager: manager, State: types.KeyStateEnabled,
		CreatedAt: s.now().UTC(), Policy: defaultPolicy(scope),
	}
	material, err := s.ring.NewMaterial(scope.Key(id), 0, key.CreatedAt, false)
	key.Material = []state.KMSMaterial{material}
	return key, err
}

// change changes a customer's key in one step.
func (s *Service) change(ctx context.Context, scope state.Scope, ref *string, fn func(key *state.KMSKey) error) error {
	found, err := s.find(ctx, scope, ref)
	if err != nil {
		return err
	}
	if found.Manager == types.KeyManagerTypeAws {
		return &types.UnsupportedOperationException{Message: aws.String(found.ARN + " is an AWS managed key; it cannot be changed.")}
	}
	err = s.store.Update(ctx, func(w store.Writer) error {
		key, err := kmskey.Find(w, scope, found.ID)
		if err != nil {
			return err
		}
		if err := fn(&key); err != nil {
			return err
		}
		return store.KMSKeys.Put(w, scope.Key(key.ID), key)
	})
	return told(err)
}

// pending refuses keys whose deletion is scheduled.
func pending(key *state.KMSKey) error {
	if key.State == types.KeyStatePendingDeletion {
		return kmskey.Usable(*key)
	}
	return nil
}

func metadata(scope state.Scope, key state.KMSKey) *types.KeyMetadata {
	out := &types.KeyMetadata{
		AWSAccountId: aws.String(scope.Account), Arn: aws.String(key.ARN), KeyId: aws.String(key.ID), Description: aws.String(key.Description),
		CreationDate: aws.Time(key.CreatedAt), KeySpec: types.KeySpecSymmetricDefault, CustomerMasterKeySpec: types.CustomerMasterKeySpecSymmetricDefault,
		KeyUsage: types.KeyUsageTypeEncryptDecrypt, KeyManager: key.Manager, KeyState: key.State, Enabled: key.State == types.KeyStateEnabled,
		EncryptionAlgorithms: []types.EncryptionAlgorithmSpec{types.EncryptionAlgorithmSpecSymmetricDefault},
		Origin:               types.OriginTypeAwsKms, MultiRegion: aws.Bool(false),
		CurrentKeyMaterialId: aws.String(key.Material[len(key.Material)-1].ID),
	}
	if key.DeleteAt != nil {
		out.DeletionDate = key.DeleteAt
	}
	return out
}

func day(n int32) time.Duration { return time.Duration(n) * 24 * time.Hour }
