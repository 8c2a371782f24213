package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// restoreSecret takes a deletion back. A secret that is not marked stays as it
// is, as at AWS.
func (s *Service) restoreSecret(ctx context.Context, caller wire.Caller, in *sdk.RestoreSecretInput) (*sdk.RestoreSecretOutput, error) {
	var secret state.Secret
	now := s.now()
	err := s.store.Update(ctx, func(w store.Writer) (err error) {
		if secret, err = find(w, caller.Scope, in.SecretId); err != nil || secret.DeletedAt == nil {
			return err
		}
		secret.DeletedAt, secret.PurgeAt, secret.ChangedAt = nil, nil, now
		return store.Secrets.Put(w, caller.Scope.Key(secret.Name), secret)
	})
	if err != nil {
		return nil, err
	}
	return &sdk.RestoreSecretOutput{ARN: aws.String(secret.ARN), Name: aws.String(secret.Name)}, nil
}
