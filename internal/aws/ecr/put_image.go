package ecr

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/opencontainers/go-digest"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// PutImage stores a manifest under a tag: usually one that is there already,
// to tag it again.
func (s *Service) PutImage(ctx context.Context, caller wire.Caller, in *ecr.PutImageInput) (*ecr.PutImageOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	name, tag, manifest := aws.ToString(in.RepositoryName), aws.ToString(in.ImageTag), aws.ToString(in.ImageManifest)
	dgst := digest.FromString(manifest).String()
	if want := aws.ToString(in.ImageDigest); want != "" && want != dgst {
		return nil, &types.ImageDigestDoesNotMatchException{Message: aws.String("The provided digest '" + want + "' does not match the manifest's '" + dgst + "'")}
	}
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		repo, err := find(r, scope, name)
		if err != nil {
			return err
		}
		for _, image := range images(r, scope, name) {
			tagged := tag != "" && slices.Contains(image.Tags, tag)
			switch {
			case image.Digest == dgst && (tagged || tag == ""):
				return &types.ImageAlreadyExistsException{Message: aws.String("Image with digest '" + dgst + "' and tag '" + orNull(in.ImageTag) + "' already exists in the repository with name '" + name + "' in registry with id '" + scope.Account + "'")}
			case tagged && repo.ImmutableTags:
				return &types.ImageTagAlreadyExistsException{Message: aws.String("The image tag '" + tag + "' already exists in the '" + name + "' repository and cannot be overwritten because the tag is immutable.")}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := s.cfg.Registry.Put(ctx, scope, name, []byte(manifest), aws.ToString(in.ImageManifestMediaType), tag); err != nil {
		return nil, invalid("Invalid parameter at 'imageManifest' failed to satisfy constraint: %s", err)
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
