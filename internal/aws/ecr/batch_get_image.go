package ecr

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/state"
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

// BatchGetImage returns manifests. One whose media type is not among the
// accepted is a failure: there are no old formats to convert to.
func (s *Service) BatchGetImage(ctx context.Context, caller wire.Caller, in *ecr.BatchGetImageInput) (*ecr.BatchGetImageOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.ImageIds); err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	var all []state.Image
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		_, err := find(r, scope, name)
		all = images(r, scope, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &ecr.BatchGetImageOutput{Images: []types.Image{}, Failures: []types.ImageFailure{}}
	for _, id := range in.ImageIds {
		image, code, reason := identified(all, id)
		if code == "" && len(in.AcceptedMediaTypes) > 0 && !slices.Contains(in.AcceptedMediaTypes, image.MediaType) {
			code, reason = types.ImageFailureCodeImageNotFound, "Requested image has media type "+image.MediaType+", which is not accepted"
		}
		var manifest []byte
		if code == "" {
			if manifest, err = s.cfg.Registry.Manifest(ctx, scope, name, image.Digest); err != nil {
				return nil, err
			}
		}
		if code != "" {
			out.Failures = append(out.Failures, types.ImageFailure{ImageId: &id, FailureCode: code, FailureReason: aws.String(reason)})
			continue
		}
		out.Images = append(out.Images, types.Image{
			RegistryId: aws.String(scope.Account), RepositoryName: aws.String(name),
			ImageId:       &types.ImageIdentifier{ImageDigest: aws.String(image.Digest), ImageTag: id.ImageTag},
			ImageManifest: aws.String(string(manifest)), ImageManifestMediaType: aws.String(image.MediaType),
		})
	}
	return out, nil
}
