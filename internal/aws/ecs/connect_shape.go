package ecs

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
)

// connectResources are the Cloud Map services of a revision's ports.
func connectResources(scope state.Scope, rev state.ServiceRevision) (out []types.ServiceConnectServiceResource) {
	if rev.ConnectPlan == nil {
		return nil
	}
	for _, p := range rev.ConnectPlan.Serves {
		out = append(out, types.ServiceConnectServiceResource{
			DiscoveryName: aws.String(p.Alias.Discovery), DiscoveryArn: aws.String(discovery.ServiceARN(scope, p.Alias.Service)),
		})
	}
	return out
}

// connectConfiguration is a revision's configuration of Service Connect, with
// the namespace that the cluster gave.
func connectConfiguration(scope state.Scope, rev state.ServiceRevision) *types.ServiceConnectConfiguration {
	if rev.Connect == nil {
		return nil
	}
	c := *rev.Connect
	if aws.ToString(c.Namespace) == "" && rev.ConnectPlan != nil {
		c.Namespace = aws.String(discovery.NamespaceARN(scope, rev.ConnectPlan.Namespace))
	}
	return &c
}
