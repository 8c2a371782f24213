package zones

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/miekg/dns"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/dns/zone"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

type world struct {
	*testing.T
	store store.Store
	table *zone.Table
}

func (w *world) update(fn func(store.Writer) error) {
	w.Helper()
	if err := w.store.Update(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
	synctest.Wait()
}

func (w *world) want(vpc, name string, kind uint16, values ...string) {
	w.Helper()
	a, ok := w.table.Answer(zone.Viewer{VPC: VPC(scope, vpc)}, dns.Question{Name: name, Qtype: kind, Qclass: dns.ClassINET}, 1)
	got := map[string]bool{}
	for _, rr := range a.Records {
		got[rr.String()[len(rr.Header().String()):]] = true
	}
	if ok && a.Code == dns.RcodeNameError {
		got["NXDOMAIN"] = true
	} else if ok && len(got) == 0 {
		got["NODATA"] = true
	}
	if len(got) != len(values) {
		w.Errorf("%s: %v, want %v", name, got, values)
	}
	for _, v := range values {
		if !got[v] {
			w.Errorf("%s: %v, want %v", name, got, values)
		}
	}
}

// TestTheTableFollowsTheStore holds for the changes one by one, and for a loop
// that begins with their result.
func TestTheTableFollowsTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, store: mem.New()}
		defer w.store.Close()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		run := func(ctx context.Context, done chan error) {
			l := &Loop{Store: w.store, Log: slog.New(slog.DiscardHandler), Apply: func(t *zone.Table) { w.table = t }}
			done <- l.Run(ctx)
		}
		go run(ctx, done)
		synctest.Wait()
		if w.table == nil {
			t.Fatal("an empty store gives no table: questions would wait for ever")
		}
		ns := state.Namespace{ID: "ns-1", Name: "corp.local", Type: state.NamespacePrivate, VPC: "vpc-0", HostedZone: "Z1", SOATTL: 15}
		web := state.DiscoveryService{ID: "srv-1", Name: "Web", Namespace: "ns-1", Type: "DNS_HTTP", Routing: "MULTIVALUE", Records: []state.DiscoveryRecord{{Type: "A", TTL: 5}}, CustomHealth: true}
		srv := state.DiscoveryService{ID: "srv-2", Name: "s", Namespace: "ns-1", Type: "DNS_HTTP", Routing: "MULTIVALUE", Records: []state.DiscoveryRecord{{Type: "SRV", TTL: 5}}}
		one := state.DiscoveryInstance{ID: "one", Service: "srv-1", Attributes: map[string]string{state.InstanceIPv4: "10.0.0.1"}}
		two := state.DiscoveryInstance{ID: "two", Service: "srv-1", Attributes: map[string]string{state.InstanceIPv4: "10.0.0.2"}}
		port := state.DiscoveryInstance{ID: "i", Service: "srv-2", Attributes: map[string]string{state.InstanceIPv4: "10.0.0.3", state.InstancePort: "80"}}
		w.update(func(w store.Writer) error {
			for _, err := range []error{
				store.VPCs.Put(w, scope.Key("vpc-0"), state.VPC{ID: "vpc-0", IsDefault: true}), discovery.AddNamespace(w, scope, ns),
				discovery.AddService(w, scope, web), discovery.AddService(w, scope, srv), discovery.Register(w, scope, one), discovery.Register(w, scope, two), discovery.Register(w, scope, port),
			} {
				if err != nil {
					return err
				}
			}
			return nil
		})
		look := func() {
			t.Helper()
			w.want("", "web.corp.local.", dns.TypeA, "10.0.0.1", "10.0.0.2")
			w.want("", "s.corp.local.", dns.TypeSRV, "1 1 80 i.s.corp.local.")
			w.want("", "i.s.corp.local.", dns.TypeA, "10.0.0.3")
			w.want("", "none.corp.local.", dns.TypeA, "NXDOMAIN")
			w.want("vpc-9", "web.corp.local.", dns.TypeA)
		}
		look()
		stop()
		<-done
		ctx, stop = context.WithCancel(t.Context())
		go run(ctx, done)
		synctest.Wait()
		look()
		w.update(func(w store.Writer) error {
			sick := one
			sick.Health = state.InstanceUnhealthy
			return discovery.Register(w, scope, sick)
		})
		w.want("", "web.corp.local.", dns.TypeA, "10.0.0.2")
		w.update(func(w store.Writer) error { _, err := discovery.Deregister(w, scope, "srv-1", "two"); return err })
		w.want("", "web.corp.local.", dns.TypeA, "10.0.0.1")
		w.update(func(w store.Writer) error {
			_, err := discovery.Deregister(w, scope, "srv-1", "one")
			return err
		})
		w.want("", "web.corp.local.", dns.TypeA, "NXDOMAIN")
		w.update(func(w store.Writer) error { discovery.RemoveService(w, scope, "srv-2"); return nil })
		w.want("", "i.s.corp.local.", dns.TypeA, "NXDOMAIN")

		zones := state.ZoneScope(scope.Account)
		w.update(func(w store.Writer) error {
			public := state.HostedZone{ID: "Z2", Name: "example.com."}
			alias := state.RecordSet{Zone: "Z2", Name: "www.example.com.", Type: "A", Alias: &state.RecordAlias{Name: "web-1.elb.us-east-1.localhost."}}
			if err := store.RecordSets.Put(w, zones.Key("Z2/www.example.com./A/"), alias); err != nil {
				return err
			}
			return store.HostedZones.Put(w, zones.Key("Z2"), public)
		})
		w.want("vpc-9", "www.example.com.", dns.TypeA, "NODATA")
		w.update(func(w store.Writer) error {
			return store.LoadBalancers.Put(w, scope.Key("app/web/1"), state.LoadBalancer{DNSName: "web-1.elb.us-east-1.localhost", Zones: []state.BalancerZone{{Address: netip.MustParseAddr("172.31.15.0")}}})
		})
		w.want("vpc-9", "www.example.com.", dns.TypeA, "172.31.15.0")
		w.update(func(w store.Writer) error { discovery.RemoveNamespace(w, scope, ns); return nil })
		w.want("", "web.corp.local.", dns.TypeA)
		stop()
		<-done
	})
}
