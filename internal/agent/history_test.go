package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/fake"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// told is a task's history, an event once and in its order.
func (w *world) told(id string) (events []state.TaskEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[int64]bool{}
	for _, e := range w.history[key(id)] {
		if !seen[e.Seq] {
			seen[e.Seq] = true
			events = append(events, e)
		}
	}
	return events
}

func statuses(events []state.TaskEvent) (out []string) {
	for _, e := range events {
		if e.Type == state.EventStatus {
			out = append(out, e.Data["status"])
		}
	}
	return out
}

func has(events []state.TaskEvent, kind, text string) bool {
	return slices.ContainsFunc(events, func(e state.TaskEvent) bool { return e.Type == kind && strings.Contains(e.Text, text) })
}

func TestAHistoryTellsEveryStateAndWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, fake.Options{Program: func(s runtime.Spec) fake.Program {
			if s.Name == "stubborn" {
				return fake.Stubborn
			}
			return fake.UntilTold(0)
		}})
		a := assignment("t1", ecstypes.ContainerDefinition{Name: aws.String("app")}, ecstypes.ContainerDefinition{Name: aws.String("stubborn"), StopTimeout: aws.Int32(5)})
		w.up(a)
		time.Sleep(time.Minute)
		w.stop()
		w.up(a)
		time.Sleep(time.Minute)
		w.messages <- protocol.Message{Assign: []protocol.Assignment{stopped(a)}}
		time.Sleep(time.Minute)
		events := w.told("t1")
		want := []string{"PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"}
		if got := statuses(events); !slices.Equal(got, want) {
			t.Errorf("%v", got)
		}
		for _, e := range []struct{ kind, text string }{
			{state.EventPlaced, "is placed on"}, {state.EventNetwork, "has the address"}, {state.EventPulled, "registry/app:1"},
			{state.EventStarted, "started in"}, {state.EventTakenUp, "Hatoba was restarted"}, {state.EventEnds, "Task stopped by user"},
			{state.EventSignal, "SIGTERM, because the task stops: Task stopped by user; SIGKILL follows after 30s"},
			{state.EventSignal, "did not end within its stopTimeout of 5s"}, {state.EventExited, "exit code 0"}, {state.EventExited, "exit code 137"},
			{state.EventNetwork, "is removed"},
		} {
			if !has(events, e.kind, e.text) {
				t.Errorf("nothing says %s %q: %+v", e.kind, e.text, events)
			}
		}
		o := w.task("t1")
		if o.ENI.Status != "DELETED" || o.ExecutionStoppedAt == nil || o.ExecutionStoppedAt.After(*o.StoppedAt) {
			t.Errorf("%+v", o)
		}
		w.end()
	})
}

func TestAHistoryTellsWhyATaskDidNotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, fake.Options{Fail: func(_ context.Context, operation, _ string) error {
			if operation == "Start" {
				return errors.New("no such command")
			}
			return nil
		}})
		w.up(assignment("t1", ecstypes.ContainerDefinition{Name: aws.String("app")}))
		time.Sleep(time.Minute)
		events := w.told("t1")
		if got := statuses(events); !slices.Equal(got, []string{"PROVISIONING", "PENDING", "STOPPING", "DEPROVISIONING", "STOPPED"}) {
			t.Errorf("%v", got)
		}
		if !has(events, state.EventFailed, "no such command") || !has(events, state.EventEnds, "CannotStartContainerError") {
			t.Errorf("%+v", events)
		}
		w.end()
	})
}
