package scaling

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/scaling"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var here = state.Scope{Account: "123456789012", Region: "us-east-1"}

// world is a service of the size that is wanted, with a policy that tracks its
// CPU at 50, and a metric that can be set.
type world struct {
	t  *testing.T
	db store.Store

	mu    sync.Mutex
	value float64
	ids   int
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, db: mem.New()}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	p := state.ScalingPolicy{Name: "cpu", ResourceID: "service/default/web", CreatedBy: "me", ARN: "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/ecs/service/default/web:policyName/cpu",
		Tracking: &types.TargetTrackingScalingPolicyConfiguration{TargetValue: aws.Float64(50), PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricTypeECSServiceAverageCPUUtilization}}}
	w.update(func(tx store.Writer) error {
		for _, a := range scaling.Alarms(p, "h", "l") {
			a.StateValue = cw.StateValueInsufficientData
			p.Alarms = append(p.Alarms, *a.AlarmName)
			if err := store.Alarms.Put(tx, here.Key(*a.AlarmName), state.Alarm{Metric: &a}); err != nil {
				return err
			}
		}
		return errors.Join(
			store.Services.Put(tx, here.Key("default/web"), state.Service{Name: "web", ClusterName: "default", Status: state.ServiceActive, Strategy: "REPLICA", DesiredCount: 2,
				Rollouts: []state.Rollout{{Revision: "1", State: state.RolloutCompleted}}}),
			store.ScalableTargets.Put(tx, here.Key(p.ResourceID), state.ScalableTarget{ResourceID: p.ResourceID, Min: 1, Max: 10}),
			store.ScalingPolicies.Put(tx, here.Key(state.ScalingID(p.ResourceID, p.Name)), p),
		)
	})
	w.tasks(2)
	return w
}

