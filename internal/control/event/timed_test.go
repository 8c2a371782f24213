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
		if len(w.lines) != 1 || !strings.Contains(w.lines[0], `"of":"`+scope.ARN("scheduler", "schedule/default/soon")) {
			w.Errorf("lines %q", w.lines)
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
