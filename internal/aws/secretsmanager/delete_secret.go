package secretsmanager

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// The recovery window in days.
const (
	defaultWindow = 30
	minWindow     = 7
)

func (s *Service) deleteSecret(ctx context.Context, caller wire.Caller, in *sdk.DeleteSecretInput) (*sdk.DeleteSecretOutput, error) {
	force := aws.ToBool(in.ForceDeleteWithoutRecovery)
	window := int64(defaultWindow)
	if in.RecoveryWindowInDays != nil {
		window = *in.RecoveryWindowInDays
		if force {
			return nil, invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
		}
		if window < minWindow || window > defaultWindow {
			return nil, invalidParameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
		}
	}
	if force {
		return s.forceDelete(ctx, caller.Scope, in.SecretId)
	}
	now := s.now()
	purgeAt := now.Add(time.Duration(window) * 24 * time.Hour)
	var secret state.Secret
	err := s.store.Update(ctx, func(w store.Writer) (err error) {
		if secret, err = find(w, caller.Scope, in.SecretId); err != nil {
			return err
		}
		if secret.DeletedAt != nil {
			return invalidRequest("You can't perform this operation on the secret because it was already scheduled for deletion.")
		}
		secret.DeletedAt, secret.PurgeAt = &now, &purgeAt
		return store.Secrets.Put(w, caller.Scope.Key(secret.Name), secret)
	})
	if err != nil {
		return nil, err
	}
	return &sdk.DeleteSecretOutput{ARN: aws.String(secret.ARN), Name: aws.String(secret.Name), DeletionDate: &purgeAt}, nil
}

// forceDelete deletes at once; what does not exist is no error, as at AWS.
func (s *Service) forceDelete(ctx context.Context, scope state.Scope, id *string) (*sdk.DeleteSecretOutput, error) {
	now := s.now()
	name := aws.ToString(id)
	out := &sdk.DeleteSecretOutput{Name: aws.String(name), ARN: aws.String(name), DeletionDate: &now}
	if name != "" && !strings.HasPrefix(name, "arn:") {
		suffix, err := newSuffix(s.random)
		if err != nil {
			return nil, err
		}
		out.ARN = aws.String(scope.SecretARN(name, suffix))
	}
	err := s.store.Update(ctx, func(w store.Writer) error {
		secret, err := find(w, scope, id)
		var absent *types.ResourceNotFoundException
		if errors.As(err, &absent) {
			return nil
		}
		if err != nil {
			return err
		}
		out.ARN, out.Name = aws.String(secret.ARN), aws.String(secret.Name)
		erase(w, scope, secret)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// erase removes a secret with its versions.
func erase(w store.Writer, scope state.Scope, secret state.Secret) {
	for _, v := range versions(w, scope, secret) {
		store.SecretVersions.Delete(w, versionKey(scope, secret, v.ID))
	}
	store.Secrets.Delete(w, scope.Key(secret.Name))
}
