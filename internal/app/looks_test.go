package app

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Nothing is seen or killed of a task that does not run, and that is said.
func TestWhatIsSeenOfTasks(t *testing.T) {
	task := func(status state.TaskStatus) state.Task {
		return state.Task{ID: "t1", Observed: state.Observed{Status: status, Containers: []state.ContainerObserved{{Name: "app"}, {Name: "log"}}}}
	}
	for name, c := range map[string]struct {
		status       state.TaskStatus
		method, kill string
		want         string
	}{
		"seen":            {state.TaskRunning, http.MethodGet, "", ""},
		"killed":          {state.TaskRunning, http.MethodPost, "log", ""},
		"stopping":        {state.TaskStopping, http.MethodPost, "log", ""},
		"not yet":         {state.TaskPending, http.MethodPost, "app", "task t1 is PENDING: nothing of it runs"},
		"not any more":    {state.TaskStopped, http.MethodGet, "", "task t1 is STOPPED: nothing of it runs"},
		"which":           {state.TaskRunning, http.MethodPost, "", "add ?container=NAME; the task has app, log"},
		"one that is not": {state.TaskRunning, http.MethodPost, "web", `task t1 has no container "web": it has app, log`},
	} {
		if got := unseen(task(c.status), protocol.Look{Kill: c.kill}, c.method); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for want, seen := range map[string]protocol.Sight{
		`{"containers":[]}`: {},
		`{"containers":[{"name":"app","process":4711}]}`: {Killed: []protocol.Killed{{Name: "app", Process: 4711}}},
	} {
		if got, err := json.Marshal(shown(seen, protocol.Look{Kill: "app"})); err != nil || string(got) != want {
			t.Errorf("%s, want %s, %v", got, want, err)
		}
	}
	if got, err := json.Marshal(shown(protocol.Sight{}, protocol.Look{})); err != nil || string(got) != `{"containers":[]}` {
		t.Errorf("%s, %v", got, err)
	}
}
