package measure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var (
	scope = state.Scope{Account: "123456789012", Region: "us-east-1"}
	other = state.Scope{Account: "210987654321", Region: "us-east-1"}
)

// world is a store, and what was put into metrics and logs.
type world struct {
	*testing.T
	db store.Store

	mu      sync.Mutex // of what follows
	put     map[state.Scope][]metrics.Datum
	events  []string
	offsets map[string]int64
	refuse  map[state.Scope]error
	read    map[string]lb.Reading
}

func newWorld(t *testing.T) *world {
	return &world{T: t, db: mem.New(), put: map[state.Scope][]metrics.Datum{}, offsets: map[string]int64{}, refuse: map[state.Scope]error{}, read: map[string]lb.Reading{}}
}

func (w *world) loop() *Loop {
	return New(Config{Store: w.db, Metrics: w, Logs: w, Balancers: w, Log: slog.New(slog.DiscardHandler)})
}

func (w *world) Put(_ context.Context, s state.Scope, data []metrics.Datum) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.refuse[s]; err != nil {
		return err
	}
	w.put[s] = append(w.put[s], data...)
	return nil
}

func (w *world) PutOnce(ctx context.Context, s state.Scope, once metrics.Once, data []metrics.Datum) error {
	key := fmt.Sprint(once.Producer, s)
	w.mu.Lock()
	last, ok := w.offsets[key]
	w.mu.Unlock()
	if ok && once.Number <= last {
		return nil
	}
	err := w.Put(ctx, s, data)
	if err == nil {
		w.mu.Lock()
		w.offsets[key] = once.Number
		w.mu.Unlock()
	}
	return err
}

func (w *world) Append(_ context.Context, _ state.Scope, group, stream string, days int32, _ time.Time, producer string, offset int64, messages []string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last, ok := w.offsets[producer+stream]; ok && offset <= last {
		return nil
	}
	w.offsets[producer+stream] = offset
	for range messages {
		w.events = append(w.events, group+" "+stream)
	}
	if days != 1 {
		w.Errorf("events are kept %d days", days)
	}
	return nil
}

func (w *world) reading(id string) (lb.Reading, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.read[id]
	return r, ok
}

// counts sets what a balancer has counted.
func (w *world) counts(id string, r lb.Reading) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read[id] = r
}

func (w *world) Counts() bool                              { return true }
func (w *world) ReadBalancer(id string) (lb.Reading, bool) { return w.reading(id) }
func (w *world) ReadGroup(id string) (lb.Reading, bool)    { return w.reading(id) }
func (w *world) ReadTarget(id string) (lb.Reading, bool)   { return w.reading(id) }

func (w *world) update(fn func(store.Writer) error) {
	w.Helper()
	if err := w.db.Update(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

// task puts a running task of service web in cluster c.
func (w *world) task(s state.Scope, id, insights string) protocol.TaskMeasures {
	w.update(func(tx store.Writer) error {
		setting := []ecstypes.ClusterSetting{{Name: ecstypes.ClusterSettingNameContainerInsights, Value: &insights}}
		def := state.TaskDefinition{Definition: ecstypes.TaskDefinition{ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("app")}}}}
		return errors.Join(
			store.Clusters.Put(tx, s.Key("c"), state.Cluster{Name: "c", Status: "ACTIVE", Settings: setting}),
			store.Services.Put(tx, s.Key("c/web"), state.Service{Name: "web", ClusterName: "c", Status: state.ServiceActive, DesiredCount: 2, Rollouts: []state.Rollout{{}}}),
			store.TaskDefinitions.Put(tx, s.Key(state.TaskDefinitionID("api", 1)), def),
			store.Tasks.Put(tx, s.Key(id), state.Task{
				ID: id, ClusterName: "c", Spec: state.TaskSpec{Family: "api", Revision: 1, CPU: "256", Memory: "512", Service: state.TaskService{Service: "c/web"}},
				Placement: state.Placement{Node: "n"}, Observed: state.Observed{Status: state.TaskRunning},
			}),
		)
	})
	return protocol.TaskMeasures{Key: s.Key(id), Over: time.Minute, Containers: []protocol.ContainerMeasures{{Name: "app", CPU: 15 * time.Second, Memory: 256 << 20}}}
}

