package agent

import (
	"errors"
	"fmt"

	"github.com/hatoba/hatoba/internal/agent/proxy"
	"github.com/hatoba/hatoba/internal/state"
)

// connectPlan is what Service Connect gives the task, nil for nothing.
func (w *worker) connectPlan() *state.ConnectPlan { return w.rec.Assignment.Connect }

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
		Key: w.key, NetNS: netns, Gateway: w.rec.Assignment.Network.Gateway, Plan: plan, Served: w.mode() == modeAwsvpc,
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
