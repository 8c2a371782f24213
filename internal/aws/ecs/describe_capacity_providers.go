package ecs

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxProviderPage = 10

// describeCapacityProviders describes FARGATE and FARGATE_SPOT, which are all
// there are.
func (s *Service) describeCapacityProviders(ctx context.Context, caller wire.Caller, in *ecs.DescribeCapacityProvidersInput) (*ecs.DescribeCapacityProvidersOutput, error) {
	const kind = "ecs/capacity-providers"
	size, after, err := page(kind, in.MaxResults, in.NextToken, maxProviderPage)
	if err != nil {
		return nil, err
	}
	if len(in.CapacityProviders) > maxPage {
		return nil, invalid("Capacity providers cannot have more than %d elements.", maxPage)
	}
	for _, i := range in.Include {
		if !slices.Contains(i.Values(), i) {
			return nil, invalid("include should be one of %v.", i.Values())
		}
	}
	have := []string{fargate, fargateSpot}
	if aws.ToString(in.Cluster) != "" {
		err := s.view(ctx, func(r store.Reader) error {
			cluster, err := activeCluster(r, caller.Scope, in.Cluster)
			have = slices.Sorted(slices.Values(cluster.CapacityProviders))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	wanted, failures, err := pickProviders(caller.Scope, have, in.CapacityProviders)
	if err != nil {
		return nil, err
	}
	out := &ecs.DescribeCapacityProvidersOutput{CapacityProviders: []types.CapacityProvider{}, Failures: failures}
	for _, name := range wanted {
		if name <= after {
			continue
		}
		if len(out.CapacityProviders) == size {
			out.NextToken = nextToken(kind, aws.ToString(out.CapacityProviders[size-1].Name), true)
			break
		}
		out.CapacityProviders = append(out.CapacityProviders, types.CapacityProvider{
			CapacityProviderArn: aws.String(caller.Scope.ARN("ecs", "capacity-provider/"+name)), Name: aws.String(name),
			Status: types.CapacityProviderStatusActive, Type: types.CapacityProviderType(name), Tags: []types.Tag{},
		})
	}
	return out, nil
}

// pickProviders are those of have that are asked for, in order; all of them
// when nobody asks for any.
func pickProviders(scope state.Scope, have, asked []string) (out []string, failures []types.Failure, err error) {
	if len(asked) == 0 {
		return have, []types.Failure{}, nil
	}
	failures = []types.Failure{}
	for _, given := range asked {
		name := given
		if strings.HasPrefix(given, "arn:") {
			if name, _, err = resource(scope, "capacity-provider", given); err != nil {
				return nil, nil, err
			}
		}
		switch {
		case !slices.Contains(have, name):
			failures = append(failures, missing(scope.ARN("ecs", "capacity-provider/"+name)))
		case !slices.Contains(out, name):
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, failures, nil
}
