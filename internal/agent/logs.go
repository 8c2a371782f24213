package agent

import (
	"context"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/agent/logdriver"
	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// awslogs is the one log driver there is so far.
const awslogs = "awslogs"

func (w *worker) spoolDir(plan state.ContainerPlan) string {
	return filepath.Join(w.dir, "spool", plan.Name)
}

// spool is where a container's output goes. Without a log configuration it
// goes nowhere, as on Fargate.
func (w *worker) spool(plan state.ContainerPlan) runtime.Spool {
	if plan.LogDriver != awslogs {
		return runtime.Spool{}
	}
	o := logdriver.ParseOptions(plan.LogOptions)
	return runtime.Spool{Dir: w.spoolDir(plan), MaxBytes: o.MaxBuffer, NonBlocking: o.NonBlocking}
}

func (w *worker) logStream(plan state.ContainerPlan) protocol.LogStream {
	o := logdriver.ParseOptions(plan.LogOptions)
	scope := w.key.Scope()
	if region := plan.LogOptions["awslogs-region"]; region != "" {
		scope.Region = region
	}
	return protocol.LogStream{Scope: scope, Group: o.Group, Stream: o.StreamName(plan.Name, w.key.ID)}
}

// openLogs makes sure that every container's stream is there before the
// container is.
func (w *worker) openLogs(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range w.plans {
		if p.LogDriver != awslogs {
			continue
		}
		group.Go(func() error {
			return w.a.link.call(ctx, func(s protocol.Session) error {
				return s.OpenLogStream(ctx, w.logStream(p), logdriver.ParseOptions(p.LogOptions).CreateGroup)
			})
		})
	}
	return group.Wait()
}

// pumpLogs ships a container's output until its end. The task is not STOPPED
// before that.
func (w *worker) pumpLogs(i int) {
	plan := w.plans[i]
	if plan.LogDriver != awslogs {
		return
	}
	reader, err := spool.Open(w.spoolDir(plan))
	if err != nil {
		w.log.Error("the log spool cannot be opened", "container", plan.Name, "error", err)
		return
	}
	w.spools[i] = reader
	pump := &logdriver.Pump{
		Dir: w.spoolDir(plan), Stream: w.logStream(plan), Producer: containerID(w.key.ID, plan.Name), Log: w.log,
		Ship: func(ctx context.Context, batch protocol.LogBatch) error {
			return w.a.link.call(ctx, func(s protocol.Session) error { return s.ShipLogs(ctx, batch) })
		},
	}
	w.pumps.Add(1)
	w.spawns.Go(func() {
		defer w.pumps.Done()
		defer reader.Close()
		if err := pump.Run(w.a.ctx, reader); err != nil && w.a.ctx.Err() == nil {
			w.log.Error("the log pump ended early", "container", plan.Name, "error", err)
		}
	})
}

// finishLogs tells a pump that nobody writes its spool any more, so that what
// is there is all.
func (w *worker) finishLogs(i int) {
	if reader := w.spools[i]; reader != nil {
		reader.Finish()
	}
}
