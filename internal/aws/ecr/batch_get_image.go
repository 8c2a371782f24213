package ecr

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxBatch = 100

func checkBatch(ids []types.ImageIdentifier) error {
	if len(ids) == 0 || len(ids) > maxBatch {
		return invalid("Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length between 1 and 100'")
	}
	return nil
}

// BatchGetImage returns manifests.
func (s *Service) BatchGetImage(ctx context.Context, caller wire.Caller, in *ecr.BatchGetImageInput) (*ecr.BatchGetImageOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.ImageIds); err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	out := &ecr.BatchGetImageOutput{Images: []types.Image{}, Failures: []types.ImageFailure{}}
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		if _, err := find(r, scope, name); err != nil {
			return err
		}
		all := images(r, scope, name)
		for _, id := range in.ImageIds {
			image, code, reason := identified(all, id)
			if code == "" && len(in.AcceptedMediaTypes) > 0 && !slices.Contains(in.AcceptedMediaTypes, image.MediaType) {
				// ECR would convert old formats; there are none to convert.
				code, reason = types.ImageFailureCodeImageNotFound, "Requested image has media type "+image.MediaType+", which is not accepted"
			}
			if code != "" {
				out.Failures = append(out.Failures, types.ImageFailure{ImageId: &id, FailureCode: code, FailureReason: aws.String(reason)})
				continue
			}
			out.Images = append(out.Images, types.Image{
				RegistryId: aws.String(scope.Account), RepositoryName: aws.String(name),
				ImageId:       &types.ImageIdentifier{ImageDigest: aws.String(image.Digest), ImageTag: id.ImageTag},
				ImageManifest: aws.String(image.Manifest), ImageManifestMediaType: aws.String(image.MediaType),
			})
		}
		return nil
	})
	return out, err
}
