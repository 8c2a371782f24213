package targets

import (
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// mirror is what a plane knows after changes.
type mirror struct {
	balancers map[string]lb.Balancer
	listeners map[string]lb.Listener
	groups    map[string]lb.Group
	targets   map[string]lb.Target
}

func newMirror() mirror {
	return mirror{map[string]lb.Balancer{}, map[string]lb.Listener{}, map[string]lb.Group{}, map[string]lb.Target{}}
}

func (m mirror) apply(c lb.Change) {
	for _, b := range c.Balancers {
		m.balancers[b.ID] = b
	}
	for _, l := range c.Listeners {
		m.listeners[l.ID] = l
	}
	for _, g := range c.Groups {
		m.groups[g.ID] = g
	}
	for _, t := range c.Targets {
		m.targets[t.ID] = t
	}
	for _, id := range c.GoneBalancers {
		delete(m.balancers, id)
	}
	for _, id := range c.GoneListeners {
		delete(m.listeners, id)
	}
	for _, id := range c.GoneGroups {
		delete(m.groups, id)
	}
	for _, id := range c.GoneTargets {
		delete(m.targets, id)
	}
}

// drawRecord draws a record of one of a few ids, or its end.
func drawRecord(t *rapid.T) store.Change {
	n := rapid.IntRange(0, 2).Draw(t, "id")
	elbARN := func(kind, id string) string { return scope.ARN("elasticloadbalancing", kind+"/"+id) }
	balancer := fmt.Sprintf("app/b%d/1", n)
	listener := fmt.Sprintf("%s/%d", balancer, rapid.IntRange(1, 2).Draw(t, "listener"))
	groupID := fmt.Sprintf("g%d/1", n)
	var c store.Change
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		c = store.Change{Table: store.LoadBalancers.Name, Key: scope.Key(balancer), After: state.LoadBalancer{
			ARN: elbARN("loadbalancer", balancer), DNSName: balancer, Zones: []state.BalancerZone{{Address: netip.AddrFrom4([4]byte{172, 31, 15, byte(rapid.IntRange(0, 1).Draw(t, "address"))})}},
			State: state.BalancerState{Code: rapid.SampledFrom([]string{"", "active"}).Draw(t, "code")},
		}}
	case 1:
		c = store.Change{Table: store.Listeners.Name, Key: scope.Key(listener), After: state.Listener{ARN: elbARN("listener", listener), Balancer: balancer, Port: int32(rapid.IntRange(80, 81).Draw(t, "port")), Protocol: "HTTP"}}
	case 2:
		rule := fmt.Sprintf("%s/%d", listener, rapid.IntRange(1, 2).Draw(t, "rule"))
		c = store.Change{Table: store.Rules.Name, Key: scope.Key(rule), After: state.Rule{
			ARN: elbARN("listener-rule", rule), Priority: int32(rule[len(rule)-1] - '1'),
			Actions: []elbtypes.Action{{ForwardConfig: &elbtypes.ForwardActionConfig{TargetGroups: []elbtypes.TargetGroupTuple{{TargetGroupArn: aws.String(elbARN("targetgroup", groupID)), Weight: aws.Int32(int32(rapid.IntRange(0, 2).Draw(t, "weight")))}}}}},
		}}
	case 3:
		g := state.TargetGroup{ARN: elbARN("targetgroup", groupID), Type: "ip", Protocol: "HTTP"}
		if rapid.Bool().Draw(t, "used") {
			g.Balancers = []string{balancer}
		}
		c = store.Change{Table: store.TargetGroups.Name, Key: scope.Key(groupID), After: g}
	default:
		target := state.Target{Group: groupID, Address: fmt.Sprintf("172.31.0.%d", rapid.IntRange(1, 3).Draw(t, "host")), Port: 80}
		target.Health.State = rapid.SampledFrom([]string{"", healthy, unhealthy}).Draw(t, "health")
		if rapid.Bool().Draw(t, "draining") {
			target.Draining = aws.Time(time.Unix(0, 0))
		}
		c = store.Change{Table: store.Targets.Name, Key: scope.Key(state.TargetID(target.Group, target.Address, target.Port)), After: target}
	}
	if rapid.IntRange(0, 3).Draw(t, "gone") == 0 {
		c.After = nil
	}
	return c
}

// After any changes, in transactions of any size, the plane has what it would
// have been told at a start.
func TestChangesAndBeginningsComeToTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := New(Config{Log: slog.New(slog.DiscardHandler)})
		plane, records := newMirror(), map[string]store.Change{}
		for range rapid.IntRange(1, 30).Draw(t, "transactions") {
			seen := newTouched()
			for range rapid.IntRange(1, 4).Draw(t, "writes") {
				c := drawRecord(t)
				id := c.Table + c.Key.ID
				if _, ok := records[id]; !ok && c.After == nil {
					continue
				}
				l.table.put(c, &seen)
				if records[id] = c; c.After == nil {
					delete(records, id)
				}
			}
			plane.apply(l.changeOf(seen, false))
		}
		fresh, seen := New(Config{Log: slog.New(slog.DiscardHandler)}), newTouched()
		for _, c := range records {
			fresh.table.put(c, &seen)
		}
		want := newMirror()
		want.apply(fresh.changeOf(seen, true))
		if diff := cmp.Diff(want, plane, cmp.AllowUnexported(mirror{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
