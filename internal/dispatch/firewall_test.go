package dispatch

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

// TestFirewall: a session begins with all groups whose rules hold and who is
// in them elsewhere, and goes on with what changes of that.
func TestFirewall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	scope := state.Scope{Account: "123456789012", Region: "eu-west-1"}
	db := mem.New()
	put := func(fn func(w store.Writer) error) {
		t.Helper()
		if err := db.Update(ctx, fn); err != nil {
			t.Fatal(err)
		}
	}
	rule := state.SecurityGroupRule{ID: "sgr-1", Protocol: "tcp", From: 80, To: 80, CIDR: netip.MustParsePrefix("10.0.0.0/8")}
	web := state.SecurityGroup{ID: "sg-web", Name: "web", VPCID: "vpc-1", Ruled: true, Rules: []state.SecurityGroupRule{rule}}
	own := state.SecurityGroup{ID: "sg-own", Name: "default", VPCID: "vpc-1", IsDefault: true}
	balancer := state.LoadBalancer{Type: "application", VPCID: "vpc-1", Zones: []state.BalancerZone{{Zone: "a", Address: netip.MustParseAddr("10.0.15.1")}}}
	elsewhere := state.Task{ID: "t", Placement: state.Placement{Node: "other", SubnetID: "subnet-1"}, Observed: state.Observed{ENI: state.ENI{PrivateIPv4: "10.0.0.9"}}}
	elsewhere.Spec.Network = &ecstypes.AwsVpcConfiguration{SecurityGroups: []string{"sg-web"}}
	put(func(w store.Writer) error {
		for _, err := range []error{
			store.SecurityGroups.Put(w, scope.Key(web.ID), web), store.SecurityGroups.Put(w, scope.Key(own.ID), own),
			store.LoadBalancers.Put(w, scope.Key("app/x/1"), balancer), store.Tasks.Put(w, scope.Key("t"), elsewhere),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	s, err := New(Config{Store: db, Log: slog.New(slog.DiscardHandler)}).Open(ctx, state.Node{ID: "this"})
	if err != nil {
		t.Fatal(err)
	}
	next := func(want protocol.Firewall) {
		t.Helper()
		m, err := s.Receive(ctx)
		if err != nil || m.Firewall == nil {
			t.Fatalf("received %+v, %v", m, err)
		}
		if d := cmp.Diff(want, *m.Firewall, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	groups := func(id string, g *protocol.SecurityGroup) map[string]*protocol.SecurityGroup {
		return map[string]*protocol.SecurityGroup{id: g}
	}
	next(protocol.Firewall{Groups: groups("sg-web", &protocol.SecurityGroup{Rules: web.Rules}), Members: map[string]*protocol.Member{
		"balancer/app/x/1/a": {Address: netip.MustParseAddr("10.0.15.1"), Groups: []string{"sg-own"}, Balancer: true},
		"task/t":             {Address: netip.MustParseAddr("10.0.0.9"), Groups: []string{"sg-web"}},
	}})

	// The VPC's own group has rules once somebody changes them.
	own.Ruled, own.Rules = true, []state.SecurityGroupRule{}
	put(func(w store.Writer) error { return store.SecurityGroups.Put(w, scope.Key(own.ID), own) })
	next(protocol.Firewall{Groups: groups("sg-own", &protocol.SecurityGroup{Rules: own.Rules}), Members: map[string]*protocol.Member{}})

	// A tag is no change of rules; the next message tells of the balancer alone.
	web.Tags = map[string]string{"a": "b"}
	put(func(w store.Writer) error { return store.SecurityGroups.Put(w, scope.Key(web.ID), web) })
	balancer.SecurityGroups = []string{"sg-web"}
	put(func(w store.Writer) error { return store.LoadBalancers.Put(w, scope.Key("app/x/1"), balancer) })
	next(protocol.Firewall{Groups: map[string]*protocol.SecurityGroup{}, Members: map[string]*protocol.Member{
		"balancer/app/x/1/a": {Address: netip.MustParseAddr("10.0.15.1"), Groups: []string{"sg-web"}, Balancer: true},
	}})

	elsewhere.Observed.Status = state.TaskStopped
	put(func(w store.Writer) error { return store.Tasks.Put(w, scope.Key("t"), elsewhere) })
	next(protocol.Firewall{Groups: map[string]*protocol.SecurityGroup{}, Members: map[string]*protocol.Member{"task/t": nil}})

	put(func(w store.Writer) error { store.SecurityGroups.Delete(w, scope.Key(web.ID)); return nil })
	next(protocol.Firewall{Groups: groups("sg-web", nil), Members: map[string]*protocol.Member{}})
}
