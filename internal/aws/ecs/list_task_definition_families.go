package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// listTaskDefinitionFamilies lists ACTIVE families (with an active revision),
// INACTIVE ones (with none), or both.
func (s *Service) listTaskDefinitionFamilies(ctx context.Context, caller wire.Caller, in *ecs.ListTaskDefinitionFamiliesInput) (*ecs.ListTaskDefinitionFamiliesOutput, error) {
	const kind = "ecs/task-definition-families"
	size, after, err := page(kind, in.MaxResults, in.NextToken, maxPage)
	if err != nil {
		return nil, err
	}
	if in.Status != "" && !slices.Contains(in.Status.Values(), in.Status) {
		return nil, invalid("status should be one of %v.", in.Status.Values())
	}
	out := &ecs.ListTaskDefinitionFamiliesOutput{Families: []string{}}
	err = s.view(ctx, func(r store.Reader) error {
		last := ""
		for key, f := range store.TaskFamilies.After(r, caller.Scope, aws.ToString(in.FamilyPrefix), after) {
			status, any := s.familyStatus(r, caller.Scope, f.Family)
			wanted := in.Status == "" || in.Status == types.TaskDefinitionFamilyStatusAll || in.Status == status
			if !any || !wanted {
				continue
			}
			if len(out.Families) == size {
				out.NextToken = nextToken(kind, last, true)
				return nil
			}
			out.Families = append(out.Families, f.Family)
			last = key.ID
		}
		return nil
	})
	return out, err
}

// familyStatus is false for a family of which no revision is left.
func (s *Service) familyStatus(r store.Reader, scope state.Scope, family string) (status types.TaskDefinitionFamilyStatus, any bool) {
	for _, def := range store.TaskDefinitions.List(r, scope, family+"/") {
		switch def.Definition.Status {
		case types.TaskDefinitionStatusActive:
			return types.TaskDefinitionFamilyStatusActive, true
		case types.TaskDefinitionStatusInactive:
			any = true
		case types.TaskDefinitionStatusDeleteInProgress:
		}
	}
	return types.TaskDefinitionFamilyStatusInactive, any
}
