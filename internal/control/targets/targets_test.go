package targets

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

// world is a loop over a store, with targets that answer as told.
type world struct {
	*testing.T
	db   store.Store
	stop func()

	mu      sync.Mutex
	answers map[netip.AddrPort]Answer
	asked   map[netip.AddrPort]int
	plane   map[string]lb.Target
	applied []lb.Change
	up      []netip.Addr
	names   map[string][]netip.Addr
	failing error
}

const groupID = "web/0123456789abcdef"

func newWorld(t *testing.T) *world {
	w := &world{T: t, db: mem.New(), answers: map[netip.AddrPort]Answer{}, asked: map[netip.AddrPort]int{}, plane: map[string]lb.Target{}}
	t.Cleanup(func() { _ = w.db.Close() })
	return w
}

// withBalancer runs a test in a world whose loop has a balancer and a group.
func withBalancer(t *testing.T, test func(*world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.setUp(nil)
		w.run()
		defer w.stop()
		test(w)
	})
}

func (w *world) run() *Loop {
	l := w.loop()
	w.begin(l)
	return l
}

func (w *world) begin(l *Loop) {
	ctx, cancel := context.WithCancel(w.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	w.stop = func() { cancel(); <-done }
	synctest.Wait()
}

func (w *world) loop() *Loop {
	return New(Config{
		Store: w.db, Log: slog.New(slog.DiscardHandler), Apply: w.apply, Ingress: []netip.Addr{netip.MustParseAddr("0.0.0.0")},
		Addresses: func(up []netip.Addr) error { w.mu.Lock(); defer w.mu.Unlock(); w.up = up; return w.failing },
		Names:     func(names map[string][]netip.Addr) { w.mu.Lock(); defer w.mu.Unlock(); w.names = names },
		Ask: func(_ context.Context, q Question) Answer {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.asked[q.Address]++
			return w.answers[q.Address]
		},
	})
}

func (w *world) apply(c lb.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.applied = append(w.applied, c)
	if c.Reset {
		clear(w.plane)
	}
	for _, id := range c.GoneTargets {
		delete(w.plane, id)
	}
	for _, t := range c.Targets {
		w.plane[t.ID] = t
	}
}

func (w *world) update(fn func(store.Writer) error) {
	w.Helper()
	if err := w.db.Update(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
	synctest.Wait()
}

// setUp makes a balancer that forwards to a group.
func (w *world) setUp(change func(*state.TargetGroup)) {
	w.Helper()
	g := state.TargetGroup{
		ARN: scope.ARN("elasticloadbalancing", "targetgroup/"+groupID), Name: "web", Type: "ip", Protocol: "HTTP", ProtocolVersion: "HTTP1", Port: 80,
		HealthCheck: state.TargetHealthCheck{Protocol: "HTTP", Port: "traffic-port", Path: "/", Interval: 30, Timeout: 5, Healthy: 5, Unhealthy: 2, Codes: "200"},
		Balancers:   []string{"app/web/1"}, Attributes: map[string]string{drainAttribute: "60"},
	}
	if change != nil {
		change(&g)
	}
	b := state.LoadBalancer{
		ARN: scope.ARN("elasticloadbalancing", "loadbalancer/app/web/1"), Name: "web", Type: "application", Scheme: "internet-facing", DNSName: "web-1.elb.us-east-1.localhost",
		Zones: []state.BalancerZone{{Subnet: "subnet-1", Zone: "us-east-1a", Address: netip.MustParseAddr("172.31.15.0")}, {Subnet: "subnet-2", Zone: "us-east-1b", Address: netip.MustParseAddr("172.31.31.0")}},
	}
	listener := state.Listener{ARN: scope.ARN("elasticloadbalancing", "listener/app/web/1/2"), Balancer: "app/web/1", Port: 80, Protocol: "HTTP"}
	rule := state.Rule{ARN: scope.ARN("elasticloadbalancing", "listener-rule/app/web/1/2/3"), Actions: []elbtypes.Action{{Type: "forward", ForwardConfig: &elbtypes.ForwardActionConfig{TargetGroups: []elbtypes.TargetGroupTuple{{TargetGroupArn: &g.ARN, Weight: aws.Int32(1)}}}}}}
	w.update(func(x store.Writer) error {
		_ = store.TargetGroups.Put(x, scope.Key(groupID), g)
		_ = store.LoadBalancers.Put(x, scope.Key(b.ID()), b)
		_ = store.Listeners.Put(x, scope.Key(listener.ID()), listener)
		return store.Rules.Put(x, scope.Key(rule.ID()), rule)
	})
}

func (w *world) answer(addr string, a Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[netip.MustParseAddrPort(addr+":80")] = a
}

func key(addr string) state.Key { return scope.Key(state.TargetID(groupID, addr, 80)) }

func (w *world) register(addr, task string) {
	w.Helper()
	w.update(func(x store.Writer) error {
		return store.Targets.Put(x, key(addr), state.Target{Group: groupID, Address: addr, Port: 80, Task: task, RegisteredAt: time.Now().UTC()})
	})
}

// want compares a target's health, and what the plane has.
func (w *world) want(addr, health string, plane lb.TargetState) {
	w.Helper()
	synctest.Wait()
	_ = w.db.View(w.Context(), func(r store.Reader) error {
		t, ok := store.Targets.Get(r, key(addr))
		if got := t.Health.State + " " + t.Health.Reason; !ok || got != health {
			w.Errorf("%s is %q (there: %v), want %q", addr, got, ok, health)
		}
		return nil
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if got, ok := w.plane[state.PlaneTargetID(key(addr))]; !ok || got.State != plane {
		w.Errorf("the plane has %s as %v (there: %v), want %v", addr, got.State, ok, plane)
	}
}

func (w *world) wantGone(addr string) {
	w.Helper()
	synctest.Wait()
	_ = w.db.View(w.Context(), func(r store.Reader) error {
		if _, ok := store.Targets.Get(r, key(addr)); ok {
			w.Errorf("%s is still registered", addr)
		}
		return nil
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.plane[state.PlaneTargetID(key(addr))]; ok {
		w.Errorf("the plane still has %s", addr)
	}
}

var (
	good    = Answer{Good: true}
	refused = Answer{Reason: "Target.FailedHealthChecks", Description: "Health checks failed"}
)

const one = "172.31.0.10"

func TestATargetIsHealthyAfterItsFirstGoodAnswer(t *testing.T) {
	withBalancer(t, func(w *world) {
		w.answer(one, refused)
		w.register(one, "")
		w.want(one, "initial Elb.InitialHealthChecking", lb.Initial)
		time.Sleep(time.Second)
		w.answer(one, good)
		time.Sleep(2 * time.Second)
		w.want(one, "healthy ", lb.Healthy)
	})
}

// Bad answers that AWS would not have asked for make nothing unhealthy.
func TestATargetIsUnhealthyWhenItWouldBeOnAWS(t *testing.T) {
	withBalancer(t, func(w *world) {
		w.answer(one, refused)
		w.register(one, "")
		time.Sleep(59 * time.Second)
		w.want(one, "initial Elb.InitialHealthChecking", lb.Initial)
		time.Sleep(2 * time.Second)
		w.want(one, "unhealthy Target.FailedHealthChecks", lb.Unhealthy)
		w.answer(one, mismatch("500"))
		time.Sleep(30 * time.Second)
		w.want(one, "unhealthy Target.ResponseCodeMismatch", lb.Unhealthy)
		w.answer(one, good)
		time.Sleep(4 * 30 * time.Second)
		w.want(one, "unhealthy Target.ResponseCodeMismatch", lb.Unhealthy)
		time.Sleep(30 * time.Second)
		w.want(one, "healthy ", lb.Healthy)
		w.answer(one, refused)
		time.Sleep(30 * time.Second)
		w.want(one, "healthy ", lb.Healthy)
		time.Sleep(30 * time.Second)
		w.want(one, "unhealthy Target.FailedHealthChecks", lb.Unhealthy)
	})
}

func TestHealthIsWrittenOnChangeOnly(t *testing.T) {
	withBalancer(t, func(w *world) {
		w.answer(one, good)
		w.register(one, "")
		time.Sleep(time.Second)
		before := w.revision()
		time.Sleep(time.Hour)
		if after := w.revision(); after != before {
			w.Errorf("%d writes in an hour of good answers", after-before)
		}
		if n := w.asked[netip.MustParseAddrPort(one+":80")]; n != 121 {
			w.Errorf("asked %d times in an hour", n)
		}
	})
}

func (w *world) revision() (out int64) {
	synctest.Wait()
	_ = w.db.View(w.Context(), func(r store.Reader) error { out = r.Revision(); return nil })
	return out
}

func TestDrainingTakesItsTime(t *testing.T) {
	withBalancer(t, func(w *world) {
		w.answer(one, good)
		w.register(one, "")
		time.Sleep(time.Second)
		w.update(func(x store.Writer) error {
			target, _ := store.Targets.Get(x, key(one))
			now := time.Now().UTC()
			target.Draining = &now
			return store.Targets.Put(x, key(one), target)
		})
		time.Sleep(59 * time.Second)
		w.want(one, "healthy ", lb.Draining)
		time.Sleep(2 * time.Second)
		w.wantGone(one)
	})
}

// A restart in the middle changes nothing of when, and what was healthy gets
// requests at once.
func TestAnotherLifeGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.setUp(nil)
		w.run()
		w.answer(one, good)
		w.register(one, "")
		time.Sleep(time.Second)
		w.stop()
		w.mu.Lock()
		clear(w.plane)
		w.mu.Unlock()
		w.answer(one, refused)
		w.run()
		defer w.stop()
		w.want(one, "healthy ", lb.Healthy)
	})
}

func TestAGroupThatNobodyForwardsToIsNotAsked(t *testing.T) {
	withBalancer(t, func(w *world) {
		w.answer(one, good)
		w.register(one, "")
		time.Sleep(time.Second)
		w.want(one, "healthy ", lb.Healthy)
		w.associate(nil)
		_ = w.db.View(w.Context(), func(r store.Reader) error {
			if target, _ := store.Targets.Get(r, key(one)); target.Health.State != unused || target.Health.Reason != "Target.NotInUse" {
				w.Errorf("%+v", target.Health)
			}
			return nil
		})
		n := w.asked[netip.MustParseAddrPort(one+":80")]
		time.Sleep(time.Hour)
		if now := w.asked[netip.MustParseAddrPort(one+":80")]; now != n {
			w.Errorf("asked %d times", now-n)
		}
		w.associate([]string{"app/web/1"})
		time.Sleep(time.Second)
		w.want(one, "healthy ", lb.Healthy)
	})
}

func (w *world) associate(with []string) {
	w.Helper()
	w.update(func(x store.Writer) error {
		g, _ := store.TargetGroups.Get(x, scope.Key(groupID))
		g.Balancers = with
		return store.TargetGroups.Put(x, scope.Key(groupID), g)
	})
}

func TestATaskThatHasEndedIsNoTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.setUp(nil)
		w.update(func(x store.Writer) error { return store.Tasks.Put(x, scope.Key("a"), state.Task{ID: "a"}) })
		w.run()
		defer w.stop()
		w.answer(one, good)
		w.register(one, "a")
		time.Sleep(time.Second)
		w.want(one, "healthy ", lb.Healthy)
		w.update(func(x store.Writer) error {
			task, _ := store.Tasks.Get(x, scope.Key("a"))
			task.Observed.Status = state.TaskStopped
			return store.Tasks.Put(x, scope.Key("a"), task)
		})
		w.wantGone(one)
	})
}