// series are the names of what was put, with their dimensions.
func (w *world) series(s state.Scope, prefix string) (out []string) {
	for _, d := range w.put[s] {
		name := d.Namespace + "/" + d.Name
		for _, dim := range d.Dimensions {
			name += "," + dim.Value
		}
		if strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func TestABatchCountsOnce(t *testing.T) {
	w := newWorld(t)
	a, b := w.task(scope, "a", "enabled"), w.task(other, "b", "disabled")
	l := w.loop()
	batch := protocol.Measures{Run: "r", Seq: 1, Minute: time.Unix(0, 0), Tasks: []protocol.TaskMeasures{a, b, {Key: scope.Key("gone")}}}
	w.mu.Lock()
	w.refuse[other] = errors.New("no room")
	w.mu.Unlock()
	if err := l.Take(t.Context(), "n", batch); err == nil {
		t.Fatal("it is taken, and a part was not stored")
	}
	_ = l.Take(t.Context(), "n", batch)
	w.mu.Lock()
	w.refuse[other] = nil
	w.mu.Unlock()
	for range 3 {
		if err := l.Take(t.Context(), "n", batch); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []state.Scope{scope, other} {
		if got := w.series(s, "AWS/ECS/CPUUtilization"); len(got) != 1 || got[0] != "AWS/ECS/CPUUtilization,c,web" {
			t.Errorf("%s: %v", s.Account, got)
		}
	}
	if len(w.events) != 2 || !strings.HasPrefix(w.events[0], "/aws/ecs/containerinsights/c/performance FargateTelemetry-") {
		t.Errorf("events: %v", w.events)
	}
	batch.Run = "later" // the agent was started again, and counts anew
	if err := l.Take(t.Context(), "n", batch); err != nil {
		t.Fatal(err)
	}
	if got := w.series(scope, "AWS/ECS/CPUUtilization"); len(got) != 2 {
		t.Errorf("another run's first batch is not a repeat: %v", got)
	}
}

func TestMeasuresOfAnotherNodesTaskAreNotTaken(t *testing.T) {
	w := newWorld(t)
	m := w.task(scope, "a", "enabled")
	if err := w.loop().Take(t.Context(), "elsewhere", protocol.Measures{Run: "r", Seq: 1, Tasks: []protocol.TaskMeasures{m}}); err != nil {
		t.Fatal(err)
	}
	if len(w.put[scope]) > 0 {
		t.Errorf("%v", w.put)
	}
}

func TestCountsAndBalancersByTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.db.Close()
		w.task(scope, "a", "enabled")
		const arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:"
		group := state.TargetGroup{ARN: arn + "targetgroup/web/2", Balancers: []string{"app/web/1"}}
		w.update(func(tx store.Writer) error {
			return errors.Join(
				store.LoadBalancers.Put(tx, scope.Key("app/web/1"), state.LoadBalancer{ARN: arn + "loadbalancer/app/web/1", Type: "application"}),
				store.TargetGroups.Put(tx, scope.Key(group.ID()), group),
				store.Targets.Put(tx, scope.Key(state.TargetID(group.ID(), "10.0.0.1", 80)), state.Target{Group: group.ID(), Address: "10.0.0.1", Port: 80, Task: "a", Health: state.TargetHealth{State: "healthy"}}),
			)
		})
		l := w.loop()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- l.Run(ctx) }()
		w.counts(arn+"loadbalancer/app/web/1", lb.Reading{Requests: 5})
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if got := w.series(scope, "ECS/ContainerInsights/DesiredTaskCount"); len(got) != 1 {
			t.Errorf("counts: %v", got)
		}
		requests := func() (sum float64) {
			for _, d := range w.put[scope] {
				if d.Name == "RequestCount" && len(d.Dimensions) == 1 {
					sum += d.Sum
				}
			}
			return sum
		}
		if got := requests(); got != 5 {
			t.Errorf("%v requests after a minute", got)
		}
		if got := w.series(scope, "AWS/ApplicationELB/HealthyHostCount"); len(got) != 1 {
			t.Errorf("health: %v", got)
		}
		w.mu.Lock()
		w.refuse[scope] = errors.New("no room")
		w.mu.Unlock()
		w.counts(arn+"loadbalancer/app/web/1", lb.Reading{Requests: 9})
		time.Sleep(time.Minute)
		w.mu.Lock()
		w.refuse[scope] = nil
		w.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := requests(); got != 9 {
			t.Errorf("%v requests: those of a minute that could not be stored are told with the next", got)
		}
		w.counts(arn+"loadbalancer/app/web/1", lb.Reading{Requests: 11})
		cancel()
		if err := <-ended; err != nil || requests() != 11 {
			t.Errorf("%v requests when Hatoba has ended, %v", requests(), err)
		}
	})
}
