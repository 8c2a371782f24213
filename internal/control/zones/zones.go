// Package zones keeps the table that names are resolved by as the store wants
// it: Route 53's hosted zones with their records, those of Cloud Map's
// namespaces with their instances, and where aliases lead to. One change costs
// what it touches.
package zones

import (
	"context"
	"log/slog"

	"github.com/hatoba/hatoba/internal/dns/zone"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Loop feeds the table. It writes nothing to the store.
type Loop struct {
	Store store.Store
	Log   *slog.Logger
	// Apply takes each new table.
	Apply func(*zone.Table)
}

// Run works until ctx ends. After a follower fell behind it begins with an
// empty mirror again; the table in use stays until the new one is whole.
func (l *Loop) Run(ctx context.Context) error {
	var m *mirror
	store.FollowOn(ctx, l.Store, l.Log, func(r store.Reader) error {
		m = newMirror(l.Log)
		l.Apply(m.take(everything(r)))
		return nil
	}, func(changes []store.Change) error {
		if t := m.take(changes); t != nil {
			l.Apply(t)
		}
		return nil
	}, store.HostedZones.Name, store.RecordSets.Name, store.Namespaces.Name, store.DiscoveryServices.Name, store.DiscoveryInstances.Name,
		store.VPCs.Name, store.LoadBalancers.Name, store.TargetGroups.Name, store.Targets.Name)
	return nil
}

// everything is a snapshot as changes.
func everything(r store.Reader) (out []store.Change) {
	out = appendAll(out, r, store.VPCs)
	out = appendAll(out, r, store.HostedZones)
	out = appendAll(out, r, store.RecordSets)
	out = appendAll(out, r, store.Namespaces)
	out = appendAll(out, r, store.DiscoveryServices)
	out = appendAll(out, r, store.DiscoveryInstances)
	out = appendAll(out, r, store.LoadBalancers)
	out = appendAll(out, r, store.TargetGroups)
	return appendAll(out, r, store.Targets)
}

func appendAll[T any](out []store.Change, r store.Reader, t store.Table[T]) []store.Change {
	for key, record := range t.List(r, state.Scope{}, "") {
		out = append(out, store.Change{Table: t.Name, Key: key, After: record})
	}
	return out
}
