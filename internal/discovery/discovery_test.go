package discovery

import (
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

func update(t *testing.T, s store.Store, fn func(w store.Writer) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestTheRevisionGrowsWithInstancesAndAttributesNotWithHealth(t *testing.T) {
	s := mem.New()
	defer s.Close()
	update(t, s, func(w store.Writer) error {
		return AddService(w, scope, state.DiscoveryService{ID: "srv-1", CustomHealth: true})
	})
	one := state.DiscoveryInstance{ID: "i", Service: "srv-1", Attributes: map[string]string{"a": "1"}, RegisteredAt: time.Unix(1, 0)}
	for _, step := range []struct {
		name string
		do   func(w store.Writer) error
		want int64
	}{
		{"new", func(w store.Writer) error { return Register(w, scope, one) }, 1},
		{"again", func(w store.Writer) error { return Register(w, scope, one) }, 1},
		{"health", func(w store.Writer) error {
			sick := one
			sick.Health = state.InstanceUnhealthy
			return Register(w, scope, sick)
		}, 1},
		{"attributes", func(w store.Writer) error {
			other := one
			other.Attributes = map[string]string{"a": "2"}
			return Register(w, scope, other)
		}, 2},
		{"gone", func(w store.Writer) error { _, err := Deregister(w, scope, "srv-1", "i"); return err }, 3},
		{"gone already", func(w store.Writer) error { _, err := Deregister(w, scope, "srv-1", "i"); return err }, 3},
	} {
		update(t, s, step.do)
		update(t, s, func(w store.Writer) error {
			if got, _ := Service(w, scope, "srv-1"); got.Revision != step.want {
				t.Errorf("%s: revision %d, want %d", step.name, got.Revision, step.want)
			}
			if i, ok := store.DiscoveryInstances.Get(w, scope.Key("srv-1/i")); step.name == "attributes" && (!ok || i.Health != state.InstanceUnhealthy) {
				t.Errorf("registering again changes what was told of health: %+v", i)
			}
			return nil
		})
	}
}

func TestANamespaceOfDNSHasAZone(t *testing.T) {
	s := mem.New()
	defer s.Close()
	ns := state.Namespace{ID: "ns-1", Name: "corp.local", Type: state.NamespacePrivate, VPC: "vpc-1", HostedZone: "Z1"}
	update(t, s, func(w store.Writer) error { return AddNamespace(w, scope, ns) })
	update(t, s, func(w store.Writer) error {
		zone, ok := store.HostedZones.Get(w, state.ZoneScope(scope.Account).Key("Z1"))
		if !ok || zone.Name != "corp.local." || !zone.Private || len(zone.VPCs) != 1 || zone.VPCs[0].ID != "vpc-1" {
			t.Errorf("%+v", zone)
		}
		if Count(Named(w, scope, "Corp.Local.")) != 1 {
			t.Error("not found by its name")
		}
		RemoveNamespace(w, scope, ns)
		return nil
	})
	update(t, s, func(w store.Writer) error {
		if _, ok := store.HostedZones.Get(w, state.ZoneScope(scope.Account).Key("Z1")); ok {
			t.Error("the zone is left")
		}
		return nil
	})
}
