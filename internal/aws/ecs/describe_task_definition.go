package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) describeTaskDefinition(ctx context.Context, caller wire.Caller, in *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
	ref, err := parseDefinition(caller.Scope, in.TaskDefinition)
	if err != nil {
		return nil, err
	}
	var out *ecs.DescribeTaskDefinitionOutput
	err = s.view(ctx, func(r store.Reader) error {
		def, ok := s.definition(r, caller.Scope, ref)
		if !ok {
			return client("Unable to describe task definition.")
		}
		out = &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &def.Definition, Tags: []types.Tag{}}
		if slices.Contains(in.Include, types.TaskDefinitionFieldTags) {
			out.Tags = listed(def.Tags)
		}
		return nil
	})
	return out, err
}
