package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) putSecretValue(ctx context.Context, caller wire.Caller, in *sdk.PutSecretValueInput) (*sdk.PutSecretValueOutput, error) {
	if aws.ToString(in.RotationToken) != "" {
		return nil, unsupported("RotationToken (rotation)")
	}
	value, err := readPayload(in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, invalidRequest("You must provide either SecretString or SecretBinary.")
	}
	token, err := checkToken(in.ClientRequestToken)
	if err != nil {
		return nil, err
	}
	if err := checkStages(in.VersionStages); err != nil {
		return nil, err
	}
	labels := in.VersionStages
	if len(labels) == 0 {
		labels = []string{stageCurrent}
	}
	secret, err := s.addVersion(ctx, s.ringOf(ctx, caller), caller.Scope, in.SecretId, token, value, labels)
	if err != nil {
		return nil, err
	}
	return &sdk.PutSecretValueOutput{
		ARN: aws.String(secret.ARN), Name: aws.String(secret.Name),
		VersionId: aws.String(token), VersionStages: labelsOf(secret.Stages, token),
	}, nil
}

// addVersion stores a version once: the same token with the same value again
// changes nothing, not even the labels.
func (s *Service) addVersion(ctx context.Context, ring kmskey.Ring, scope state.Scope, id *string, token string, value *payload, labels []string) (out state.Secret, err error) {
	now := s.now()
	err = s.store.Update(ctx, func(w store.Writer) error {
		secret, err := findActive(w, scope, id)
		if err != nil {
			return err
		}
		out = secret
		if same, err := s.repeated(ring, w, scope, secret, token, value); err != nil || same {
			return err
		}
		if err := s.put(ring, w, scope, &secret, token, value, labels, now); err != nil {
			return err
		}
		secret.ChangedAt = now
		out = secret
		return store.Secrets.Put(w, scope.Key(secret.Name), secret)
	})
	return out, err
}
