package alarm

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
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/alarmstate"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var here = state.Scope{Account: "123456789012", Region: "us-east-1"}

const topic = "arn:aws:sns:us-east-1:123456789012:ops"

// world is a store with a topic that somebody hears and a rule that sees all
// events, and metrics that can be set.
type world struct {
	t  *testing.T
	db store.Store

	mu    sync.Mutex
	value map[string]float64 // of a metric from now on; none: no data
	fail  error
	reads int
	ids   int
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, db: mem.New(), value: map[string]float64{}}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.update(func(tx store.Writer) error {
		for _, err := range []error{
			store.Topics.Put(tx, here.Key("ops"), state.Topic{Name: "ops", ARN: topic}),
			store.Subscriptions.Put(tx, here.Key("ops/1"), state.Subscription{ARN: topic + ":1", TopicARN: topic, Protocol: "http", Endpoint: "http://127.0.0.1:1", Confirmed: true}),
			store.EventRules.Put(tx, here.Key("default/all"), state.EventRule{Name: "all", Bus: "default", State: ebtypes.RuleStateEnabled, Pattern: "{}"}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *world) update(fn func(store.Writer) error) {
	w.t.Helper()
	if err := w.db.Update(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// Read gives the value that is set for every period.
func (w *world) Read(_ context.Context, _ state.Scope, q metrics.Query) (out []metrics.Point, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads++
	v, ok := w.value[q.Name]
	for at := q.From; ok && at.Before(q.To); at = at.Add(q.Period) {
		out = append(out, metrics.Point{Time: at, Value: v, Count: 1})
	}
	return out, w.fail
}

func (w *world) set(name string, v float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.value[name] = v
}

func (w *world) newID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids++
	return fmt.Sprintf("%08d-0000-4000-8000-000000000000", w.ids)
}

// run runs the loop until the function it returns is called.
func (w *world) run(db store.Store) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	l := &Loop{Store: db, Metrics: w, NewID: w.newID, Log: slog.New(slog.DiscardHandler)}
	go func() { done <- l.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) metric(name string, period int32) {
	now := time.Now()
	w.update(func(tx store.Writer) error {
		return store.Alarms.Put(tx, here.Key(name), state.Alarm{Metric: &types.MetricAlarm{
			AlarmName: &name, AlarmArn: aws.String(here.AlarmARN(name)), MetricName: &name, Namespace: aws.String("App"), Statistic: types.StatisticAverage, Period: &period,
			EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(10), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
			ActionsEnabled: aws.Bool(true), AlarmActions: []string{topic, "arn:aws:sns:us-east-1:123456789012:gone"}, OKActions: []string{topic},
			StateValue: types.StateValueInsufficientData, StateReason: aws.String(alarm.Created), StateUpdatedTimestamp: &now, StateTransitionedTimestamp: &now, AlarmConfigurationUpdatedTimestamp: &now,
		}})
	})
}

func (w *world) composite(name, rule, suppressor string) {
	now := time.Now()
	c := &types.CompositeAlarm{
		AlarmName: &name, AlarmArn: aws.String(here.AlarmARN(name)), AlarmRule: &rule, ActionsEnabled: aws.Bool(true), AlarmActions: []string{topic}, OKActions: []string{topic},
		StateValue: types.StateValueInsufficientData, StateReason: aws.String(alarm.Created), StateUpdatedTimestamp: &now, StateTransitionedTimestamp: &now, AlarmConfigurationUpdatedTimestamp: &now,
	}
	if suppressor != "" {
		c.ActionsSuppressor, c.ActionsSuppressorWaitPeriod, c.ActionsSuppressorExtensionPeriod = &suppressor, aws.Int32(60), aws.Int32(120)
	}
	w.update(func(tx store.Writer) error {
		return store.Alarms.Put(tx, here.Key(name), state.Alarm{Composite: c, Acted: types.StateValueInsufficientData})
	})
}

func (w *world) setState(name string, to types.StateValue) {
	w.update(func(tx store.Writer) error {
		a, _ := store.Alarms.Get(tx, here.Key(name))
		return alarmstate.Change(tx, here.Key(name), a, alarmstate.State{Value: to, Reason: "test"}, alarmstate.Cause{At: time.Now(), NewID: w.newID})
	})
}

// want holds that an alarm is in a state, and how many changes of it, told
// notifications and events there were of all alarms.
func (w *world) want(name string, value types.StateValue, changes, deliveries, events int) {
	w.t.Helper()
	synctest.Wait()
	err := w.db.View(w.t.Context(), func(r store.Reader) error {
		a, _ := store.Alarms.Get(r, here.Key(name))
		if a.Value() != value {
			w.t.Errorf("%s is %s, want %s", name, a.Value(), value)
		}
		n := 0
		for _, h := range store.AlarmHistory.List(r, here, name+"/") {
			if h.Item.HistoryItemType == types.HistoryItemTypeStateUpdate {
				n++
			}
		}
		if n != changes {
			w.t.Errorf("%s changed %d times, want %d", name, n, changes)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if got := count(w, store.Deliveries); got != deliveries {
		w.t.Errorf("%d notifications, want %d", got, deliveries)
	}
	if got := count(w, store.Events); got != events {
		w.t.Errorf("%d events, want %d", got, events)
	}
}

func count[T any](w *world, table store.Table[T]) (n int) {
	w.t.Helper()
	err := w.db.View(w.t.Context(), func(r store.Reader) error {
		for range table.List(r, here, "") {
			n++
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

const (
	ok       = types.StateValueOk
	alarming = types.StateValueAlarm
	unknown  = types.StateValueInsufficientData
)

func TestMetricAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.run(w.db)
		w.set("cpu", 1)
		w.metric("cpu", 60)
		w.want("cpu", ok, 1, 1, 1) // at once
		w.set("cpu", 20)
		time.Sleep(time.Minute + time.Second)
		w.want("cpu", alarming, 2, 2, 2)
		time.Sleep(10 * time.Minute)
		w.want("cpu", alarming, 2, 2, 2)
		w.setState("cpu", ok) // until the next evaluation
		w.want("cpu", ok, 3, 3, 3)
		time.Sleep(time.Minute + time.Second)
		w.want("cpu", alarming, 4, 4, 4)
		w.mu.Lock()
		w.fail = errors.New("no disk")
		w.mu.Unlock()
		time.Sleep(time.Minute + time.Second)
		evaluation := func() (s types.EvaluationState) {
			synctest.Wait()
			_ = w.db.View(t.Context(), func(r store.Reader) error {
				a, _ := store.Alarms.Get(r, here.Key("cpu"))
				s = a.Metric.EvaluationState
				return nil
			})
			return s
		}
		if got := evaluation(); got != types.EvaluationStateEvaluationFailure {
			t.Errorf("evaluation state %q", got)
		}
		w.mu.Lock()
		w.fail = nil
		w.mu.Unlock()
		time.Sleep(time.Minute + time.Second)
		if got := evaluation(); got != "" {
			t.Errorf("evaluation state %q", got)
		}
		w.want("cpu", alarming, 4, 4, 4)
		var actions []string
		_ = w.db.View(t.Context(), func(r store.Reader) error {
			for _, h := range store.AlarmHistory.List(r, here, "cpu/") {
				if h.Item.HistoryItemType == types.HistoryItemTypeAction {
					actions = append(actions, *h.Item.HistorySummary)
				}
			}
			return nil
		})
		if len(actions) != 6 || actions[1] != "Successfully executed action "+topic || !strings.HasPrefix(actions[2], "Failed to execute action arn:aws:sns:us-east-1:123456789012:gone") {
			t.Errorf("actions: %q", actions)
		}
		time.Sleep(alarmstate.Kept + 2*time.Hour)
		synctest.Wait()
		if n := count(w, store.AlarmHistory); n != 0 {
			t.Errorf("%d items are left after 30 days", n)
		}
		stop()
	})
}

// A thousand alarms are one read each and minute, whenever Hatoba starts, and
// spread.
func TestManyAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.run(w.db)
		for i := range 1000 {
			w.metric(fmt.Sprint("idle", i), 60)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		stop()
		reads := func() int { w.mu.Lock(); defer w.mu.Unlock(); n := w.reads; w.reads = 0; return n }
		reads()
		stop = w.run(w.db)
		most := 0
		for range 600 {
			time.Sleep(time.Second)
			synctest.Wait()
			n := reads()
			most = max(most, n)
		}
		if most > 60 {
			t.Errorf("%d reads in one second", most)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := reads(); n != 1000 {
			t.Errorf("%d reads in a minute, want 1,000", n)
		}
		stop()
	})
}

func TestShortPeriods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.run(w.db)()
		w.set("fast", 1)
		w.metric("fast", 10)
		w.want("fast", ok, 1, 1, 1)
		w.set("fast", 20)
		time.Sleep(10*time.Second + time.Millisecond)
		w.want("fast", alarming, 2, 2, 2)
	})
}

func TestMetricMath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.run(w.db)()
		w.set("errors", 1)
		w.set("requests", 100)
		w.metric("rate", 60)
		stat := func(name string) *types.MetricStat {
			return &types.MetricStat{Metric: &types.Metric{Namespace: aws.String("App"), MetricName: &name}, Period: aws.Int32(60), Stat: aws.String("Sum")}
		}
		w.update(func(tx store.Writer) error {
			a, _ := store.Alarms.Get(tx, here.Key("rate"))
			m := *a.Metric
			m.MetricName, m.Namespace, m.Period, m.Statistic = nil, nil, nil, ""
			m.Metrics = []types.MetricDataQuery{
				{Id: aws.String("rate"), Expression: aws.String("100 * e / r"), ReturnData: aws.Bool(true)},
				{Id: aws.String("e"), MetricStat: stat("errors"), ReturnData: aws.Bool(false)}, {Id: aws.String("r"), MetricStat: stat("requests"), ReturnData: aws.Bool(false)},
			}
			m.AlarmConfigurationUpdatedTimestamp = aws.Time(time.Now().Add(time.Millisecond))
			a.Metric = &m
			return store.Alarms.Put(tx, here.Key("rate"), a)
		})
		w.want("rate", ok, 1, 1, 1)
		w.set("errors", 11)
		time.Sleep(time.Minute + time.Second)
		w.want("rate", alarming, 2, 2, 2)
	})
}

// interrupted ends as kill -9 would have it: before the first write of a state
// is durable, or after it and before anybody knows.
type interrupted struct {
	store.Store
	after bool
	kill  func()
	once  sync.Once
}

func (i *interrupted) Update(ctx context.Context, fn func(store.Writer) error) (err error) {
	decided := false
	if i.after {
		err = i.Store.Update(ctx, func(w store.Writer) error {
			before := alarmsOf(w)
			err := fn(w)
			decided = before != alarmsOf(w)
			return err
		})
	} else {
		err = i.Store.Update(ctx, func(w store.Writer) error {
			before := alarmsOf(w)
			if err := fn(w); err != nil {
				return err
			}
			if decided = before != alarmsOf(w); decided {
				return errors.New("killed")
			}
			return nil
		})
	}
	if decided {
		i.once.Do(i.kill)
		return errors.Join(err, context.Canceled)
	}
	return err
}

func alarmsOf(r store.Reader) (states string) {
	for _, a := range store.Alarms.List(r, here, "") {
		states += string(a.Value()) + " "
	}
	return states
}

// A decision is neither repeated nor lost when Hatoba is killed while it is
// written; the composite alarm's that follows is neither.
func TestKilled(t *testing.T) {
	for _, after := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.set("cpu", 1)
			stop := w.run(w.db)
			w.metric("cpu", 60)
			w.composite("all", "ALARM(cpu)", "")
			w.want("cpu", ok, 1, 2, 2)
			w.want("all", ok, 1, 2, 2)
			stop()
			for _, v := range []float64{20, 1, 20} {
				w.set("cpu", v)
				ctx, cancel := context.WithCancel(t.Context())
				killed := &interrupted{Store: w.db, after: after, kill: cancel}
				l := &Loop{Store: killed, Metrics: w, NewID: w.newID, Log: slog.New(slog.DiscardHandler)}
				if err := l.Run(ctx); err != nil {
					t.Fatal(err)
				}
				stop = w.run(w.db)
				time.Sleep(time.Minute + time.Second)
				synctest.Wait()
				stop()
			}
			w.want("cpu", alarming, 4, 8, 8)
			w.want("all", alarming, 4, 8, 8)
		})
	}
}

func TestCompositeAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.run(w.db)
		w.set("a", 1)
		w.set("b", 1)
		w.metric("a", 60)
		w.metric("b", 60)
		w.composite("both", "ALARM(a) AND ALARM(b)", "")
		synctest.Wait() // it is OK before the next one looks at it
		w.composite("top", `NOT OK("both")`, "")
		w.want("top", ok, 1, 4, 4)
		// What the metrics say goes with it: their turn may come in any second.
		w.set("a", 20)
		w.setState("a", alarming)
		w.want("both", ok, 1, 5, 5)
		w.set("b", 20)
		w.setState("b", alarming)
		w.want("both", alarming, 2, 8, 8)
		w.want("top", alarming, 2, 8, 8)
		time.Sleep(time.Second)
		w.setState("top", ok) // a composite alarm stays so until a child of it changes
		w.want("top", ok, 3, 9, 9)
		stop()
		stop = w.run(w.db)
		w.want("top", ok, 3, 9, 9)
		time.Sleep(time.Second)
		w.set("a", 1)
		w.setState("a", ok)
		w.want("both", ok, 3, 11, 11)
		w.want("top", ok, 3, 11, 11)
		w.update(func(tx store.Writer) error { store.Alarms.Delete(tx, here.Key("both")); return nil })
		w.want("top", alarming, 4, 12, 12) // what is gone is not OK
		stop()
	})
}

