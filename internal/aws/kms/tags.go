package kms

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxTags = 50

// mergeTags puts more over have.
func mergeTags(have, more []types.Tag) ([]types.Tag, error) {
	out := slices.Clone(have)
	for _, t := range more {
		key := aws.ToString(t.TagKey)
		switch {
		case key == "" || len(key) > 128 || len(aws.ToString(t.TagValue)) > 256:
			return nil, &types.TagException{Message: aws.String("A tag key has 1 to 128 characters, a value at most 256.")}
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, &types.TagException{Message: aws.String("aws: prefixed tag key names are not allowed for external use.")}
		}
		t.TagValue = aws.String(aws.ToString(t.TagValue))
		if i := slices.IndexFunc(out, func(o types.Tag) bool { return *o.TagKey == key }); i >= 0 {
			out[i] = t
		} else {
			out = append(out, t)
		}
	}
	if len(out) > maxTags {
		return nil, &types.LimitExceededException{Message: aws.String("A key can have at most 50 tags.")}
	}
	return out, nil
}

func (s *Service) tagResource(ctx context.Context, caller wire.Caller, in *sdk.TagResourceInput) (*sdk.TagResourceOutput, error) {
	return &sdk.TagResourceOutput{}, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) (err error) {
		if err := pending(key); err != nil {
			return err
		}
		key.Tags, err = mergeTags(key.Tags, in.Tags)
		return err
	})
}

func (s *Service) untagResource(ctx context.Context, caller wire.Caller, in *sdk.UntagResourceInput) (*sdk.UntagResourceOutput, error) {
	return &sdk.UntagResourceOutput{}, s.change(ctx, caller.Scope, in.KeyId, func(key *state.KMSKey) error {
		key.Tags = slices.DeleteFunc(slices.Clone(key.Tags), func(t types.Tag) bool { return slices.Contains(in.TagKeys, *t.TagKey) })
		return pending(key)
	})
}

func (s *Service) listResourceTags(ctx context.Context, caller wire.Caller, in *sdk.ListResourceTagsInput) (*sdk.ListResourceTagsOutput, error) {
	key, err := s.find(ctx, caller.Scope, in.KeyId)
	if err != nil {
		return nil, err
	}
	tags, next, err := cut("tags", key.Tags, in.Limit, in.Marker, 50)
	return &sdk.ListResourceTagsOutput{Tags: append([]types.Tag{}, tags...), Truncated: next != nil, NextMarker: next}, err
}
