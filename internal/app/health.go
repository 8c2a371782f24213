package app

import (
	"context"
	"time"

	"github.com/hatoba/hatoba/internal/dispatch"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// health asks the parts, so that a part that does not answer shows.
func (a *App) health() Health {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	h := Health{Status: "ok", Parts: map[string]string{}, Started: a.started.UTC()}
	note := func(part string, err error) {
		h.Parts[part] = "ok"
		if err != nil {
			h.Parts[part], h.Status = err.Error(), "failing"
		}
	}
	connected := false
	note("store", a.store.Update(ctx, func(w store.Writer) error {
		node, ok := store.Nodes.Get(w, dispatch.NodeScope.Key(a.inst.id))
		connected = ok && node.Connected
		for _, t := range store.Tasks.List(w, state.Scope{}, "") {
			if t.Observed.Status < state.TaskStopped {
				h.Tasks++
			}
		}
		return nil
	}))
	note("disk", a.disk.Room())
	note("metrics", a.metrics.Ready())
	_, err := a.engine.List(ctx)
	note("engine", err)
	h.Logs.Bytes, h.Logs.Lines = a.agent.Dropped()
	h.Measures.Dropped = a.agent.DroppedMeasures()
	if !connected {
		h.Parts["node"], h.Status = "has no session yet", "starting"
	} else {
		h.Parts["node"] = "ok"
	}
	return h
}
