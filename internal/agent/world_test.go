package agent

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/agent/endpoint"
	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/fake"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/underway"
)

// world is an agent on an engine in memory, with the control plane's end of
// its session.
type world struct {
	t      *testing.T
	dir    string
	engine *fake.Engine
	stop   func()

	proxies Proxies
	runDir  string // of what is under way, "": a kill loses that

	mu       sync.Mutex
	messages chan protocol.Message
	observed map[state.Key]state.Observed
	shipped  []protocol.LogBatch
	history  map[state.Key][]state.TaskEvent
	asked    int // how often secrets were asked for
	measured []protocol.Measures
	refuse   error // measures
}

func newWorld(t *testing.T, options fake.Options) *world {
	return &world{t: t, dir: t.TempDir(), engine: fake.New(options), observed: map[state.Key]state.Observed{}, history: map[state.Key][]state.TaskEvent{}}
}

func (w *world) underWay() *underway.Place {
	if w.runDir == "" {
		return nil
	}
	p, err := underway.Open(w.runDir, w.runDir+".note", slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// up starts an agent over what is there, as a start of Hatoba does.
func (w *world) up(first ...protocol.Assignment) {
	w.messages = make(chan protocol.Message, 16)
	w.messages <- protocol.Message{Complete: true, Assign: first}
	a := New(Config{
		Node: state.Node{ID: "n"}, Dir: w.dir, Engine: w.engine, Network: w, Endpoints: w, Log: slog.New(slog.DiscardHandler),
		Open:     func(context.Context, state.Node) (protocol.Session, error) { return w, nil },
		UnderWay: w.underWay(), Proxies: w.proxies,
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := a.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	w.stop = func() { cancel(); <-ended }
}

// end stops the agent and what it leaves running.
func (w *world) end() {
	w.stop()
	list, _ := w.engine.List(context.Background())
	for _, c := range list {
		if c.Phase == runtime.Running {
			_ = w.engine.Signal(context.Background(), c.ID, "SIGKILL")
			_, _ = w.engine.Wait(context.Background(), c.ID)
		}
	}
}

func (w *world) task(id string) state.Observed {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.observed[key(id)]
}

func key(id string) state.Key {
	return state.Scope{Account: "123456789012", Region: "us-east-1"}.Key(id)
}

// assignment is a task of the given containers.
func assignment(id string, containers ...ecstypes.ContainerDefinition) protocol.Assignment {
	for i := range containers {
		containers[i].Image = aws.String("registry/app:1")
	}
	return protocol.Assignment{
		Key:        key(id),
		Task:       state.Task{ID: id, CreatedAt: time.Now(), Desired: state.Desired{Status: state.TaskRunning}, Observed: state.Observed{Status: state.TaskProvisioning}},
		Definition: state.TaskDefinition{Definition: ecstypes.TaskDefinition{NetworkMode: ecstypes.NetworkModeAwsvpc, ContainerDefinitions: containers}},
		Network:    protocol.Network{SubnetID: "subnet-1", Range: netip.MustParsePrefix("10.0.0.0/24"), VPCRange: netip.MustParsePrefix("10.0.0.0/16"), Gateway: netip.MustParseAddr("10.0.0.1")},
	}
}

// stopped is the assignment after somebody asked for the task's end.
func stopped(a protocol.Assignment) protocol.Assignment {
	a.Task.Desired = state.Desired{Status: state.TaskStopped, StopCode: "UserInitiated", StoppedReason: "Task stopped by user", At: time.Now()}
	return a
}

func (w *world) Receive(ctx context.Context) (protocol.Message, error) {
	select {
	case m := <-w.messages:
		return m, nil
	case <-ctx.Done():
		return protocol.Message{}, ctx.Err()
	}
}

func (w *world) Report(_ context.Context, reports []protocol.TaskReport) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range reports {
		w.observed[r.Key] = state.Merge(w.observed[r.Key], r.Observed)
	}
	return nil
}

func (w *world) Material(_ context.Context, _ state.Key) (protocol.Material, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return protocol.Material{Environment: map[string]map[string]string{"app": {"PASSWORD": "secret"}}}, nil
}

func (w *world) ImageSource(_ context.Context, _ state.Key, ref string) (protocol.ImageSource, error) {
	return protocol.ImageSource{Ref: ref}, nil
}

func (w *world) OpenLogStream(context.Context, protocol.LogStream, bool) error { return nil }

func (w *world) ShipLogs(_ context.Context, b protocol.LogBatch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shipped = append(w.shipped, b)
	return nil
}

func (w *world) Tags(context.Context, state.Key) ([]ecstypes.Tag, error) { return nil, nil }

func (w *world) RecordHistory(_ context.Context, task state.Key, events []state.TaskEvent) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.history[task] = append(w.history[task], events...)
	return nil
}

func (w *world) Measure(_ context.Context, b protocol.Measures) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return w.refuse
	}
	w.measured = append(w.measured, b)
	return nil
}

func (w *world) Traffic() (func(string) (network.Counters, bool), error) {
	return func(string) (network.Counters, bool) { return network.Counters{RxBytes: 1}, true }, nil
}

func (w *world) Attach(_ context.Context, r network.Request) (network.Attachment, error) {
	return network.Attachment{NetNS: "/netns/" + r.TaskID}, nil
}
func (w *world) Detach(context.Context, string) error { return nil }
func (w *world) Resume(network.Request) error         { return nil }

func (w *world) Guard(bool, *protocol.Firewall) error { return nil }

func (w *world) Sweep(context.Context, func(taskID string) bool) error { return nil }
func (w *world) Serve(context.Context, endpoint.Task) (func(), error) {
	return func() {}, nil
}

func (w *world) Credentials(context.Context, state.Key) (protocol.Credentials, error) {
	return protocol.Credentials{}, protocol.Refuse("no role")
}

func (w *world) Looked(context.Context, string, protocol.Sight) error { return nil }

func (w *world) OpenExec(context.Context, string) (protocol.ExecStream, error) {
	return nil, protocol.ErrExecEnded
}
