package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) putClusterCapacityProviders(ctx context.Context, caller wire.Caller, in *ecs.PutClusterCapacityProvidersInput) (*ecs.PutClusterCapacityProvidersOutput, error) {
	if err := checkProviders(in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
		return nil, err
	}
	cluster, err := s.changeCluster(ctx, caller.Scope, in.Cluster, func(_ store.Writer, c *state.Cluster) error {
		c.CapacityProviders = in.CapacityProviders
		c.DefaultCapacityProviderStrategy = in.DefaultCapacityProviderStrategy
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ecs.PutClusterCapacityProvidersOutput{Cluster: cluster}, nil
}
