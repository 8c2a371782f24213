package ecr

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// change applies f to a repository.
func (s *Service) change(ctx context.Context, caller wire.Caller, registryID, name *string, f func(*state.Repository) error) (scope state.Scope, repo state.Repository, err error) {
	if scope, err = scopeOf(caller, registryID); err != nil {
		return scope, repo, err
	}
	err = s.cfg.Store.Update(ctx, func(w store.Writer) (err error) {
		if repo, err = find(w, scope, aws.ToString(name)); err != nil {
			return err
		}
		if err := f(&repo); err != nil {
			return err
		}
		return store.Repositories.Put(w, scope.Key(repo.Name), repo)
	})
	return scope, repo, err
}

// PutImageTagMutability sets whether tags may move.
func (s *Service) PutImageTagMutability(ctx context.Context, caller wire.Caller, in *ecr.PutImageTagMutabilityInput) (*ecr.PutImageTagMutabilityOutput, error) {
	if err := checkMutability(in.ImageTagMutability); err != nil {
		return nil, err
	}
	if len(in.ImageTagMutabilityExclusionFilters) > 0 {
		return nil, invalid("imageTagMutabilityExclusionFilters is not supported by Hatoba yet")
	}
	scope, repo, err := s.change(ctx, caller, in.RegistryId, in.RepositoryName, func(r *state.Repository) error {
		r.ImmutableTags = in.ImageTagMutability == types.ImageTagMutabilityImmutable
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecr.PutImageTagMutabilityOutput{
		RegistryId: aws.String(scope.Account), RepositoryName: aws.String(repo.Name), ImageTagMutability: in.ImageTagMutability,
	}, nil
}

// SetRepositoryPolicy stores a policy. It is not evaluated: access keys reach
// their own account's repositories only.
func (s *Service) SetRepositoryPolicy(ctx context.Context, caller wire.Caller, in *ecr.SetRepositoryPolicyInput) (*ecr.SetRepositoryPolicyOutput, error) {
	text := aws.ToString(in.PolicyText)
	if !json.Valid([]byte(text)) {
		return nil, invalid("Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'")
	}
	scope, repo, err := s.change(ctx, caller, in.RegistryId, in.RepositoryName, func(r *state.Repository) error {
		r.Policy = text
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecr.SetRepositoryPolicyOutput{RegistryId: aws.String(scope.Account), RepositoryName: aws.String(repo.Name), PolicyText: in.PolicyText}, nil
}

func noPolicy(scope state.Scope, name string) error {
	return &types.RepositoryPolicyNotFoundException{Message: aws.String(
		"Repository policy does not exist for the repository with name '" + name + "' in the registry with id '" + scope.Account + "'")}
}

// GetRepositoryPolicy returns the stored policy.
func (s *Service) GetRepositoryPolicy(ctx context.Context, caller wire.Caller, in *ecr.GetRepositoryPolicyInput) (*ecr.GetRepositoryPolicyOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	var repo state.Repository
	err = s.cfg.Store.View(ctx, func(r store.Reader) (err error) {
		repo, err = find(r, scope, aws.ToString(in.RepositoryName))
		return err
	})
	if err == nil && repo.Policy == "" {
		err = noPolicy(scope, repo.Name)
	}
	if err != nil {
		return nil, err
	}
	return &ecr.GetRepositoryPolicyOutput{RegistryId: aws.String(scope.Account), RepositoryName: in.RepositoryName, PolicyText: aws.String(repo.Policy)}, nil
}

// DeleteRepositoryPolicy removes the stored policy.
func (s *Service) DeleteRepositoryPolicy(ctx context.Context, caller wire.Caller, in *ecr.DeleteRepositoryPolicyInput) (*ecr.DeleteRepositoryPolicyOutput, error) {
	var had string
	scope, _, err := s.change(ctx, caller, in.RegistryId, in.RepositoryName, func(r *state.Repository) error {
		if had = r.Policy; had == "" {
			return noPolicy(caller.Scope, r.Name)
		}
		r.Policy = ""
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecr.DeleteRepositoryPolicyOutput{RegistryId: aws.String(scope.Account), RepositoryName: in.RepositoryName, PolicyText: aws.String(had)}, nil
}