func TestOneChangeTellsThePlaneOfNoOtherTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.setUp(nil)
		w.update(func(x store.Writer) error {
			for i := range 200 {
				addr := fmt.Sprintf("172.31.1.%d", i)
				w.answers[netip.MustParseAddrPort(addr+":80")] = good
				_ = store.Targets.Put(x, key(addr), state.Target{Group: groupID, Address: addr, Port: 80, RegisteredAt: time.Now().UTC()})
			}
			return nil
		})
		w.run()
		defer w.stop()
		time.Sleep(time.Second)
		w.mu.Lock()
		w.applied = nil
		w.mu.Unlock()
		w.answer(one, good)
		w.register(one, "")
		time.Sleep(time.Second)
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, c := range w.applied {
			if len(c.Targets) > 1 || len(c.Listeners)+len(c.Groups)+len(c.Balancers) > 0 {
				t.Errorf("%+v", c)
			}
		}
	})
}

func TestBalancersAreActiveOnceTheirAddressesAreUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.failing = fmt.Errorf("no bridge")
		l := w.run()
		defer w.stop()
		w.setUp(nil)
		w.wantState("provisioning", "no bridge")
		w.mu.Lock()
		w.failing = nil
		w.mu.Unlock()
		time.Sleep(2 * time.Second)
		w.wantState("active", "")
		if len(w.up) != 2 || len(w.names["web-1.elb.us-east-1.localhost"]) != 2 || len(w.names["web-1.elb.us-east-1.hatoba.internal"]) != 2 {
			t.Errorf("%v %v", w.up, w.names)
		}
		arn, at := scope.ARN("elasticloadbalancing", "listener/app/web/1/2"), netip.MustParseAddrPort("0.0.0.0:80")
		l.Bound(arn, at, fmt.Errorf("address already in use"))
		w.wantState("active", "0.0.0.0:80 is not listened on: address already in use")
		other := state.LoadBalancer{ARN: scope.ARN("elasticloadbalancing", "loadbalancer/app/other/1"), Scheme: "internet-facing"}
		w.update(func(x store.Writer) error {
			_ = store.LoadBalancers.Put(x, scope.Key(other.ID()), other)
			return store.Listeners.Put(x, scope.Key("app/other/1/2"), state.Listener{ARN: scope.ARN("elasticloadbalancing", "listener/app/other/1/2"), Balancer: "app/other/1", Port: 80, Protocol: "HTTP"})
		})
		l.Bound(arn, at, fmt.Errorf("address already in use"))
		w.wantState("active", "0.0.0.0:80 is not listened on: address already in use ("+other.ARN+" has it)")
		l.Bound(arn, at, nil)
		w.wantState("active", "")
		w.update(func(x store.Writer) error { store.LoadBalancers.Delete(x, scope.Key(other.ID())); return nil })
		w.update(func(x store.Writer) error { store.LoadBalancers.Delete(x, scope.Key("app/web/1")); return nil })
		if len(w.up) != 0 || len(w.names) != 0 {
			t.Errorf("%v %v", w.up, w.names)
		}
	})
}

func (w *world) wantState(code, reason string) {
	w.Helper()
	synctest.Wait()
	_ = w.db.View(w.Context(), func(r store.Reader) error {
		if b, _ := store.LoadBalancers.Get(r, scope.Key("app/web/1")); b.State != (state.BalancerState{Code: code, Reason: reason}) {
			w.Errorf("%+v", b.State)
		}
		return nil
	})
}
