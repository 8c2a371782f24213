package event

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// A schedule starts its tasks when it is due and once more for all it missed;
// one that is due once is gone afterwards, when it says so.
func TestTheSchedulersSchedules(t *testing.T) {
	inBubble(t, func(w *world) {
		now := time.Now().UTC()
		schedule := func(name, expression string, remove bool, to schedulertypes.Target) {
			s := state.EventSchedule{Name: name, Group: "default", ARN: scope.ARN("scheduler", "schedule/default/"+name), Expression: expression, State: schedulertypes.ScheduleStateEnabled, Target: to, CreatedAt: now, DeleteAfter: remove}
			s.Next = events.Due(s, now)
			w.update(func(tx store.Writer) error { return store.EventSchedules.Put(tx, scope.Key("default/"+name), s) })
		}
		cluster := schedulertypes.Target{Arn: aws.String(scope.ClusterARN("default")), EcsParameters: &schedulertypes.EcsParameters{TaskDefinitionArn: aws.String("job")}}
		schedule("often", "rate(5 minutes)", false, cluster)
		schedule("soon", "at("+now.Add(2*time.Minute).Format("2006-01-02T15:04:05")+")", true, schedulertypes.Target{
			Arn: aws.String(scope.ARN("events", "event-bus/default")), Input: aws.String(`{"of":"<aws.scheduler.schedule-arn>"}`),
			EventBridgeParameters: &schedulertypes.EventBridgeParameters{Source: aws.String("shop"), DetailType: aws.String("Time")},
		})
		w.rule("default", "all", `{"source":["shop"]}`, logTarget("log", "/aws/events/all"))
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if _, _, tasks := w.left(); tasks != 2 {
			w.Errorf("%d tasks", tasks)
		}
		if len(w.told()) != 1 || !strings.Contains(w.told()[0], `"of":"`+scope.ARN("scheduler", "schedule/default/soon")) {
			w.Errorf("lines %q", w.told())
		}
		w.kill()
		time.Sleep(30 * time.Minute)
		w.start()
		synctest.Wait()
		_, _, tasks := w.left()
		_ = w.db.View(w.Context(), func(r store.Reader) error {
			_, there := store.EventSchedules.Get(r, scope.Key("default/soon"))
			for _, task := range store.Tasks.List(r, scope, "") {
				if task.Spec.StartedBy != "chronos-schedule/often" {
					w.Errorf("started by %s", task.Spec.StartedBy)
				}
			}
			if tasks != 3 || there {
				w.Errorf("%d tasks, the schedule that was due once is there: %t", tasks, there)
			}
			return nil
		})
	})
}

// What was missed is made up for by the newest time that was; what is older than
// its target takes it, less its time window, is a dead letter.
func TestSchedulesThatAreLate(t *testing.T) {
	for name, c := range map[string]struct {
		expression string // of the moment of the start, +1m or so
		window     int32
		down       time.Duration
		told       string // of the event's time, after the start; "" for none
	}{
		"a moment that has passed":         {"at -30s", 0, 0, "-30s"},
		"one that passed long ago":         {"at -2m", 0, 0, ""},
		"one that was missed":              {"at 1m", 0, 2 * time.Minute, "1m0s"},
		"one that was missed long ago":     {"at 1m", 0, time.Hour, ""},
		"one that is late within a window": {"at 1m", 60, 30 * time.Minute, "1m0s"},
		"one that is late after a window":  {"at 1m", 15, 30 * time.Minute, ""},
		"the newest of many":               {"rate(10 minutes)", 0, 3*time.Hour + 80*time.Second, ""},
		"the newest of many, in time":      {"rate(10 minutes)", 0, 3*time.Hour + 10*time.Second, "3h0m0s"},
	} {
		inBubble(t, func(w *world) {
			began := time.Now().UTC()
			if offset, at := strings.CutPrefix(c.expression, "at "); at {
				d, err := time.ParseDuration(offset)
				if err != nil {
					w.Fatal(err)
				}
				c.expression = "at(" + began.Add(d).Format("2006-01-02T15:04:05") + ")"
			}
			s := state.EventSchedule{Name: "s", Group: "default", ARN: scope.ARN("scheduler", "schedule/default/s"), Expression: c.expression, State: schedulertypes.ScheduleStateEnabled, CreatedAt: began, Window: c.window, DeleteAfter: true}
			s.Target = schedulertypes.Target{
				Arn: aws.String(scope.ARN("events", "event-bus/default")), Input: aws.String(`{"at":"<aws.scheduler.scheduled-time>"}`),
				EventBridgeParameters: &schedulertypes.EventBridgeParameters{Source: aws.String("shop"), DetailType: aws.String("Time")},
				RetryPolicy:           &schedulertypes.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(60)},
				DeadLetterConfig:      &schedulertypes.DeadLetterConfig{Arn: aws.String(scope.ARN("logs", "log-group:/letters"))},
			}
			s.Next = events.First(s, began)
			w.rule("default", "all", `{"source":["shop"]}`, logTarget("log", "/aws/events/all"))
			if c.down > 0 {
				w.kill()
			}
			w.update(func(tx store.Writer) error { return store.EventSchedules.Put(tx, scope.Key("default/s"), s) })
			if c.down > 0 {
				time.Sleep(c.down)
				w.start()
			}
			synctest.Wait()
			want := []string{"/letters dead-letters/s ", `"exhaustedRetryCondition":"MaximumEventAgeInSeconds"`, `"attempts":0`, "older than the 60 seconds"}
			if c.told != "" {
				d, _ := time.ParseDuration(c.told)
				want = []string{"/aws/events/all all ", `"at":"` + began.Add(d).Format(time.RFC3339) + `"`}
			}
			if len(w.told()) != 1 {
				w.Fatalf("%s: %q", name, w.told())
			}
			for _, part := range want {
				if !strings.Contains(w.told()[0], part) {
					w.Errorf("%s: %q is missing in %s", name, part, w.told()[0])
				}
			}
			_ = w.db.View(w.Context(), func(r store.Reader) error {
				if _, there := store.EventSchedules.Get(r, scope.Key("default/s")); there != strings.HasPrefix(c.expression, "rate") {
					w.Errorf("%s: the schedule is there: %t", name, there)
				}
				return nil
			})
		})
	}
}
