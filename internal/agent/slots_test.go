package agent

import (
	"context"
	"fmt"
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

// A runtime that hangs at every start it is given: a task that waits for its
// turn ends as soon as it is asked to, and one that works does not wait for
// those that hang.
func TestStartsThatHangHoldNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Bool
		hang.Store(true)
		w := newWorld(t, fake.Options{Fail: func(ctx context.Context, operation, id string) error {
			if operation == "Create" && hang.Load() {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}})
		app := func() ecstypes.ContainerDefinition { return ecstypes.ContainerDefinition{Name: aws.String("app")} }
		w.up()
		for i := range cap(New(Config{}).starts) {
			w.messages <- protocol.Message{Assign: []protocol.Assignment{assignment(fmt.Sprint("hung", i), app())}}
		}
		time.Sleep(time.Second)
		withdrawn, other := assignment("withdrawn", app()), assignment("other", app())
		w.messages <- protocol.Message{Assign: []protocol.Assignment{withdrawn}}
		time.Sleep(time.Second)
		hang.Store(false)
		w.messages <- protocol.Message{Assign: []protocol.Assignment{stopped(withdrawn), other}}
		time.Sleep(time.Second)
		if o := w.task("withdrawn"); o.Status != state.TaskStopped {
			t.Errorf("the task that was stopped before its turn: %+v", o)
		}
		if o := w.task("other"); o.Status == state.TaskRunning {
			t.Errorf("more are started than there are slots: %+v", o)
		}
		time.Sleep(slotTime)
		if o := w.task("other"); o.Status != state.TaskRunning {
			t.Errorf("the task after those that hang: %+v", o)
		}
		w.end()
	})
}
