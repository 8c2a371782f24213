package records

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

func task(id string, status state.TaskStatus, registries ...state.TaskRegistry) state.Task {
	t := state.Task{ID: id, ClusterName: "default", Spec: state.TaskSpec{Family: "app", Service: state.TaskService{Service: "default/web", Registries: registries}}}
	t.Desired.Status, t.Observed.Status, t.Observed.ENI.PrivateIPv4, t.Placement.AvailabilityZone = state.TaskRunning, status, "172.31.0.9", "us-east-1a"
	return t
}

func TestInstance(t *testing.T) {
	svc, checked := state.DiscoveryService{ID: "srv-1"}, state.DiscoveryService{ID: "srv-1", CustomHealth: true}
	machine := netip.MustParseAddr("172.31.0.1")
	plain := map[string]string{"AWS_INSTANCE_IPV4": "172.31.0.9", "AVAILABILITY_ZONE": "us-east-1a", "REGION": "us-east-1", "ECS_CLUSTER_NAME": "default", "ECS_SERVICE_NAME": "web", "ECS_TASK_DEFINITION_FAMILY": "app"}
	with := func(more ...string) map[string]string {
		out := maps.Clone(plain)
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	health := func(status string) state.Task {
		x := task("t", state.TaskRunning)
		x.Observed.Containers = []state.ContainerObserved{{Name: "app", Health: status}, {Name: "other", Health: "UNHEALTHY"}}
		return x
	}
	bridge := task("t", state.TaskRunning)
	bridge.Placement.ContainerInstance, bridge.Placement.Node = "arn", "n"
	bridge.Observed.Containers = []state.ContainerObserved{{Name: "app", NetworkBindings: []state.NetworkBinding{{ContainerPort: 80, HostPort: 32768, Protocol: "tcp"}}}}
	unbound := bridge
	unbound.Observed.Containers = nil
	stopping := task("t", state.TaskRunning)
	stopping.Desired.Status = state.TaskStopped
	for _, tc := range []struct {
		name   string
		task   state.Task
		r      state.TaskRegistry
		svc    state.DiscoveryService
		want   map[string]string
		health string
	}{
		{"runs", task("t", state.TaskRunning), state.TaskRegistry{}, svc, plain, ""},
		{"with a port", task("t", state.TaskRunning), state.TaskRegistry{Port: 80}, svc, with("AWS_INSTANCE_PORT", "80"), ""},
		{"does not run yet", task("t", state.TaskPending), state.TaskRegistry{}, svc, nil, ""},
		{"is to stop", stopping, state.TaskRegistry{}, svc, nil, ""},
		{"is stopping", task("t", state.TaskStopping), state.TaskRegistry{}, svc, nil, ""},
		{"custom health without checks", task("t", state.TaskRunning), state.TaskRegistry{}, checked, with("AWS_INIT_HEALTH_STATUS", "HEALTHY"), ""},
		{"not healthy yet", health("UNKNOWN"), state.TaskRegistry{Checked: []string{"app"}}, checked, with("AWS_INIT_HEALTH_STATUS", "UNHEALTHY"), "UNHEALTHY"},
		{"healthy", health("HEALTHY"), state.TaskRegistry{Checked: []string{"app"}}, checked, with("AWS_INIT_HEALTH_STATUS", "UNHEALTHY"), "HEALTHY"},
		{"checks without custom health", health("UNKNOWN"), state.TaskRegistry{Checked: []string{"app"}}, svc, plain, ""},
		{"bridge", bridge, state.TaskRegistry{Container: "app", Port: 80, ByInstance: true}, svc, with("AWS_INSTANCE_IPV4", "172.31.0.1", "AWS_INSTANCE_PORT", "32768", "EC2_INSTANCE_ID", state.EC2InstanceID("n")), ""},
		{"bridge, the port is not known yet", unbound, state.TaskRegistry{Container: "app", Port: 80, ByInstance: true}, svc, nil, ""},
		{"host", bridge, state.TaskRegistry{Container: "app", Port: 80, HostPort: 80, ByInstance: true}, svc, with("AWS_INSTANCE_IPV4", "172.31.0.1", "AWS_INSTANCE_PORT", "80", "EC2_INSTANCE_ID", state.EC2InstanceID("n")), ""},
	} {
		i, ok := Instance(scope, tc.task, tc.r, tc.svc, machine)
		if ok != (tc.want != nil) || ok && !maps.Equal(i.Attributes, tc.want) || i.Health != tc.health {
			t.Errorf("%s: %v %+v, want %v %s", tc.name, ok, i, tc.want, tc.health)
		}
	}
}

// failing is a store that sometimes takes no writes.
type failing struct {
	store.Store
	full atomic.Bool
}

func (f *failing) Update(ctx context.Context, fn func(store.Writer) error) error {
	if f.full.Load() {
		return errors.New("no room")
	}
	return f.Store.Update(ctx, fn)
}

// Whatever becomes of tasks, with the loop there, gone for a while or refused by
// the store: in the end exactly those are registered that are wanted and run.
func TestInstancesFollowTasks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			under := mem.New()
			defer under.Close()
			s := &failing{Store: under}
			update := func(fn func(store.Writer) error) {
				if err := under.Update(t.Context(), fn); err != nil {
					t.Fatal(err)
				}
			}
			update(func(w store.Writer) error {
				return discovery.AddService(w, scope, state.DiscoveryService{ID: "srv-1", CustomHealth: true})
			})
			var stop context.CancelFunc
			done := make(chan error, 1)
			start := func() {
				var ctx context.Context
				ctx, stop = context.WithCancel(t.Context())
				l := &Loop{Store: s, Log: slog.New(slog.DiscardHandler), Machine: func(string) (netip.Addr, bool) { return netip.Addr{}, false }}
				go func() { done <- l.Run(ctx) }()
			}
			start()
			defer func() { stop(); <-done }()
			registry := state.TaskRegistry{Service: "srv-1"}
			for range rapid.IntRange(1, 25).Draw(rt, "steps") {
				id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "task")
				key := scope.Key(id)
				switch rapid.IntRange(0, 7).Draw(rt, "step") {
				case 0, 1:
					update(func(w store.Writer) error { return store.Tasks.Put(w, key, task(id, state.TaskRunning, registry)) })
				case 2:
					update(func(w store.Writer) error {
						x := task(id, state.TaskRunning, registry)
						x.Desired.Status = state.TaskStopped
						return store.Tasks.Put(w, key, x)
					})
				case 3:
					update(func(w store.Writer) error { return store.Tasks.Put(w, key, task(id, state.TaskStopped, registry)) })
				case 4:
					update(func(w store.Writer) error { store.Tasks.Delete(w, key); return nil })
				case 5:
					update(func(w store.Writer) error { _, err := discovery.Deregister(w, scope, "srv-1", id); return err })
				case 6:
					stop()
					<-done
					start()
				case 7:
					s.full.Store(!s.full.Load())
				}
				if rapid.Bool().Draw(rt, "settle") {
					synctest.Wait()
				}
			}
			s.full.Store(false)
			time.Sleep(2 * time.Second) // what was refused is tried again
			synctest.Wait()
			_ = under.View(t.Context(), func(r store.Reader) error {
				for _, id := range []string{"a", "b", "c"} {
					x, there := store.Tasks.Get(r, scope.Key(id))
					want := there && x.Desired.Status == state.TaskRunning && x.Observed.Status == state.TaskRunning
					if _, got := store.DiscoveryInstances.Get(r, scope.Key("srv-1/"+id)); got != want {
						rt.Errorf("task %s: registered %v, want %v", id, got, want)
					}
				}
				return nil
			})
		})
	})
}

