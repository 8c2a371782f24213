package secretsmanager

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) tagResource(ctx context.Context, caller wire.Caller, in *sdk.TagResourceInput) (*sdk.TagResourceOutput, error) {
	_, err := s.change(ctx, caller.Scope, in.SecretId, func(_ store.Writer, secret *state.Secret) (err error) {
		secret.Tags, err = mergeTags(secret.Tags, in.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &sdk.TagResourceOutput{}, nil
}

func (s *Service) untagResource(ctx context.Context, caller wire.Caller, in *sdk.UntagResourceInput) (*sdk.UntagResourceOutput, error) {
	_, err := s.change(ctx, caller.Scope, in.SecretId, func(_ store.Writer, secret *state.Secret) error {
		secret.Tags = slices.DeleteFunc(slices.Clone(secret.Tags), func(t types.Tag) bool {
			return slices.Contains(in.TagKeys, aws.ToString(t.Key))
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sdk.UntagResourceOutput{}, nil
}
