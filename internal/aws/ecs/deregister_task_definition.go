package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// deregisterTaskDefinition makes a revision INACTIVE: what runs goes on, and
// nothing new starts from it.
func (s *Service) deregisterTaskDefinition(ctx context.Context, caller wire.Caller, in *ecs.DeregisterTaskDefinitionInput) (*ecs.DeregisterTaskDefinitionOutput, error) {
	ref, err := parseDefinition(caller.Scope, in.TaskDefinition)
	if err != nil {
		return nil, err
	}
	if ref.revision == 0 {
		return nil, client("Revision is missing.")
	}
	now := s.cfg.Now()
	var def state.TaskDefinition
	err = s.update(ctx, func(w store.Writer) error {
		var ok bool
		if def, ok = s.definition(w, caller.Scope, ref); !ok {
			return client("Unable to describe task definition.")
		}
		if def.Definition.Status != types.TaskDefinitionStatusActive {
			return nil // as it was
		}
		def.Definition.Status = types.TaskDefinitionStatusInactive
		def.Definition.DeregisteredAt = &now
		return store.TaskDefinitions.Put(w, caller.Scope.Key(state.TaskDefinitionID(ref.family, ref.revision)), def)
	})
	if err != nil {
		return nil, err
	}
	return &ecs.DeregisterTaskDefinitionOutput{TaskDefinition: &def.Definition}, nil
}
