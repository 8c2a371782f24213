package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// discoverPollEndpoint tells where ECS answers, which is where it was asked.
// Tools ask it to learn the endpoint of their account; agents of others, which
// would poll there, are not served, so no telemetry endpoint is told.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DiscoverPollEndpoint.html
func (s *Service) discoverPollEndpoint(ctx context.Context, caller wire.Caller, in *ecs.DiscoverPollEndpointInput) (*ecs.DiscoverPollEndpointOutput, error) {
	err := s.view(ctx, func(r store.Reader) error {
		cluster, err := activeCluster(r, caller.Scope, in.Cluster)
		if err != nil || aws.ToString(in.ContainerInstance) == "" {
			return err
		}
		_, err = instanceID(caller.Scope, cluster.Name, *in.ContainerInstance)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &ecs.DiscoverPollEndpointOutput{Endpoint: aws.String(caller.Endpoint + "/")}, nil
}
