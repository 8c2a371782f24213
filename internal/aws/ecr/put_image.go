package ecr

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/opencontainers/go-digest"

	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// PutImage stores a manifest under a tag: usually one that is there already,
// to tag it again.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
func (s *Service) PutImage(ctx context.Context, caller wire.Caller, in *ecr.PutImageInput) (*ecr.PutImageOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	name, tag, manifest := aws.ToString(in.RepositoryName), aws.ToString(in.ImageTag), aws.ToString(in.ImageManifest)
	if in.ImageTag != nil {
		if err := checkTag(tag); err != nil {
			return nil, err
		}
	}
	dgst := digest.FromString(manifest).String()
	if want := aws.ToString(in.ImageDigest); want != "" && want != dgst {
		return nil, &types.ImageDigestDoesNotMatchException{Message: aws.String("The provided digest '" + want + "' does not match the manifest's '" + dgst + "'")}
	}
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		if _, err := find(r, scope, name); err != nil {
			return err
		}
		image, ok := store.Images.Get(r, scope.Key(state.ImageID(name, dgst)))
		if ok && (tag == "" || slices.Contains(image.Tags, tag)) {
			return &types.ImageAlreadyExistsException{Message: aws.String(
				"Image with digest '" + dgst + "' and tag '" + orNull(in.ImageTag) + "' already exists in the repository with name '" + name + "' in registry with id '" + scope.Account + "'")}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := s.cfg.Registry.Put(ctx, scope, name, []byte(manifest), aws.ToString(in.ImageManifestMediaType), tag); err != nil {
		return nil, refused(err, scope, name)
	}
	var stored state.Image
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		stored, _ = store.Images.Get(r, scope.Key(state.ImageID(name, dgst)))
		return nil
	})
	return &ecr.PutImageOutput{Image: &types.Image{
		RegistryId: aws.String(scope.Account), RepositoryName: aws.String(name), ImageManifest: in.ImageManifest,
		ImageManifestMediaType: aws.String(stored.MediaType), ImageId: &types.ImageIdentifier{ImageDigest: aws.String(dgst), ImageTag: in.ImageTag},
	}}, err
}

// refused turns the registry's refusal into ECR's exception.
func refused(err error, scope state.Scope, name string) error {
	var r *registry.Refusal
	if !errors.As(err, &r) {
		return err
	}
	switch r.Code {
	case registry.CodeTagImmutable:
		return &types.ImageTagAlreadyExistsException{Message: aws.String(r.Message)}
	case registry.CodeBlobUnknown:
		return &types.LayersNotFoundException{Message: aws.String(
			"The image requires layers or images that do not exist in the repository with name '" + name + "' in the registry with id '" + scope.Account + "': push them first")}
	case registry.CodeNameUnknown:
		return noRepository(scope, name)
	}
	return invalid("Invalid parameter at 'ImageManifest' failed to satisfy constraint: '%s'", r.Message)
}
