package ecr

import (
	"bytes"
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Sizes of a layer's parts in bytes.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html
const (
	partSize    = 10 << 20
	maxPartSize = 20 << 20
)

// repository is the scope and name of an existing repository.
func (s *Service) repository(ctx context.Context, caller wire.Caller, registryID, name *string) (state.Scope, string, error) {
	scope, err := scopeOf(caller, registryID)
	if err != nil {
		return scope, "", err
	}
	return scope, aws.ToString(name), s.cfg.Store.View(ctx, func(r store.Reader) error {
		_, err := find(r, scope, aws.ToString(name))
		return err
	})
}

// InitiateLayerUpload begins the upload of a layer.
func (s *Service) InitiateLayerUpload(ctx context.Context, caller wire.Caller, in *ecr.InitiateLayerUploadInput) (*ecr.InitiateLayerUploadOutput, error) {
	scope, name, err := s.repository(ctx, caller, in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	id, err := s.cfg.Registry.StartUpload(ctx, scope, name)
	return &ecr.InitiateLayerUploadOutput{UploadId: aws.String(id), PartSize: aws.Int64(partSize)}, err
}

// UploadLayerPart appends a part to a layer. Parts follow one another.
func (s *Service) UploadLayerPart(ctx context.Context, caller wire.Caller, in *ecr.UploadLayerPartInput) (*ecr.UploadLayerPartOutput, error) {
	scope, name, err := s.repository(ctx, caller, in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	first, last := aws.ToInt64(in.PartFirstByte), aws.ToInt64(in.PartLastByte)
	if size := int64(len(in.LayerPartBlob)); size == 0 || size > maxPartSize || last-first+1 != size {
		return nil, invalid("Invalid parameter at 'layerPartBlob' failed to satisfy constraint: 'a part has 1 to %d bytes, and as many as from partFirstByte to partLastByte'", maxPartSize)
	}
	size, err := s.cfg.Registry.Upload(ctx, scope, name, aws.ToString(in.UploadId), first, bytes.NewReader(in.LayerPartBlob))
	var offset *registry.OffsetError
	if errors.As(err, &offset) {
		return nil, &types.InvalidLayerPartException{
			Message:    aws.String("The layer part is not valid: it does not begin after the last byte received"),
			RegistryId: aws.String(scope.Account), RepositoryName: aws.String(name), UploadId: in.UploadId, LastValidByteReceived: aws.Int64(offset.Size - 1),
		}
	}
	if err != nil {
		return nil, uploadError(err, scope, name, in.UploadId)
	}
	return &ecr.UploadLayerPartOutput{
		RegistryId: aws.String(scope.Account), RepositoryName: aws.String(name), UploadId: in.UploadId, LastByteReceived: aws.Int64(size - 1),
	}, nil
}

// CompleteLayerUpload makes an upload a layer, if its digest is the one said.
func (s *Service) CompleteLayerUpload(ctx context.Context, caller wire.Caller, in *ecr.CompleteLayerUploadInput) (*ecr.CompleteLayerUploadOutput, error) {
	scope, name, err := s.repository(ctx, caller, in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if len(in.LayerDigests) != 1 {
		return nil, invalid("Invalid parameter at 'layerDigests' failed to satisfy constraint: 'the layer's one sha256 digest'")
	}
	dgst := in.LayerDigests[0]
	if err := checkDigest(dgst); err != nil {
		return nil, err
	}
	_, had, err := s.cfg.Registry.HasBlob(ctx, scope, name, dgst)
	if err != nil {
		return nil, err
	}
	if had {
		return nil, &types.LayerAlreadyExistsException{Message: aws.String(
			"Layer with digest '" + dgst + "' already exists in the repository with name '" + name + "' in registry with id '" + scope.Account + "'")}
	}
	if _, err := s.cfg.Registry.FinishUpload(ctx, scope, name, aws.ToString(in.UploadId), dgst); err != nil {
		return nil, uploadError(err, scope, name, in.UploadId)
	}
	return &ecr.CompleteLayerUploadOutput{
		RegistryId: aws.String(scope.Account), RepositoryName: aws.String(name), UploadId: in.UploadId, LayerDigest: aws.String(dgst),
	}, nil
}

func uploadError(err error, scope state.Scope, name string, id *string) error {
	where := " in the repository with name '" + name + "' in registry with id '" + scope.Account + "'"
	switch {
	case errors.Is(err, registry.ErrNoUpload):
		return &types.UploadNotFoundException{Message: aws.String("The upload with id '" + aws.ToString(id) + "' does not exist" + where)}
	case errors.Is(err, registry.ErrEmptyUpload):
		return &types.EmptyUploadException{Message: aws.String("The upload with id '" + aws.ToString(id) + "' has no layer parts" + where)}
	case errors.Is(err, registry.ErrBadDigest):
		return &types.InvalidLayerException{Message: aws.String("The layer digest calculated from the upload does not match the one given" + where)}
	}
	return err
}
