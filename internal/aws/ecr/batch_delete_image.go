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

// BatchDeleteImage deletes images: by digest with all tags; by tag only the
// tag, and the image with its last one.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html
func (s *Service) BatchDeleteImage(ctx context.Context, caller wire.Caller, in *ecr.BatchDeleteImageInput) (*ecr.BatchDeleteImageOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.ImageIds); err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	out := &ecr.BatchDeleteImageOutput{ImageIds: []types.ImageIdentifier{}, Failures: []types.ImageFailure{}}
	var digests, tags []string
	err = s.cfg.Store.Update(ctx, func(w store.Writer) error {
		if _, err := find(w, scope, name); err != nil {
			return err
		}
		for _, id := range in.ImageIds {
			image, code, reason := identified(images(w, scope, name), id)
			if code != "" {
				out.Failures = append(out.Failures, types.ImageFailure{ImageId: &id, FailureCode: code, FailureReason: aws.String(reason)})
				continue
			}
			if id.ImageTag != nil && (len(image.Tags) > 1) {
				if err := untag(w, scope, image, *id.ImageTag); err != nil {
					return err
				}
				tags = append(tags, *id.ImageTag)
				out.ImageIds = append(out.ImageIds, types.ImageIdentifier{ImageDigest: aws.String(image.Digest), ImageTag: id.ImageTag})
				continue
			}
			store.Images.Delete(w, scope.Key(state.ImageID(name, image.Digest)))
			digests = append(digests, image.Digest)
			out.ImageIds = append(out.ImageIds, identifiers(image)...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, tag := range tags {
		if err := s.cfg.Registry.Untag(ctx, scope, name, tag); err != nil {
			return nil, err
		}
	}
	for _, digest := range digests {
		if err := s.cfg.Registry.Delete(ctx, scope, name, digest); err != nil {
			return nil, err
		}
	}
	return out, nil
}
