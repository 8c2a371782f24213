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

// DescribeImages describes named images of a repository, or all by pages.
func (s *Service) DescribeImages(ctx context.Context, caller wire.Caller, in *ecr.DescribeImagesInput) (*ecr.DescribeImagesOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	if len(in.ImageIds) > 0 && (in.MaxResults != nil || in.NextToken != nil || in.Filter != nil) {
		return nil, invalid("Invalid parameter: imageIds are not given together with maxResults, nextToken or filter")
	}
	if len(in.ImageIds) > maxBatch {
		return nil, checkBatch(in.ImageIds)
	}
	size, err := pageSize(in.MaxResults)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	after, err := wire.ReadPageToken("ecr-images/"+name, aws.ToString(in.NextToken))
	if err != nil {
		return nil, invalid("Invalid token.")
	}
	var status types.TagStatus
	if in.Filter != nil {
		status = in.Filter.TagStatus
		if err := checkFilter(status, in.Filter.ImageStatus); err != nil {
			return nil, err
		}
	}
	out := &ecr.DescribeImagesOutput{}
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		repo, err := find(r, scope, name)
		if err != nil {
			return err
		}
		all := images(r, scope, name)
		for _, id := range in.ImageIds {
			image, code, _ := identified(all, id)
			if code != "" {
				return noImage(scope, name, id)
			}
			out.ImageDetails = append(out.ImageDetails, detail(scope, repo, all, image))
		}
		if len(in.ImageIds) > 0 {
			return nil
		}
		last := ""
		for _, image := range all {
			if image.Digest <= after || !matches(image, status) {
				continue
			}
			if len(out.ImageDetails) == size {
				out.NextToken = aws.String(wire.PageToken("ecr-images/"+name, last))
				break
			}
			out.ImageDetails = append(out.ImageDetails, detail(scope, repo, all, image))
			last = image.Digest
		}
		return nil
	})
	return out, err
}

func noImage(scope state.Scope, repository string, id types.ImageIdentifier) error {
	return &types.ImageNotFoundException{Message: aws.String("The image with imageId " + quoted(id) +
		" does not exist within the repository with name '" + repository + "' in the registry with id '" + scope.Account + "'")}
}

func quoted(id types.ImageIdentifier) string {
	return "{imageDigest:'" + orNull(id.ImageDigest) + "', imageTag:'" + orNull(id.ImageTag) + "'}"
}

func orNull(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}
