package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// BatchCheckLayerAvailability tells which layers a repository has.
func (s *Service) BatchCheckLayerAvailability(ctx context.Context, caller wire.Caller, in *ecr.BatchCheckLayerAvailabilityInput) (*ecr.BatchCheckLayerAvailabilityOutput, error) {
	scope, err := scopeOf(caller, in.RegistryId)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	err = s.cfg.Store.View(ctx, func(r store.Reader) error { _, err := find(r, scope, name); return err })
	if err != nil {
		return nil, err
	}
	out := &ecr.BatchCheckLayerAvailabilityOutput{Layers: []types.Layer{}, Failures: []types.LayerFailure{}}
	if len(in.LayerDigests) == 0 || len(in.LayerDigests) > maxBatch {
		return nil, invalid("Invalid parameter at 'layerDigests' failed to satisfy constraint: 'Member must have length between 1 and 100'")
	}
	for _, d := range in.LayerDigests {
		if checkDigest(d) != nil {
			out.Failures = append(out.Failures, types.LayerFailure{
				LayerDigest: aws.String(d), FailureCode: types.LayerFailureCodeInvalidLayerDigest, FailureReason: aws.String("Invalid layer digest"),
			})
			continue
		}
		size, ok, err := s.cfg.Registry.HasBlob(ctx, scope, name, d)
		if err != nil {
			return nil, err
		}
		layer := types.Layer{LayerDigest: aws.String(d), LayerAvailability: types.LayerAvailabilityUnavailable}
		if ok {
			layer.LayerAvailability, layer.LayerSize = types.LayerAvailabilityAvailable, aws.Int64(size)
		}
		out.Layers = append(out.Layers, layer)
	}
	return out, nil
}
