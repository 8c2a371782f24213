package dispatch

import (
	"context"
	"log/slog"
	"testing"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

// A session begins with all endpoints, and goes on with what changes of them;
// a task that is to stop has left them in the very message of its stop.
func TestEndpoints(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	st, scope := mem.New(), state.Scope{Account: "123456789012", Region: "eu-west-1"}
	put := func(task state.Task) {
		t.Helper()
		if err := st.Update(ctx, func(w store.Writer) error { return store.Tasks.Put(w, scope.Key(task.ID), task) }); err != nil {
			t.Fatal(err)
		}
	}
	task := state.Task{ID: "t1", Desired: state.Desired{Status: state.TaskRunning}, Placement: state.Placement{Node: "elsewhere"}}
	task.Spec.Service.Connect = []state.ConnectPort{{Service: "srv-1", Port: 80}}
	task.Observed = state.Observed{Status: state.TaskRunning, ENI: state.ENI{PrivateIPv4: "10.0.0.1"}}
	put(task)
	s, err := New(Config{Store: st, Log: slog.New(slog.DiscardHandler)}).Open(ctx, state.Node{ID: "n"})
	if err != nil {
		t.Fatal(err)
	}
	receive := func() map[string]*state.ConnectEndpoint {
		t.Helper()
		m, err := s.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return m.Endpoints
	}
	if got := receive()["t1/srv-1"]; got == nil || got.Service != "srv-1" || got.Address.String() != "10.0.0.1:80" {
		t.Errorf("it begins with %v", got)
	}
	second := task
	second.ID, second.Observed.ENI.PrivateIPv4 = "t2", "10.0.0.2"
	put(second)
	if got := receive(); len(got) != 1 || got["t2/srv-1"] == nil {
		t.Errorf("another one: %v", got)
	}
	task.Desired.Status = state.TaskStopped
	put(task)
	if got := receive(); len(got) != 1 || got["t1/srv-1"] != nil {
		t.Errorf("one that is to stop: %v", got)
	}
}
