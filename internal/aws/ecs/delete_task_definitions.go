package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxDeletes = 10

// deleteTaskDefinitions marks INACTIVE revisions DELETE_IN_PROGRESS. They are
// gone an hour later, or when the last task that refers to them is.
func (s *Service) deleteTaskDefinitions(ctx context.Context, caller wire.Caller, in *ecs.DeleteTaskDefinitionsInput) (*ecs.DeleteTaskDefinitionsOutput, error) {
	switch n := len(in.TaskDefinitions); {
	case n == 0:
		return nil, invalid("size of TaskDefinition references list must be greater than 0")
	case n > maxDeletes:
		return nil, invalid("Size of TaskDefinition references list cannot exceed %d", maxDeletes)
	}
	var refs []definitionRef
	for _, id := range in.TaskDefinitions {
		ref, err := parseDefinition(caller.Scope, &id)
		if err != nil {
			return nil, err
		}
		if ref.revision == 0 {
			return nil, invalid("Invalid TaskDefinition reference '%s'. Specify a revision: family:revision.", id)
		}
		refs = append(refs, ref)
	}
	now := s.cfg.Now()
	var out *ecs.DeleteTaskDefinitionsOutput
	err := s.update(ctx, func(w store.Writer) error {
		out = &ecs.DeleteTaskDefinitionsOutput{TaskDefinitions: []types.TaskDefinition{}, Failures: []types.Failure{}}
		for _, ref := range refs {
			def, reason := s.deletable(w, caller.Scope, ref)
			if reason != "" {
				arn := caller.Scope.TaskDefinitionARN(ref.family, ref.revision)
				out.Failures = append(out.Failures, types.Failure{Arn: &arn, Reason: &reason})
				continue
			}
			if def.Definition.Status == types.TaskDefinitionStatusInactive {
				def.Definition.Status = types.TaskDefinitionStatusDeleteInProgress
				def.Definition.DeleteRequestedAt = &now
				if err := store.TaskDefinitions.Put(w, caller.Scope.Key(state.TaskDefinitionID(ref.family, ref.revision)), def); err != nil {
					return err
				}
			}
			out.TaskDefinitions = append(out.TaskDefinitions, def.Definition)
		}
		s.sweep(w, caller.Scope)
		return nil
	})
	return out, err
}

// deletable reads the revision, or says in AWS's words why it stays.
func (s *Service) deletable(r store.Reader, scope state.Scope, ref definitionRef) (state.TaskDefinition, string) {
	def, ok := s.definition(r, scope, ref)
	switch {
	case !ok:
		return def, "The specified task definition does not exist. Specify a valid account, family, revision and try again."
	case def.Definition.Status == types.TaskDefinitionStatusActive:
		return def, "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
	}
	return def, ""
}

// sweep erases the revisions that are gone.
func (s *Service) sweep(w store.Writer, scope state.Scope) {
	var keys []state.Key
	for key, def := range store.TaskDefinitions.List(w, scope, "") {
		if s.gone(w, scope, def) {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		store.TaskDefinitions.Delete(w, key)
	}
}
