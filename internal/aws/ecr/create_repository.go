package ecr

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// CreateRepository makes a repository.
func (s *Service) CreateRepository(ctx context.Context, caller wire.Caller, in *ecr.CreateRepositoryInput) (*ecr.CreateRepositoryOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := supported(in); err != nil {
		return nil, err
	}
	repo := newRepository(scope, name, s.cfg.Now())
	repo.ImmutableTags = in.ImageTagMutability == types.ImageTagMutabilityImmutable
	s.scanOnPush(&repo, in.ImageScanningConfiguration)
	if err := addTags(repo.Tags, in.Tags); err != nil {
		return nil, err
	}
	err = s.cfg.Store.Update(ctx, func(w store.Writer) error {
		if _, ok := store.Repositories.Get(w, scope.Key(name)); ok {
			return &types.RepositoryAlreadyExistsException{Message: aws.String(
				"The repository with name '" + name + "' already exists in the registry with id '" + scope.Account + "'")}
		}
		return store.Repositories.Put(w, scope.Key(name), repo)
	})
	if err != nil {
		return nil, err
	}
	return &ecr.CreateRepositoryOutput{Repository: describe(scope, repo)}, nil
}

func newRepository(scope state.Scope, name string, now time.Time) state.Repository {
	return state.Repository{
		Name: name, ARN: scope.ARN("ecr", "repository/"+name), CreatedAt: now.UTC().Truncate(time.Millisecond), Tags: map[string]string{},
	}
}

// supported refuses what would be accepted and not done.
func supported(in *ecr.CreateRepositoryInput) error {
	switch {
	case in.EncryptionConfiguration != nil && in.EncryptionConfiguration.EncryptionType != types.EncryptionTypeAes256 && in.EncryptionConfiguration.EncryptionType != "":
		return invalid("encryptionConfiguration.encryptionType %s: Hatoba does not encrypt images under KMS keys; leave it out or use AES256", in.EncryptionConfiguration.EncryptionType)
	case in.EncryptionConfiguration != nil && aws.ToString(in.EncryptionConfiguration.KmsKey) != "":
		return invalid("encryptionConfiguration.kmsKey: Hatoba does not encrypt images under KMS keys; leave it out")
	case len(in.ImageTagMutabilityExclusionFilters) > 0:
		return invalid("imageTagMutabilityExclusionFilters is not supported by Hatoba yet")
	}
	return checkMutability(in.ImageTagMutability)
}

func checkMutability(m types.ImageTagMutability) error {
	switch m {
	case "", types.ImageTagMutabilityMutable, types.ImageTagMutabilityImmutable:
		return nil
	}
	return invalid("imageTagMutability %s is not supported by Hatoba yet: use MUTABLE or IMMUTABLE", m)
}

// describe is a repository as the API shows it.
func describe(scope state.Scope, repo state.Repository) *types.Repository {
	out := &types.Repository{
		RepositoryName: aws.String(repo.Name), RepositoryArn: aws.String(repo.ARN), RegistryId: aws.String(scope.Account),
		RepositoryUri: aws.String(scope.Account + ".dkr.ecr." + scope.Region + ".amazonaws.com/" + repo.Name),
		CreatedAt:     aws.Time(repo.CreatedAt), ImageTagMutability: types.ImageTagMutabilityMutable,
		ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: repo.ScanSince != nil},
		EncryptionConfiguration:    &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeAes256},
	}
	if repo.ImmutableTags {
		out.ImageTagMutability = types.ImageTagMutabilityImmutable
	}
	return out
}
