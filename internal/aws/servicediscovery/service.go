// Package servicediscovery is the front door of AWS Cloud Map: namespaces,
// services, instances, their health, and who asks for them by the API. Those of
// DNS namespaces are asked for by DNS, too; their records follow from what is
// stored here.
//
// What takes AWS a while is done when a request is answered: operations are
// there to be asked for, with their end. Health checks of Route 53 and shared
// namespaces are refused by name.
//
// Source: https://docs.aws.amazon.com/cloud-map/latest/api/Welcome.html
package servicediscovery

import (
	"context"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Config is what a Service works with.
type Config struct {
	Store store.Store
	NewID func() string // 32 hexadecimal digits
	// Open makes what an account begins with in a region; nil: nothing.
	Open func(context.Context, state.Scope) error
	Now  func() time.Time // nil: time.Now
}

// Service answers Cloud Map requests. It may be used concurrently.
type Service struct{ cfg Config }

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Open == nil {
		cfg.Open = func(context.Context, state.Scope) error { return nil }
	}
	return &Service{cfg: cfg}
}

// now is the time as Cloud Map tells it.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

func (s *Service) view(ctx context.Context, fn func(store.Reader) error) error {
	return s.cfg.Store.View(ctx, fn)
}

// update runs fn, which may run twice, over a transaction.
func (s *Service) update(ctx context.Context, fn func(store.Writer) error) error {
	return s.cfg.Store.Update(ctx, fn)
}

// Describe tells wire what is served. What is not listed is refused by name.
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name: "servicediscovery", Title: "AWS Cloud Map", Protocol: wire.JSON11, TargetPrefix: "Route53AutoNaming_v20170314",
		Naming: wire.Naming{}, Client: (*sdk.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("CreateHttpNamespace", s.createHTTPNamespace),
			wire.Op("CreatePrivateDnsNamespace", s.createPrivateNamespace),
			wire.Op("CreatePublicDnsNamespace", s.createPublicNamespace),
			wire.Op("UpdateHttpNamespace", s.updateHTTPNamespace),
			wire.Op("UpdatePrivateDnsNamespace", s.updatePrivateNamespace),
			wire.Op("UpdatePublicDnsNamespace", s.updatePublicNamespace),
			wire.Op("GetNamespace", s.getNamespace),
			wire.Op("ListNamespaces", s.listNamespaces),
			wire.Op("DeleteNamespace", s.deleteNamespace),
			wire.Op("CreateService", s.createService),
			wire.Op("UpdateService", s.updateService),
			wire.Op("GetService", s.getService),
			wire.Op("ListServices", s.listServices),
			wire.Op("DeleteService", s.deleteService),
			wire.Op("GetServiceAttributes", s.getServiceAttributes),
			wire.Op("UpdateServiceAttributes", s.updateServiceAttributes),
			wire.Op("DeleteServiceAttributes", s.deleteServiceAttributes),
			wire.Op("RegisterInstance", s.registerInstance),
			wire.Op("DeregisterInstance", s.deregisterInstance),
			wire.Op("GetInstance", s.getInstance),
			wire.Op("ListInstances", s.listInstances),
			wire.Op("GetInstancesHealthStatus", s.getInstancesHealthStatus),
			wire.Op("UpdateInstanceCustomHealthStatus", s.updateInstanceCustomHealthStatus),
			wire.Op("DiscoverInstances", s.discoverInstances),
			wire.Op("DiscoverInstancesRevision", s.discoverInstancesRevision),
			wire.Op("GetOperation", s.getOperation),
			wire.Op("ListOperations", s.listOperations),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagResource", s.untagResource),
			wire.Op("ListTagsForResource", s.listTagsForResource),
		},
	}
}
