package agent

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"

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
	before, now := w.reading[i], &reading{done: make(chan struct{})}
	w.reading[i] = now
	pump := &logdriver.Pump{
		Dir: w.spoolDir(plan), Stream: w.logStream(plan), Producer: containerID(w.key.ID, plan.Name), Log: w.log,
		Pattern: logdriver.ParseOptions(plan.LogOptions).Pattern, Dropped: w.a.drops.add,
		Ship: func(ctx context.Context, batch protocol.LogBatch) error {
			return w.a.link.call(ctx, func(s protocol.Session) error { return s.ShipLogs(ctx, batch) })
		},
	}
	w.pumps.Add(1)
	w.spawns.Go(func() {
		defer w.pumps.Done()
		defer close(now.done)
		if before != nil { // a spool has one reader at a time
			select {
			case <-before.done:
			case <-w.a.ctx.Done():
				return
			}
		}
		reader, err := spool.Open(w.spoolDir(plan))
		if err != nil {
			w.log.Error("the log spool cannot be opened", "container", plan.Name, "error", err)
			return
		}
		defer reader.Close()
		now.set(reader)
		if err := pump.Run(w.a.ctx, reader); err != nil && w.a.ctx.Err() == nil {
			w.log.Error("the log pump ended early", "container", plan.Name, "error", err)
		}
	})
}

// finishLogs tells a pump that nobody writes its spool any more, so that what
// is there is all.
func (w *worker) finishLogs(i int) {
	if r := w.reading[i]; r != nil {
		r.finish()
	}
}

// reading is what one pump reads. Each life of a container has a pump, which
// begins when the one before has shipped all.
type reading struct {
	done chan struct{} // closed when the pump has ended

	mu       sync.Mutex
	reader   *spool.Reader // nil: not open yet
	finished bool
}

func (r *reading) set(reader *spool.Reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reader = reader
	if r.finished {
		reader.Finish()
	}
}

func (r *reading) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finished = true
	if r.reader != nil {
		r.reader.Finish()
	}
}

// drops is what full spools have lost since the agent began.
type drops struct{ bytes, lines atomic.Int64 }

func (d *drops) add(more spool.Drops) {
	d.bytes.Add(more.Bytes)
	d.lines.Add(more.Lines)
}

// Dropped tells how much output was dropped since the agent began, because
// containers in log mode non-blocking wrote faster than it was taken.
func (a *Agent) Dropped() (bytes, lines int64) { return a.drops.bytes.Load(), a.drops.lines.Load() }
