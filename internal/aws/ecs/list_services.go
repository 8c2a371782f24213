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

// listServices lists the services of a cluster that are ACTIVE, ten to a page
// unless more are asked for.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html
func (s *Service) listServices(ctx context.Context, caller wire.Caller, in *ecs.ListServicesInput) (*ecs.ListServicesOutput, error) {
	const kind = "ecs/services"
	size, after, err := page(kind, in.MaxResults, in.NextToken, maxPage)
	if err != nil {
		return nil, err
	}
	if in.MaxResults == nil {
		size = 10
	}
	switch {
	case in.LaunchType != "" && !slices.Contains(in.LaunchType.Values(), in.LaunchType):
		return nil, client("launch type should be one of %v", in.LaunchType.Values())
	case in.SchedulingStrategy != "" && !slices.Contains(in.SchedulingStrategy.Values(), in.SchedulingStrategy):
		return nil, invalid("schedulingStrategy should be one of %v.", in.SchedulingStrategy.Values())
	case in.ResourceManagementType != "" && !slices.Contains(in.ResourceManagementType.Values(), in.ResourceManagementType):
		return nil, invalid("resourceManagementType should be one of %v.", in.ResourceManagementType.Values())
	}
	out := &ecs.ListServicesOutput{ServiceArns: []string{}}
	err = s.view(ctx, func(r store.Reader) error {
		cluster, err := activeCluster(r, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		last := ""
		for key, svc := range store.Services.After(r, caller.Scope, state.ServiceID(cluster.Name, ""), after) {
			if !listedService(r, caller.Scope, in, svc) {
				continue
			}
			if len(out.ServiceArns) == size {
				out.NextToken = nextToken(kind, last, true)
				return nil
			}
			out.ServiceArns = append(out.ServiceArns, svc.ARN)
			last = key.ID
		}
		return nil
	})
	return out, err
}

func listedService(r store.Reader, scope state.Scope, in *ecs.ListServicesInput, svc state.Service) bool {
	if svc.Status != state.ServiceActive || in.SchedulingStrategy != "" && svc.Strategy != string(in.SchedulingStrategy) ||
		in.ResourceManagementType == types.ResourceManagementTypeEcs {
		return false
	}
	if in.LaunchType == "" {
		return true
	}
	rev, _ := revisionOf(r, scope, svc, svc.Primary().Revision)
	return rev.LaunchType == string(in.LaunchType)
}
