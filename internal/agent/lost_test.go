package agent

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/agent/runtime/fake"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// An engine that cannot tell how a container ends, while it runs: the task ends
// with that as the reason, and the container with it.
func TestAContainerThatCannotBeWatchedEndsWithItsTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, fake.Options{Fail: func(_ context.Context, operation, _ string) error {
			if operation == "Wait" {
				return errors.New("the shim does not answer")
			}
			return nil
		}})
		w.up(assignment("t1", ecstypes.ContainerDefinition{Name: aws.String("app"), Command: []string{"sleep"}}))
		time.Sleep(time.Minute)
		o := w.task("t1")
		if o.Status != state.TaskStopped || len(o.Containers) != 1 || !strings.Contains(o.Containers[0].Reason, "the shim does not answer") {
			t.Errorf("%+v", o)
		}
		if left, err := w.engine.List(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("%+v is left: %v", left, err)
		}
		w.end()
	})
}

// A signal that could not be given is given later.
func TestASignalThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		w := newWorld(t, fake.Options{Fail: func(_ context.Context, operation, _ string) error {
			if operation == "Signal" && asked.Add(1) <= 3 {
				return errors.New("the shim does not answer")
			}
			return nil
		}})
		task := assignment("t1", ecstypes.ContainerDefinition{Name: aws.String("app"), Command: []string{"stubborn"}, StopTimeout: aws.Int32(2)})
		w.up(task)
		time.Sleep(time.Second)
		w.messages <- protocol.Message{Assign: []protocol.Assignment{stopped(task)}}
		time.Sleep(time.Minute)
		if o := w.task("t1"); o.Status != state.TaskStopped || asked.Load() < 4 {
			t.Errorf("asked for %d signals: %+v", asked.Load(), o)
		}
		w.end()
	})
}
