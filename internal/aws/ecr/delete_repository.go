package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// DeleteRepository deletes a repository; one with images only by force.
func (s *Service) DeleteRepository(ctx context.Context, caller wire.Caller, in *ecr.DeleteRepositoryInput) (*ecr.DeleteRepositoryOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	var repo state.Repository
	err = s.cfg.Registry.Exclusive(ctx, scope, name, func(ctx context.Context) error {
		err := s.cfg.Store.Update(ctx, func(w store.Writer) (err error) {
			if repo, err = find(w, scope, name); err != nil {
				return err
			}
			all := images(w, scope, name)
			if len(all) > 0 && !in.Force {
				return &types.RepositoryNotEmptyException{Message: aws.String(
					"The repository with name '" + name + "' in registry with id '" + scope.Account + "' cannot be deleted because it still contains images")}
			}
			for _, image := range all {
				store.Images.Delete(w, scope.Key(state.ImageID(name, image.Digest)))
				if err := s.deleted(w, scope, name, identifiers(image)); err != nil {
					return err
				}
			}
			store.Repositories.Delete(w, scope.Key(name))
			return nil
		})
		if err != nil {
			return err
		}
		return s.cfg.Registry.Remove(ctx, scope, name)
	})
	if err != nil {
		return nil, err
	}
	return &ecr.DeleteRepositoryOutput{Repository: describe(scope, repo)}, nil
}
