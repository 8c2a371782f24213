package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	defaultPage = 100
	maxPage     = 1000
)

func pageSize(n *int32) (int, error) {
	size, ok := wire.PageSize(n, defaultPage, maxPage)
	if !ok {
		return 0, invalid("Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must be between 1 and 1000'")
	}
	return size, nil
}

// DescribeRepositories describes named repositories, or all of them by pages.
func (s *Service) DescribeRepositories(ctx context.Context, caller wire.Caller, in *ecr.DescribeRepositoriesInput) (*ecr.DescribeRepositoriesOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	if len(in.RepositoryNames) > 0 && (in.MaxResults != nil || in.NextToken != nil) {
		return nil, invalid("Invalid parameter: repositoryNames are not given together with maxResults or nextToken")
	}
	if len(in.RepositoryNames) > maxBatch {
		return nil, invalid("Invalid parameter at 'repositoryNames' failed to satisfy constraint: 'Member must have length less than or equal to 100'")
	}
	size, err := pageSize(in.MaxResults)
	if err != nil {
		return nil, err
	}
	after, err := wire.ReadPageToken("ecr-repositories", aws.ToString(in.NextToken))
	if err != nil {
		return nil, invalid("Invalid token.")
	}
	out := &ecr.DescribeRepositoriesOutput{}
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		for _, name := range in.RepositoryNames {
			repo, err := find(r, scope, name)
			if err != nil {
				return err
			}
			out.Repositories = append(out.Repositories, *describe(scope, repo))
		}
		if len(in.RepositoryNames) > 0 {
			return nil
		}
		var last state.Repository
		for _, repo := range store.Repositories.After(r, scope, "", after) {
			if len(out.Repositories) == size {
				out.NextToken = aws.String(wire.PageToken("ecr-repositories", last.Name))
				break
			}
			out.Repositories = append(out.Repositories, *describe(scope, repo))
			last = repo
		}
		return nil
	})
	return out, err
}
