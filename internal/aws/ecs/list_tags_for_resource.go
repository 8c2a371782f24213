package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) listTagsForResource(ctx context.Context, caller wire.Caller, in *ecs.ListTagsForResourceInput) (*ecs.ListTagsForResourceOutput, error) {
	var out *ecs.ListTagsForResourceOutput
	err := s.view(ctx, func(r store.Reader) error {
		found, err := s.findTagged(r, caller.Scope, in.ResourceArn)
		if err != nil {
			return err
		}
		out = &ecs.ListTagsForResourceOutput{Tags: listed(found.tags)}
		return nil
	})
	return out, err
}
