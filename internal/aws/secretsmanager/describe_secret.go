package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) describeSecret(ctx context.Context, caller wire.Caller, in *sdk.DescribeSecretInput) (out *sdk.DescribeSecretOutput, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		secret, err := find(r, caller.Scope, in.SecretId)
		if err != nil {
			return err
		}
		e := entry(secret)
		out = &sdk.DescribeSecretOutput{
			ARN: e.ARN, Name: e.Name, Description: e.Description, KmsKeyId: e.KmsKeyId,
			CreatedDate: e.CreatedDate, LastChangedDate: e.LastChangedDate, LastAccessedDate: e.LastAccessedDate,
			DeletedDate: e.DeletedDate, Tags: e.Tags, VersionIdsToStages: e.SecretVersionsToStages,
		}
		return nil
	})
	return out, err
}

// entry is a secret as ListSecrets shows it.
func entry(secret state.Secret) types.SecretListEntry {
	e := types.SecretListEntry{
		ARN: aws.String(secret.ARN), Name: aws.String(secret.Name),
		CreatedDate: aws.Time(secret.CreatedAt), LastChangedDate: aws.Time(secret.ChangedAt),
		LastAccessedDate: secret.AccessedDay, DeletedDate: secret.DeletedAt,
		Tags: secret.Tags, SecretVersionsToStages: byVersion(secret.Stages),
	}
	if secret.Description != "" {
		e.Description = aws.String(secret.Description)
	}
	if secret.KmsKeyID != "" {
		e.KmsKeyId = aws.String(secret.KmsKeyID)
	}
	return e
}
