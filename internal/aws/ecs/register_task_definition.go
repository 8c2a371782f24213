package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/ecs/taskdef"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxRevision = 1_000_000

func (s *Service) registerTaskDefinition(ctx context.Context, caller wire.Caller, in *ecs.RegisterTaskDefinitionInput) (*ecs.RegisterTaskDefinitionOutput, error) {
	def, err := taskdef.Build(in)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	family := aws.ToString(in.Family)
	def.Status = types.TaskDefinitionStatusActive
	def.RegisteredAt = &now
	def.RegisteredBy = aws.String("arn:aws:iam::" + caller.Scope.Account + ":root")
	record := state.TaskDefinition{Definition: def, Tags: mergeTags(nil, in.Tags)}
	err = s.update(ctx, func(w store.Writer) error {
		if err := s.checkRegisteredRoles(w, caller.Scope, in); err != nil {
			return err
		}
		count, _ := store.TaskFamilies.Get(w, caller.Scope.Key(family))
		if count.LastRevision >= maxRevision {
			return &types.LimitExceededException{Message: aws.String("The family has as many revisions as it can have.")}
		}
		count.Family = family
		count.LastRevision++
		record.Definition.Revision = count.LastRevision
		record.Definition.TaskDefinitionArn = aws.String(caller.Scope.TaskDefinitionARN(family, count.LastRevision))
		if err := store.TaskFamilies.Put(w, caller.Scope.Key(family), count); err != nil {
			return err
		}
		return store.TaskDefinitions.Put(w, caller.Scope.Key(state.TaskDefinitionID(family, count.LastRevision)), record)
	})
	if err != nil {
		return nil, err
	}
	return &ecs.RegisterTaskDefinitionOutput{TaskDefinition: &record.Definition, Tags: listed(record.Tags)}, nil
}
