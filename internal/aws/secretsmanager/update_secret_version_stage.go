package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) updateSecretVersionStage(ctx context.Context, caller wire.Caller, in *sdk.UpdateSecretVersionStageInput) (*sdk.UpdateSecretVersionStageOutput, error) {
	label := aws.ToString(in.VersionStage)
	if label == "" || len(label) > 256 {
		return nil, constraint(label, "versionStage", wire.LengthWithin(len(label), 1, 256))
	}
	from, to := aws.ToString(in.RemoveFromVersionId), aws.ToString(in.MoveToVersionId)
	secret, err := s.change(ctx, caller.Scope, in.SecretId, func(w store.Writer, secret *state.Secret) error {
		for _, version := range []string{from, to} {
			if version == "" {
				continue
			}
			if _, ok := store.SecretVersions.Get(w, versionKey(caller.Scope, *secret, version)); !ok {
				return versionNotFound(version)
			}
		}
		stages, err := moveStage(secret.Stages, label, from, to)
		if err != nil {
			return err
		}
		if len(stages) > maxStages {
			return limitExceeded("A secret can't have more than %d staging labels.", maxStages)
		}
		secret.Stages = stages
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sdk.UpdateSecretVersionStageOutput{ARN: aws.String(secret.ARN), Name: aws.String(secret.Name)}, nil
}
