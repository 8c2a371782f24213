package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hatoba/hatoba/internal/agent/proxy"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// connectPlan is what Service Connect gives the task, nil for nothing.
func (w *worker) connectPlan() *state.ConnectPlan { return w.assigned.Connect }

// drainTime is how long the stop of a task waits for requests that are under
// way there, as the proxy of AWS does: it has left the table by then.
//
// Source: https://docs.aws.amazon.com/app-mesh/latest/userguide/envoy-config.html, APPNET_LISTENER_DRAIN_WAIT_TIME_S
const drainTime = 20 * time.Second

// updateDrained hands a worker a newer assignment: a stop, when the requests
// that Service Connect has under way at its task have ended.
func (a *Agent) updateDrained(w *worker, assignment protocol.Assignment) {
	task := assignment.Task
	if a.cfg.Proxies == nil || task.Desired.Status != state.TaskStopped || len(task.Spec.Service.Connect) == 0 {
		w.update(assignment)
		return
	}
	a.running.Go(func() {
		ctx, cancel := context.WithTimeout(a.ctx, drainTime)
		defer cancel()
		a.cfg.Proxies.Drain(ctx, task.ID)
		w.update(assignment)
	})
}

// serveInside opens what a task finds in one of its namespaces: its endpoints,
// and the proxy of Service Connect. A container starts when both are there.
func (w *worker) serveInside(netns string) (stop func(), err error) {
	endpoints, err := w.a.cfg.Endpoints.Serve(w.a.ctx, w.inside(netns))
	if err != nil {
		return nil, fmt.Errorf("open the task's endpoints: %w", err)
	}
	plan := w.connectPlan()
	if plan == nil {
		return endpoints, nil
	}
	if w.a.cfg.Proxies == nil {
		endpoints()
		return nil, errors.New("this node has no Service Connect")
	}
	through, err := w.a.cfg.Proxies.Open(w.a.ctx, proxy.Task{
		Key: w.key, NetNS: netns, Gateway: w.assigned.Network.Gateway, Plan: plan, Served: w.mode() == modeAwsvpc,
	})
	if err != nil {
		endpoints()
		return nil, err
	}
	return func() { through(); endpoints() }, nil
}

// aliasHosts are the lines of a hosts file that lead the names the task reaches
// to its proxy.
func (w *worker) aliasHosts() []byte {
	if plan := w.connectPlan(); plan != nil {
		return proxy.Hosts(plan)
	}
	return nil
}