func TestCycles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.run(w.db)()
		w.composite("a", "NOT ALARM(b)", "")
		w.composite("b", "ALARM(a)", "")
		synctest.Wait()
		before := count(w, store.AlarmHistory)
		time.Sleep(time.Minute)
		synctest.Wait()
		if after := count(w, store.AlarmHistory); after != before || after > 4 {
			t.Errorf("%d items, then %d", before, after)
		}
	})
}

func TestSuppressor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.metric("child", 60)
		w.metric("quiet", 60)
		w.setState("child", ok)
		w.setState("quiet", ok)
		w.composite("top", "ALARM(child)", "quiet")
		stop := w.run(w.db)
		w.set("child", 1)
		w.set("quiet", 1)
		told := func(n int, by types.ActionsSuppressedBy) {
			t.Helper()
			synctest.Wait()
			n += 2 // of child and quiet, when they became OK
			if got := count(w, store.Deliveries); got != n {
				t.Errorf("%d notifications, want %d", got, n)
			}
			_ = w.db.View(t.Context(), func(r store.Reader) error {
				a, _ := store.Alarms.Get(r, here.Key("top"))
				if got := a.Composite.ActionsSuppressedBy; got != by {
					t.Errorf("suppressed by %q, want %q", got, by)
				}
				return nil
			})
		}
		told(0, "WaitPeriod")
		time.Sleep(61 * time.Second)
		told(1, "") // OK
		w.set("quiet", 20)
		w.set("child", 20)
		time.Sleep(61 * time.Second) // both go off, and tell it
		told(3, "Alarm")
		stop()
		stop = w.run(w.db)
		time.Sleep(10 * time.Minute)
		told(3, "Alarm")
		w.set("quiet", 1)
		time.Sleep(61 * time.Second)
		told(4, "ExtensionPeriod")
		stop()
		time.Sleep(time.Second)
		stop = w.run(w.db)
		time.Sleep(2 * time.Minute)
		told(5, "")
		stop()
	})
}
