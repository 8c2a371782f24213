package servicediscovery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// discovered finds a service by the names that DiscoverInstances is asked with.
func discovered(r store.Reader, scope state.Scope, ns, name string) (state.Namespace, state.DiscoveryService, error) {
	found, ok := discovery.HTTPNamed(r, scope, ns)
	if !ok {
		return found, state.DiscoveryService{}, &types.NamespaceNotFound{Message: aws.String("The namespace " + ns + " can't be found.")}
	}
	for svc := range discovery.Services(r, scope, found.ID) {
		if svc.Name == name {
			return found, svc, nil
		}
	}
	return found, state.DiscoveryService{}, &types.ServiceNotFound{Message: aws.String("The service " + name + " can't be found in the namespace " + ns + ".")}
}

// discoverInstances answers in an order of its own each time, so that callers
// who take the first do not all take the same.
//
// https://docs.aws.amazon.com/cloud-map/latest/api/API_DiscoverInstances.html
func (s *Service) discoverInstances(ctx context.Context, caller wire.Caller, in *sdk.DiscoverInstancesInput) (*sdk.DiscoverInstancesOutput, error) {
	if err := checkDiscover(in); err != nil {
		return nil, err
	}
	if err := own(in.OwnerAccount, caller.Scope); err != nil {
		return nil, err
	}
	out := &sdk.DiscoverInstancesOutput{Instances: []types.HttpInstanceSummary{}}
	err := s.view(ctx, func(r store.Reader) error {
		ns, svc, err := discovered(r, caller.Scope, *in.NamespaceName, *in.ServiceName)
		if err != nil {
			return err
		}
		out.InstancesRevision = &svc.Revision
		all := slices.Collect(discovery.Instances(r, caller.Scope, svc.ID))
		for _, i := range choose(all, svc.CustomHealth, in, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))) { //nolint:gosec // an order, no secret
			out.Instances = append(out.Instances, types.HttpInstanceSummary{
				InstanceId: &i.ID, NamespaceName: &ns.HTTPName, ServiceName: &svc.Name, HealthStatus: health(i), Attributes: i.Attributes,
			})
		}
		return nil
	})
	return out, err
}

func checkDiscover(in *sdk.DiscoverInstancesInput) error {
	switch {
	case in.NamespaceName == nil:
		return missing("namespaceName")
	case in.ServiceName == nil:
		return missing("serviceName")
	case in.HealthStatus != "" && !slices.Contains(in.HealthStatus.Values(), in.HealthStatus):
		return constraint(string(in.HealthStatus), "healthStatus", wire.OneOf(in.HealthStatus.Values()))
	}
	if n, ok := wire.PageSize(in.MaxResults, 100, 1000); !ok {
		return constraint(fmt.Sprint(n), "maxResults", wire.ValueWithin(n, 1, 1000))
	}
	return nil
}

// choose is the answer to a request of all instances of a service: pure, but
// for the order.
func choose(all []state.DiscoveryInstance, checked bool, in *sdk.DiscoverInstancesInput, order *rand.Rand) []state.DiscoveryInstance {
	found := having(all, in.QueryParameters)
	if len(in.OptionalParameters) > 0 {
		if both := having(found, in.OptionalParameters); len(both) > 0 {
			found = both
		}
	}
	if checked {
		found = ofHealth(found, in.HealthStatus)
	}
	order.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	n, _ := wire.PageSize(in.MaxResults, 100, 1000)
	return found[:min(n, len(found))]
}

// having are those with all the attributes.
func having(all []state.DiscoveryInstance, attributes map[string]string) (out []state.DiscoveryInstance) {
next:
	for _, i := range all {
		for name, value := range attributes {
			if got, ok := i.Attributes[name]; !ok || got != value {
				continue next
			}
		}
		out = append(out, i)
	}
	return out
}

// ofHealth filters by health; nothing asked for means healthy ones, or else
// all.
func ofHealth(all []state.DiscoveryInstance, filter types.HealthStatusFilter) (out []state.DiscoveryInstance) {
	if filter == types.HealthStatusFilterAll {
		return all
	}
	want := state.InstanceHealthy
	if filter == types.HealthStatusFilterUnhealthy {
		want = state.InstanceUnhealthy
	}
	for _, i := range all {
		if i.Health == want {
			out = append(out, i)
		}
	}
	if len(out) == 0 && (filter == "" || filter == types.HealthStatusFilterHealthyOrElseAll) {
		return all
	}
	return out
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_DiscoverInstancesRevision.html
func (s *Service) discoverInstancesRevision(ctx context.Context, caller wire.Caller, in *sdk.DiscoverInstancesRevisionInput) (*sdk.DiscoverInstancesRevisionOutput, error) {
	if err := own(in.OwnerAccount, caller.Scope); err != nil {
		return nil, err
	}
	switch {
	case in.NamespaceName == nil:
		return nil, missing("namespaceName")
	case in.ServiceName == nil:
		return nil, missing("serviceName")
	}
	out := &sdk.DiscoverInstancesRevisionOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		_, svc, err := discovered(r, caller.Scope, *in.NamespaceName, *in.ServiceName)
		out.InstancesRevision = &svc.Revision
		return err
	})
}
