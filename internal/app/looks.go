package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// lookPages are what drills need and the AWS APIs do not have:
//
//	GET  /_hatoba/tasks/TASK/inside              users, capabilities, names of variables and changed files, seen from the machine
//	POST /_hatoba/tasks/TASK/kill?container=NAME SIGKILL for a container's process: {"containers":[{"name":"NAME","process":4711}]}
//
// TASK is the id of a task that runs. Who looks needs what ExecuteCommand needs,
// who kills what StopTask needs. A container that does not run is not killed:
// {"containers":[]}.
type lookPages struct{ app *App }

func (p lookPages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	caller, ok := p.caller(w, r)
	if !ok {
		return
	}
	key, task, found, err := p.task(r.Context(), caller.Scope, r.PathValue("task"))
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	case !found:
		http.Error(w, "there is no task "+r.PathValue("task"), http.StatusNotFound)
		return
	}
	look := protocol.Look{ID: rand.Text(), Task: key}
	if r.Method == http.MethodPost {
		err = p.app.authorizer().Authorize(r.Context(), caller, "ecs", "StopTask", &ecs.StopTaskInput{Task: &task.ARN, Cluster: &task.ClusterARN})
		look.Kill = r.URL.Query().Get("container")
	} else {
		err = p.app.authorizer().Authorize(r.Context(), caller, "ecs", "ExecuteCommand", &ecs.ExecuteCommandInput{Task: &task.ARN, Cluster: &task.ClusterARN})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	if text := unseen(task, look, r.Method); text != "" {
		http.Error(w, text, http.StatusBadRequest)
		return
	}
	p.answer(w, r, task.Placement.Node, look)
}

// unseen tells why nothing of a task can be seen or killed; "" when it can.
func unseen(task state.Task, look protocol.Look, method string) string {
	var names []string
	for _, c := range task.Observed.Containers {
		names = append(names, c.Name)
	}
	switch status := task.Observed.Status; {
	case status < state.TaskRunning || status >= state.TaskStopped:
		return fmt.Sprintf("task %s is %s: nothing of it runs", task.ID, status)
	case method == http.MethodPost && look.Kill == "":
		return "which container? add ?container=NAME; the task has " + strings.Join(names, ", ")
	case method == http.MethodPost && !slices.Contains(names, look.Kill):
		return fmt.Sprintf("task %s has no container %q: it has %s", task.ID, look.Kill, strings.Join(names, ", "))
	}
	return ""
}

func (p lookPages) answer(w http.ResponseWriter, r *http.Request, node string, look protocol.Look) {
	seen, err := p.app.dispatcher.Look(r.Context(), node, look)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	case seen.Failure != "":
		http.Error(w, seen.Failure, http.StatusConflict)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(shown(seen, look))
	}
}

// shown is the answer: what was seen, or killed. A list is one when it is empty.
func shown(seen protocol.Sight, look protocol.Look) any {
	if look.Kill != "" {
		return map[string][]protocol.Killed{"containers": append([]protocol.Killed{}, seen.Killed...)}
	}
	seen.Containers = append([]protocol.SeenContainer{}, seen.Containers...)
	return seen
}

// caller tells who asks, and refuses web pages of other origins, as the APIs do.
func (p lookPages) caller(w http.ResponseWriter, r *http.Request) (wire.Caller, bool) {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		http.Error(w, "requests of web pages of another origin are refused", http.StatusForbidden)
		return wire.Caller{}, false
	}
	sender, err := p.app.verifier().Verify(r, pageService, nil)
	var refused *wire.AuthError
	switch {
	case errors.As(err, &refused):
		code, message, status := refused.Answer(pageService, wire.RestJSON)
		http.Error(w, code+": "+message, status)
	case err != nil:
		p.app.log.Error("a caller could not be looked up", "error", err)
		http.Error(w, "the caller could not be looked up", http.StatusInternalServerError)
	default:
		return wire.Caller{Scope: sender.Scope, Identity: sender.Identity, AccessKey: sender.AccessKey}, true
	}
	return wire.Caller{}, false
}

// task finds a task of the caller's own account.
func (p lookPages) task(ctx context.Context, scope state.Scope, id string) (key state.Key, task state.Task, found bool, err error) {
	err = p.app.store.View(ctx, func(r store.Reader) error {
		key = scope.Key(id)
		task, found = store.Tasks.Get(r, key)
		return nil
	})
	return key, task, found, err
}