// What others make instances of with a task of theirs goes with the task, and
// not before.
func TestInstancesOfOthersGoWithTheirTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := mem.New()
		defer s.Close()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- (&Loop{Store: s, Log: slog.New(slog.DiscardHandler), Machine: func(string) (netip.Addr, bool) { return netip.Addr{}, false }}).Run(ctx)
		}()
		update := func(fn func(store.Writer) error) {
			if err := s.Update(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		count := func() (n int32) {
			_ = s.View(t.Context(), func(r store.Reader) error { n = discovery.Count(discovery.Instances(r, scope, "srv-9")); return nil })
			return n
		}
		update(func(w store.Writer) error {
			return errors.Join(discovery.AddService(w, scope, state.DiscoveryService{ID: "srv-9"}), store.Tasks.Put(w, scope.Key("a"), task("a", state.TaskRunning)),
				discovery.Register(w, scope, state.DiscoveryInstance{ID: "a", Service: "srv-9", Task: "a"}))
		})
		if count() != 1 {
			t.Error("removed while its task runs")
		}
		update(func(w store.Writer) error { return store.Tasks.Put(w, scope.Key("a"), task("a", state.TaskStopped)) })
		if count() != 0 {
			t.Error("left of a task that has ended")
		}
		stop()
		<-done
	})
}
