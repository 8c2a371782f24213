package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxServices is how many services one request describes.
const maxServices = 10

// describeServices tells where services stand.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
func (s *Service) describeServices(ctx context.Context, caller wire.Caller, in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
	if err := checkTargets("Services", in.Services, maxServices); err != nil {
		return nil, err
	}
	if err := checkInclude(in.Include); err != nil {
		return nil, err
	}
	out := &ecs.DescribeServicesOutput{Services: []types.Service{}, Failures: []types.Failure{}}
	err := s.view(ctx, func(r store.Reader) error {
		cluster, err := activeCluster(r, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		shapes := s.newServiceShapes(r, caller.Scope)
		names, err := distinct(in.Services, func(given string) (string, error) { return serviceName(caller.Scope, cluster.Name, given) })
		if err != nil {
			return err
		}
		for _, name := range names {
			svc, ok := store.Services.Get(r, caller.Scope.Key(state.ServiceID(cluster.Name, name)))
			if !ok {
				out.Failures = append(out.Failures, missing(caller.Scope.ServiceARN(cluster.Name, name)))
				continue
			}
			out.Services = append(out.Services, shapes.shape(svc, slices.Contains(in.Include, types.ServiceFieldTags)))
		}
		return nil
	})
	return out, err
}
