// Package discovery keeps Cloud Map's records consistent inside the transaction
// of who changes them: the Cloud Map operations, Amazon ECS's service
// registries and Service Connect. It checks nothing that a request could get
// wrong; what must hold between records holds when its functions return.
//
// Source: https://docs.aws.amazon.com/cloud-map/latest/dg/what-is-cloud-map.html
package discovery

import (
	"iter"
	"maps"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// DefaultSOATTL is the TTL of a namespace's SOA record, and so of the answer
// that a name is not there, in seconds.
const DefaultSOATTL = 15

// NamespaceID makes an id of 32 hexadecimal digits that nobody has.
func NamespaceID(hex string) string { return "ns-" + hex[:16] }

// ServiceID makes a service's id, as NamespaceID does.
func ServiceID(hex string) string { return "srv-" + hex[:16] }

// ZoneID makes a hosted zone's id, as NamespaceID does.
func ZoneID(hex string) string { return "Z" + strings.ToUpper(hex[:20]) }

// NamespaceARN names a namespace.
func NamespaceARN(scope state.Scope, id string) string {
	return scope.ARN("servicediscovery", "namespace/"+id)
}

// ServiceARN names a service.
func ServiceARN(scope state.Scope, id string) string {
	return scope.ARN("servicediscovery", "service/"+id)
}

// Namespace finds a namespace by its id or its ARN.
func Namespace(r store.Reader, scope state.Scope, id string) (state.Namespace, bool) {
	return store.Namespaces.Get(r, scope.Key(strings.TrimPrefix(id, NamespaceARN(scope, ""))))
}

// Service finds a service by its id or its ARN.
func Service(r store.Reader, scope state.Scope, id string) (state.DiscoveryService, bool) {
	return store.DiscoveryServices.Get(r, scope.Key(strings.TrimPrefix(id, ServiceARN(scope, ""))))
}

// Named yields the namespaces of a name: those of different types, and private
// ones of several VPCs, may share one. Names of DNS are not told apart by case.
func Named(r store.Reader, scope state.Scope, name string) iter.Seq[state.Namespace] {
	return func(yield func(state.Namespace) bool) {
		for _, ns := range store.Namespaces.List(r, scope, "") {
			same := ns.Name == name || ns.Type != state.NamespaceHTTP && strings.EqualFold(ns.Name, strings.TrimSuffix(name, "."))
			if same && !yield(ns) {
				return
			}
		}
	}
}

// HTTPNamed finds the namespace that DiscoverInstances knows by a name.
func HTTPNamed(r store.Reader, scope state.Scope, name string) (state.Namespace, bool) {
	for _, ns := range store.Namespaces.List(r, scope, "") {
		if ns.HTTPName == name {
			return ns, true
		}
	}
	return state.Namespace{}, false
}

// Services yields the services of a namespace.
func Services(r store.Reader, scope state.Scope, namespace string) iter.Seq[state.DiscoveryService] {
	return func(yield func(state.DiscoveryService) bool) {
		for _, s := range store.DiscoveryServices.List(r, scope, "") {
			if s.Namespace == namespace && !yield(s) {
				return
			}
		}
	}
}

// ServiceNamed finds a service of a namespace by its name.
func ServiceNamed(r store.Reader, scope state.Scope, namespace, name string) (state.DiscoveryService, bool) {
	for s := range Services(r, scope, namespace) {
		if strings.EqualFold(s.Name, name) {
			return s, true
		}
	}
	return state.DiscoveryService{}, false
}

// Instances yields the instances of a service in the order of their ids.
func Instances(r store.Reader, scope state.Scope, service string) iter.Seq[state.DiscoveryInstance] {
	return func(yield func(state.DiscoveryInstance) bool) {
		for _, i := range store.DiscoveryInstances.List(r, scope, service+"/") {
			if !yield(i) {
				return
			}
		}
	}
}

// Count counts what is yielded.
func Count[T any](list iter.Seq[T]) (n int32) {
	for range list {
		n++
	}
	return n
}

// AddNamespace stores a namespace, with the hosted zone of one of DNS. When
// its name is taken as an HTTP name, it gets one with its id.
func AddNamespace(w store.Writer, scope state.Scope, ns state.Namespace) error {
	if ns.HTTPName == "" {
		ns.HTTPName = ns.Name
		if _, taken := HTTPNamed(w, scope, ns.Name); taken {
			ns.HTTPName += "-" + strings.TrimPrefix(ns.ID, "ns-")
		}
	}
	if err := store.Namespaces.Put(w, scope.Key(ns.ID), ns); err != nil {
		return err
	}
	if ns.Type == state.NamespaceHTTP {
		return nil
	}
	zone := state.HostedZone{
		ID: ns.HostedZone, Name: ns.Name + ".", Caller: ns.ID, Comment: "Created by AWS Cloud Map namespace with ARN " + ns.ARN,
		Private: ns.Type == state.NamespacePrivate, Namespace: ns.ID, Region: scope.Region, CreatedAt: ns.CreatedAt,
	}
	if zone.Private {
		zone.VPCs = []state.ZoneVPC{{Region: scope.Region, ID: ns.VPC}}
	}
	return store.HostedZones.Put(w, state.ZoneScope(scope.Account).Key(zone.ID), zone)
}

// RemoveNamespace removes a namespace that has no services.
func RemoveNamespace(w store.Writer, scope state.Scope, ns state.Namespace) {
	store.Namespaces.Delete(w, scope.Key(ns.ID))
	if ns.HostedZone != "" {
		store.HostedZones.Delete(w, state.ZoneScope(scope.Account).Key(ns.HostedZone))
	}
}

// AddService stores a service.
func AddService(w store.Writer, scope state.Scope, s state.DiscoveryService) error {
	return store.DiscoveryServices.Put(w, scope.Key(s.ID), s)
}

// RemoveService removes a service, with what instances it has.
func RemoveService(w store.Writer, scope state.Scope, id string) {
	store.DiscoveryInstances.DeleteBelow(w, scope, id+"/")
	store.DiscoveryServices.Delete(w, scope.Key(id))
}

// Register stores an instance of a service that is there: a new one, or another
// in the place of one of the same id. Its health is what it brings, else that
// of the one before, else HEALTHY, where the service has custom health; nothing
// elsewhere. What changes nothing writes nothing.
func Register(w store.Writer, scope state.Scope, i state.DiscoveryInstance) error {
	s, ok := store.DiscoveryServices.Get(w, scope.Key(i.Service))
	if !ok {
		return nil
	}
	key := scope.Key(state.DiscoveryInstanceID(i.Service, i.ID))
	old, had := store.DiscoveryInstances.Get(w, key)
	switch {
	case !s.CustomHealth:
		i.Health = ""
	case i.Health == "" && had:
		i.Health = old.Health
	case i.Health == "":
		i.Health = state.InstanceHealthy
	}
	if had {
		i.RegisteredAt = old.RegisteredAt
	}
	same := had && maps.Equal(old.Attributes, i.Attributes)
	if same && old.Health == i.Health && old.Request == i.Request && old.Made == i.Made && old.Task == i.Task {
		return nil
	}
	if !same {
		s.Revision++
		if err := store.DiscoveryServices.Put(w, scope.Key(s.ID), s); err != nil {
			return err
		}
	}
	return store.DiscoveryInstances.Put(w, key, i)
}

// Deregister removes an instance, and tells whether it was there.
func Deregister(w store.Writer, scope state.Scope, service, id string) (bool, error) {
	key := scope.Key(state.DiscoveryInstanceID(service, id))
	if _, ok := store.DiscoveryInstances.Get(w, key); !ok {
		return false, nil
	}
	store.DiscoveryInstances.Delete(w, key)
	s, ok := store.DiscoveryServices.Get(w, scope.Key(service))
	if !ok {
		return true, nil
	}
	s.Revision++
	return true, store.DiscoveryServices.Put(w, scope.Key(service), s)
}

// lower is a domain name as zones have it: in lower case, with a dot at the end.
func lower(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, ".")) + "."
}