func (w *world) update(fn func(store.Writer) error) {
	w.t.Helper()
	if err := w.db.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// tasks has so many tasks run.
func (w *world) tasks(n int) {
	w.update(func(tx store.Writer) error {
		for i := range 20 {
			key := here.Key(fmt.Sprintf("%032d", i))
			if i >= n {
				store.Tasks.Delete(tx, key)
				continue
			}
			t := state.Task{ID: key.ID, Spec: state.TaskSpec{Service: state.TaskService{Service: "default/web", Revision: "1"}}, Desired: state.Desired{Status: state.TaskRunning}, Observed: state.Observed{Status: state.TaskRunning}}
			if err := store.Tasks.Put(tx, key, t); err != nil {
				return err
			}
		}
		return nil
	})
	synctest.Wait()
}

// alarm gives the metric a value and one of the alarms a state.
func (w *world) alarm(which string, to cw.StateValue, value float64) {
	now := time.Now()
	w.mu.Lock()
	w.value = value
	w.mu.Unlock()
	w.update(func(tx store.Writer) error {
		key := here.Key("TargetTracking-service/default/web-" + which)
		a, _ := store.Alarms.Get(tx, key)
		m := *a.Metric
		m.StateValue, m.StateTransitionedTimestamp = to, &now
		return store.Alarms.Put(tx, key, state.Alarm{Metric: &m})
	})
	synctest.Wait()
}

func (w *world) Read(_ context.Context, _ state.Scope, q metrics.Query) (out []metrics.Point, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if q.Namespace != "AWS/ECS" || q.Name != "CPUUtilization" || q.Statistic != "Average" || len(q.Dimensions) != 2 {
		return nil, fmt.Errorf("asked for %+v", q)
	}
	for at := q.From; at.Before(q.To); at = at.Add(q.Period) {
		out = append(out, metrics.Point{Time: at, Value: w.value, Count: 1})
	}
	return out, nil
}

func (w *world) run(db store.Store) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	l := &Loop{Store: db, Metrics: w, Log: slog.New(slog.DiscardHandler), NewID: func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ids++
		return fmt.Sprintf("%08d-0000-4000-8000-000000000000", w.ids)
	}, Remove: func(tx store.Writer, key state.Key) { store.ScalableTargets.Delete(tx, key) }}
	go func() { done <- l.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

// want holds what is wanted of the service, and what became of it.
func (w *world) want(desired int32, activities ...string) {
	w.t.Helper()
	synctest.Wait()
	err := w.db.View(w.t.Context(), func(r store.Reader) error {
		if svc, _ := store.Services.Get(r, here.Key("default/web")); svc.DesiredCount != desired || len(svc.Rollouts) != 1 {
			w.t.Errorf("%d tasks are wanted in %d rollouts, want %d in one", svc.DesiredCount, len(svc.Rollouts), desired)
		}
		var got []string
		for _, a := range store.ScalingActivities.List(r, here, "") {
			got = append(got, string(a.Status)+" "+a.Description)
		}
		if strings.Join(got, ",") != strings.Join(activities, ",") {
			w.t.Errorf("the activities are %q, want %q", got, activities)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) events() (out []string) {
	w.t.Helper()
	err := w.db.View(w.t.Context(), func(r store.Reader) error {
		for _, e := range store.ServiceEvents.List(r, here, "default/web/") {
			out = append(out, e.Message)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestAnAlarmScales(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(10 * time.Second) // within a minute
		w := newWorld(t)
		stop := w.run(w.db)
		w.want(2)
		w.alarm("AlarmHigh-h", cw.StateValueAlarm, 95)
		w.want(4, "InProgress Setting desired count to 4.")
		w.tasks(4)
		w.want(4, "Successful Setting desired count to 4.")
		events := w.events()
		if len(events) != 2 || events[1] != "Message: Successfully set desired count to 4. Change successfully fulfilled by ecs. Cause: monitor alarm TargetTracking-service/default/web-AlarmHigh-h in state ALARM triggered policy cpu" {
			t.Errorf("the events are %q", events)
		}
		time.Sleep(61 * time.Second) // its value is that of two tasks
		w.want(4, "Successful Setting desired count to 4.")
		time.Sleep(2 * time.Minute) // and now it is that of four
		w.want(6, "Successful Setting desired count to 4.", "InProgress Setting desired count to 6.")
		w.tasks(6)
		w.alarm("AlarmHigh-h", cw.StateValueOk, 20)
		time.Sleep(20 * time.Minute)
		w.alarm("AlarmLow-l", cw.StateValueAlarm, 20)
		w.want(3, "Successful Setting desired count to 4.", "Successful Setting desired count to 6.", "InProgress Setting desired count to 3.")
		w.tasks(3)
		w.alarm("AlarmLow-l", cw.StateValueAlarm, 1)
		time.Sleep(4 * time.Minute)
		w.want(3, "Successful Setting desired count to 4.", "Successful Setting desired count to 6.", "Successful Setting desired count to 3.")
		time.Sleep(90 * time.Second) // the cooldown is over
		w.want(1, "Successful Setting desired count to 4.", "Successful Setting desired count to 6.", "Successful Setting desired count to 3.", "InProgress Setting desired count to 1.")
		stop()
	})
}

// crash is a store that is killed at a commit: before it, or right after.
type crash struct {
	store.Store
	after bool
	mu    sync.Mutex
	done  bool
}

var errKilled = errors.New("killed")

func (c *crash) Update(ctx context.Context, fn func(store.Writer) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return errKilled
	}
	c.done = true
	if c.after {
		if err := c.Store.Update(ctx, fn); err != nil {
			return err
		}
	}
	return errKilled
}

// A kill in the middle neither repeats nor loses a decision, on either side of
// the commit.
func TestAKillInTheMiddle(t *testing.T) {
	for _, after := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			stop := w.run(&crash{Store: w.db, after: after})
			w.alarm("AlarmHigh-h", cw.StateValueAlarm, 95)
			stop()
			if after {
				w.want(4, "InProgress Setting desired count to 4.")
			} else {
				w.want(2)
			}
			stop = w.run(w.db)
			w.want(4, "InProgress Setting desired count to 4.")
			time.Sleep(59 * time.Second)
			w.want(4, "InProgress Setting desired count to 4.")
			if n := len(w.events()); n != 1 {
				t.Errorf("%d events", n)
			}
			stop()
			stop = w.run(w.db)
			w.tasks(4)
			w.want(4, "Successful Setting desired count to 4.")
			stop()
		})
	}
}

func TestSchedulesAndBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.run(w.db)
		now := time.Now().UTC()
		w.update(func(tx store.Writer) error {
			return store.ScheduledScalings.Put(tx, here.Key("service/default/web//soon"), state.ScheduledScaling{Name: "soon", ResourceID: "service/default/web",
				Schedule: "at(" + now.Add(time.Hour).Format("2006-01-02T15:04:05") + ")", UpdatedAt: now, Min: aws.Int32(5)})
		})
		time.Sleep(time.Hour - time.Second)
		w.want(2)
		time.Sleep(2 * time.Second)
		w.want(5, "Successful Setting min capacity to 5", "InProgress Setting desired count to 5.")
		w.update(func(tx store.Writer) error {
			key := here.Key("service/default/web")
			target, _ := store.ScalableTargets.Get(tx, key)
			if target.Min != 5 {
				t.Errorf("the minimum is %d", target.Min)
			}
			target.Min, target.Max = 0, 3
			target.Bounds++
			return store.ScalableTargets.Put(tx, key, target)
		})
		w.want(3, "Successful Setting min capacity to 5", "Overridden Setting desired count to 5.", "InProgress Setting desired count to 3.")
		w.update(func(tx store.Writer) error {
			store.Services.Delete(tx, here.Key("default/web"))
			return nil
		})
		synctest.Wait()
		_ = w.db.View(t.Context(), func(r store.Reader) error {
			if _, there := store.ScalableTargets.Get(r, here.Key("service/default/web")); there {
				t.Error("the target outlives its service")
			}
			return nil
		})
		stop()
	})
}

// What is idle at its minimum costs no write and no read of a metric.
func TestIdleCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.update(func(tx store.Writer) error {
			target, _ := store.ScalableTargets.Get(tx, here.Key("service/default/web"))
			target.Min = 2
			return store.ScalableTargets.Put(tx, here.Key("service/default/web"), target)
		})
		stop := w.run(w.db)
		w.alarm("AlarmLow-l", cw.StateValueAlarm, 1)
		w.want(2, "Failed Attempting to scale due to alarm triggered")
		revision := func() (n int64) {
			_ = w.db.View(t.Context(), func(r store.Reader) error { n = r.Revision(); return nil })
			return n
		}
		before := revision()
		time.Sleep(time.Hour)
		synctest.Wait()
		if after := revision(); after != before {
			t.Errorf("%d writes in an hour", after-before)
		}
		stop()
	})
}
