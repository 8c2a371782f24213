package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) untagResource(ctx context.Context, caller wire.Caller, in *ecs.UntagResourceInput) (*ecs.UntagResourceOutput, error) {
	if len(in.TagKeys) == 0 {
		return nil, invalid("TagKeys can not be empty.")
	}
	if slices.ContainsFunc(in.TagKeys, reservedTag) {
		return nil, invalid("Tag keys that begin with aws: are reserved and cannot be removed.")
	}
	err := s.update(ctx, func(w store.Writer) error {
		found, err := s.findTagged(w, caller.Scope, in.ResourceArn)
		if err != nil {
			return err
		}
		return found.put(w, slices.DeleteFunc(slices.Clone(found.tags), func(t types.Tag) bool {
			return slices.Contains(in.TagKeys, aws.ToString(t.Key))
		}))
	})
	if err != nil {
		return nil, err
	}
	return &ecs.UntagResourceOutput{}, nil
}
