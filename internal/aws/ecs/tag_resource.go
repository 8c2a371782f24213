package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) tagResource(ctx context.Context, caller wire.Caller, in *ecs.TagResourceInput) (*ecs.TagResourceOutput, error) {
	if len(in.Tags) == 0 {
		return nil, invalid("Tags can not be empty.")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	err := s.update(ctx, func(w store.Writer) error {
		found, err := s.findTagged(w, caller.Scope, in.ResourceArn)
		if err != nil {
			return err
		}
		tags := mergeTags(found.tags, in.Tags)
		if len(tags) > maxTags {
			return invalid("A resource can have at most %d tags.", maxTags)
		}
		return found.put(w, tags)
	})
	if err != nil {
		return nil, err
	}
	return &ecs.TagResourceOutput{}, nil
}
