package measure

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/measure"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// count tells what clusters and their services have at the end of a minute.
func (l *Loop) count(ctx context.Context, minute time.Time) {
	clusters := map[state.Scope][]measure.Cluster{}
	err := l.cfg.Store.View(ctx, func(r store.Reader) error {
		clusters = counted(r)
		return nil
	})
	if err != nil {
		l.failed(ctx, "clusters", err)
		return
	}
	for scope, list := range clusters {
		events, err := measure.CountEvents(minute, list)
		if err == nil {
			// A minute is counted once, so that its time is its number.
			err = l.tell(ctx, scope, minute, "counts", minute.Unix(), events)
		}
		if err == nil {
			if data := measure.Counts(minute, list); len(data) > 0 {
				err = l.cfg.Metrics.Put(ctx, scope, data)
			}
		}
		if err != nil {
			l.failed(ctx, "clusters", err)
		}
	}
}

// failed tells of metrics of a minute that could not be stored and are lost.
func (l *Loop) failed(ctx context.Context, of string, err error) {
	if ctx.Err() == nil {
		l.cfg.Log.Error("metrics could not be stored", "of", of, "error", err)
	}
}

// counted counts every cluster of which something is to be told.
func counted(r store.Reader) map[state.Scope][]measure.Cluster {
	clusters := map[state.Key]*measure.Cluster{}
	for key, c := range store.Clusters.List(r, state.Scope{}, "") {
		if c.Status == "ACTIVE" {
			clusters[key] = &measure.Cluster{Name: c.Name, Insights: measure.Insights(c)}
		}
	}
	services := map[state.Key]*measure.ServiceCount{}
	for key, t := range store.Tasks.List(r, state.Scope{}, "") {
		c := clusters[key.Scope().Key(t.ClusterName)]
		if c == nil || t.Observed.Status > state.TaskRunning {
			continue
		}
		running := t.Observed.Status == state.TaskRunning
		if running {
			c.Tasks++
			if t.Placement.ContainerInstance != "" {
				c.RunningEC2++
				c.ReservedCPU += t.Spec.Holds.CPU
				c.ReservedMemory += t.Spec.Holds.MemoryMiB
			}
		}
		if t.Spec.Service.Service == "" {
			continue
		}
		of := key.Scope().Key(t.Spec.Service.Service)
		if services[of] == nil {
			services[of] = &measure.ServiceCount{}
		}
		if running {
			services[of].Running++
		} else {
			services[of].Pending++
		}
	}
	for key, svc := range store.Services.List(r, state.Scope{}, "") {
		c := clusters[key.Scope().Key(svc.ClusterName)]
		if c == nil || svc.Status != state.ServiceActive {
			continue
		}
		n := measure.ServiceCount{}
		if have := services[key]; have != nil {
			n = *have
		}
		n.Name, n.Desired, n.Deployments = svc.Name, int(svc.DesiredCount), len(svc.Rollouts)
		c.Services = append(c.Services, n)
	}
	for key, inst := range store.ContainerInstances.List(r, state.Scope{}, "") {
		c := clusters[key.Scope().Key(inst.ClusterName)]
		if c == nil || inst.Status == "INACTIVE" {
			continue
		}
		c.Instances++
		if n, ok := nodeOf(r, inst.Node); ok {
			c.RegisteredCPU += n.CPU
			c.RegisteredMemory += n.MemoryMiB
		}
	}
	out := map[state.Scope][]measure.Cluster{}
	for key, c := range clusters {
		if c.RunningEC2 > 0 || c.Insights == measure.Enabled || c.Insights == measure.Enhanced {
			out[key.Scope()] = append(out[key.Scope()], *c)
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b measure.Cluster) int { return cmp.Compare(a.Name, b.Name) })
	}
	return out
}
