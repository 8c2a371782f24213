package agent

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
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

func restartable(name string, essential bool) ecstypes.ContainerDefinition {
	return ecstypes.ContainerDefinition{
		Name: &name, Essential: &essential,
		RestartPolicy: &ecstypes.ContainerRestartPolicy{Enabled: aws.Bool(true), RestartAttemptPeriod: aws.Int32(60), IgnoredExitCodes: []int32{0}},
	}
}

// lives runs a container's processes one after the other: each for its time,
// ending with its code. The last goes on until it is told.
func lives(after ...time.Duration) fake.Options {
	return fake.Options{Program: func(runtime.Spec) fake.Program {
		return func(ctx context.Context, p *fake.Process) int32 {
			n, _ := p.Disk.LoadOrStore("lives", 0)
			p.Disk.Store("lives", n.(int)+1)
			if n.(int) < len(after) {
				return fake.ExitAfter(after[n.(int)], 7)(ctx, p)
			}
			return fake.UntilTold(0)(ctx, p)
		}
	}}
}

func TestAnEssentialContainerIsRestartedAndTheTaskGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, lives(60*time.Second, 61*time.Second))
		a := assignment("t1", restartable("app", true))
		w.up(a)
		time.Sleep(59 * time.Second)
		if o := w.task("t1"); o.Status != state.TaskRunning || o.Containers[0].Restarts != 0 {
			t.Errorf("before the first restart: %+v", o)
		}
		time.Sleep(time.Minute)
		o := w.task("t1")
		if o.Status != state.TaskRunning || o.Containers[0].Restarts != 1 || o.Containers[0].ExitCode != nil || o.ExecutionStoppedAt != nil {
			t.Errorf("after the first restart: %+v", o)
		}
		time.Sleep(time.Hour)
		if o := w.task("t1"); o.Containers[0].Restarts != 2 || o.Containers[0].Status != state.ContainerRunning {
			t.Errorf("after the second restart: %+v", o.Containers)
		}
		w.messages <- protocol.Message{Assign: []protocol.Assignment{stopped(a)}}
		time.Sleep(time.Minute)
		o = w.task("t1")
		if o.Status != state.TaskStopped || aws.ToInt32(o.Containers[0].ExitCode) != 0 || o.Containers[0].Restarts != 2 {
			t.Errorf("stopped: %+v", o)
		}
		w.end()
	})
}

func TestWhatRanTooShortlyIsNotRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, lives(60*time.Second, 59*time.Second))
		w.up(assignment("t1", restartable("app", true)))
		time.Sleep(time.Hour)
		o := w.task("t1")
		if o.Status != state.TaskStopped || o.StopCode != "EssentialContainerExited" || aws.ToInt32(o.Containers[0].ExitCode) != 7 || o.Containers[0].Restarts != 1 {
			t.Errorf("%+v", o)
		}
		w.end()
	})
}

func TestIgnoredExitCodesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := restartable("app", true)
		c.RestartPolicy.IgnoredExitCodes = []int32{1, 7}
		w := newWorld(t, lives(time.Hour))
		w.up(assignment("t1", c))
		time.Sleep(2 * time.Hour)
		if o := w.task("t1"); o.Status != state.TaskStopped || o.Containers[0].Restarts != 0 {
			t.Errorf("%+v", o)
		}
		w.end()
	})
}

// What happens to a container while Hatoba is away is made up for when it is
// back: the exit is seen, and the policy followed, with the secrets again.
func TestRestartSurvivesHatoba(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			mu   sync.Mutex
			seen []string
		)
		w := newWorld(t, fake.Options{Program: func(runtime.Spec) fake.Program {
			return func(ctx context.Context, p *fake.Process) int32 {
				mu.Lock()
				seen = append(seen, p.Env...)
				mu.Unlock()
				return lives(2*time.Minute, 2*time.Minute).Program(p.Spec)(ctx, p)
			}
		}})
		c := restartable("app", true)
		c.Secrets = []ecstypes.Secret{{Name: aws.String("PASSWORD"), ValueFrom: aws.String("/p")}}
		a := assignment("t1", c)
		w.up(a)
		time.Sleep(time.Minute)
		w.stop()
		time.Sleep(5 * time.Minute) // it ends meanwhile
		w.up(a)
		time.Sleep(time.Minute)
		if o := w.task("t1"); o.Status != state.TaskRunning || o.Containers[0].Restarts != 1 || o.Containers[0].ExitCode != nil {
			t.Errorf("after the return: %+v", o)
		}
		w.stop()
		w.up(a)
		time.Sleep(time.Hour)
		if o := w.task("t1"); o.Containers[0].Restarts != 2 {
			t.Errorf("the count was lost: %+v", o)
		}
		mu.Lock()
		defer mu.Unlock()
		if n := len(slices.DeleteFunc(seen, func(kv string) bool { return kv != "PASSWORD=secret" })); n != 3 {
			t.Errorf("the secret was there %d times in 3 lives", n)
		}
		w.end()
	})
}

// A restart that Hatoba's own end cuts short is made good, once.
func TestInterruptedRestart(t *testing.T) {
	for _, done := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var block atomic.Bool
			options := lives(2 * time.Minute)
			options.Fail = func(ctx context.Context, operation, _ string) error {
				if block.Load() && operation == map[bool]string{false: "Restart", true: "Start"}[done] {
					<-ctx.Done()
					return ctx.Err()
				}
				return nil
			}
			w := newWorld(t, options)
			a := assignment("t1", restartable("app", true))
			w.up(a)
			time.Sleep(time.Minute)
			block.Store(true)
			time.Sleep(2 * time.Minute)
			w.stop()
			block.Store(false)
			w.up(a)
			time.Sleep(time.Minute)
			if o := w.task("t1"); o.Status != state.TaskRunning || o.Containers[0].Restarts != 1 || o.Containers[0].Status != state.ContainerRunning {
				t.Errorf("done %v: %+v", done, o)
			}
			w.end()
		})
	}
}

func TestDecideOnRestarts(t *testing.T) {
	policy := &state.RestartPolicy{AttemptPeriod: time.Minute}
	at := time.Unix(1000, 0)
	c := ran(box("app", true), 1)
	c.plan.Restart, c.startedAt, c.endedAt = policy, at, at.Add(time.Minute)
	waits := box("later", false, on("app", "COMPLETE"))
	d := decide(at, []containerView{c, waits}, false)
	if d.end != nil || len(d.actions) != 1 || d.actions[0].verb != doRestart {
		t.Errorf("%+v", d)
	}
	if d := decide(at, []containerView{c, ran(box("later", false), 0)}, true); !d.finish || len(d.actions) != 0 {
		t.Errorf("a task that ends restarts nothing: %+v", d)
	}
	c.exitCode = nil
	if d := decide(at, []containerView{c}, false); d.end == nil {
		t.Error("what is lost is not restarted")
	}
}
