package secretsmanager

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) updateSecret(ctx context.Context, caller wire.Caller, in *sdk.UpdateSecretInput) (*sdk.UpdateSecretOutput, error) {
	scope := caller.Scope
	if err := checkDescription(in.Description); err != nil {
		return nil, err
	}
	if aws.ToString(in.Type) != "" {
		return nil, unsupported("Type (managed external secrets)")
	}
	value, err := readPayload(in.SecretString, in.SecretBinary)
	if err != nil {
		return nil, err
	}
	token := ""
	if value != nil {
		if token, err = checkToken(in.ClientRequestToken); err != nil {
			return nil, err
		}
	}
	now, ring := s.now(), s.ringOf(ctx, caller)
	secret, err := s.change(ctx, scope, in.SecretId, func(w store.Writer, secret *state.Secret) error {
		if in.Description != nil {
			secret.Description = *in.Description
		}
		if in.KmsKeyId != nil {
			if err := s.changeKey(ring, w, scope, secret, *in.KmsKeyId); err != nil {
				return err
			}
		}
		if value == nil {
			return nil
		}
		// Unlike PutSecretValue, a token in use is an error whatever the value.
		if _, ok := store.SecretVersions.Get(w, versionKey(scope, *secret, token)); ok {
			return tokenInUse(*secret, token)
		}
		return s.put(ring, w, scope, secret, token, value, []string{stageCurrent}, now)
	})
	if err != nil {
		return nil, err
	}
	out := &sdk.UpdateSecretOutput{ARN: aws.String(secret.ARN), Name: aws.String(secret.Name)}
	if value != nil {
		out.VersionId = aws.String(token)
	}
	return out, nil
}
