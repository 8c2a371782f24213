// Package measure gives the metrics of tasks, services, clusters and load
// balancers to the metric store, and Container Insights' performance log events
// to the log store: what nodes hand up at once, what is counted here at the end
// of each minute. What a metric is, package internal/measure says.
package measure

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/measure"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/underway"
)

// Logs is where performance log events go. A batch whose offset is not above
// the last one of the same producer in a stream is a repeat, and not stored. The
// group is made when it is missing, and keeps its events for the days given.
type Logs interface {
	Append(ctx context.Context, scope state.Scope, group, stream string, days int32, at time.Time, producer string, offset int64, messages []string) error
}

// Metrics is where metrics go; metrics.Engine is the real one.
type Metrics interface {
	metrics.Writer
	// PutOnce is Put for what may come again.
	PutOnce(ctx context.Context, scope state.Scope, once metrics.Once, data []metrics.Datum) error
}

// Config is what a Loop works with.
type Config struct {
	Store     store.Store
	Metrics   Metrics
	Logs      Logs
	Balancers Balancers       // nil: there are none
	UnderWay  *underway.Place // where what is not told yet outlives a kill; nil: it does not
	Log       *slog.Logger
	Off       bool // Run does nothing
}

// Loop measures. Make it with New.
type Loop struct {
	cfg Config

	mu    sync.Mutex          // of what nodes hand up: one batch at a time
	taken map[string]position // by node

	dials dials // of load balancers
}

// position is how far a node's batches have been taken.
type position struct {
	run   string
	seq   int64                // the last one that was taken as a whole
	parts map[state.Scope]bool // of the next one, what is durable already
	lost  int64                // that the run has told of
}

// New returns a Loop.
func New(cfg Config) *Loop {
	return &Loop{cfg: cfg, taken: map[string]position{}, dials: newDials(cfg.UnderWay)}
}

// Take takes what a node's tasks used in a minute. It returns nil once it is
// durable. A batch that comes again counts once; an account whose part could not
// be stored is tried again with the batch, the others are not.
func (l *Loop) Take(ctx context.Context, node string, batch protocol.Measures) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.taken[node]
	if at.run != batch.Run {
		at = position{run: batch.Run}
	}
	if batch.Seq <= at.seq {
		return nil
	}
	if at.parts == nil {
		at.parts = map[state.Scope]bool{}
	}
	defer func() { l.taken[node] = at }()
	if lost := batch.Dropped - at.lost; lost > 0 {
		l.cfg.Log.Warn("a node has given up measures of tasks", "node", node, "measures", lost)
		at.lost = batch.Dropped
	}
	tasks, err := l.join(ctx, node, batch)
	if err != nil {
		return err
	}
	carried, err := l.connected(ctx, node, batch)
	if err != nil {
		return err
	}
	for scope := range carried {
		if tasks[scope] == nil {
			tasks[scope] = nil
		}
	}
	for scope, list := range tasks {
		if at.parts[scope] {
			continue
		}
		if err := l.record(ctx, scope, batch, list, carried[scope]); err != nil {
			return err
		}
		at.parts[scope] = true
	}
	at.seq, at.parts = batch.Seq, nil
	return nil
}

// record stores a part of a batch. Events and metrics know repeats, also those
// that come to another process.
func (l *Loop) record(ctx context.Context, scope state.Scope, batch protocol.Measures, tasks []measure.Task, connects []measure.Connect) error {
	events, err := measure.TaskEvents(scope, batch.Minute, tasks)
	if err != nil {
		return err
	}
	if err := l.tell(ctx, scope, batch.Minute, batch.Run, batch.Seq, events); err != nil {
		return err
	}
	data := append(measure.Tasks(batch.Minute, tasks), measure.Connects(batch.Minute, connects)...)
	once := metrics.Once{Producer: fmt.Sprintf("tasks/%s/%s/%s", batch.Run, scope.Account, scope.Region), Number: batch.Seq}
	if err := l.cfg.Metrics.PutOnce(ctx, scope, once, data); err != nil {
		return fmt.Errorf("metrics of tasks: %w", err)
	}
	return nil
}

// tell stores performance log events, a batch for each stream.
func (l *Loop) tell(ctx context.Context, scope state.Scope, minute time.Time, producer string, offset int64, events []measure.Event) error {
	type place struct{ cluster, stream string }
	var order []place
	messages := map[place][]string{}
	for _, e := range events {
		at := place{e.Cluster, e.Stream}
		if messages[at] == nil {
			order = append(order, at)
		}
		messages[at] = append(messages[at], e.Message)
	}
	for _, at := range order {
		err := l.cfg.Logs.Append(ctx, scope, measure.PerformanceGroup(at.cluster), at.stream, measure.PerformanceDays, minute, producer, offset, messages[at])
		if err != nil {
			return fmt.Errorf("performance log events of cluster %s: %w", at.cluster, err)
		}
	}
	return nil
}

// join finds what the measured tasks belong to. Tasks that are gone from the
// store, an hour after their end, and those of other nodes are left out.
func (l *Loop) join(ctx context.Context, node string, batch protocol.Measures) (map[state.Scope][]measure.Task, error) {
	out := map[state.Scope][]measure.Task{}
	err := l.cfg.Store.View(ctx, func(r store.Reader) error {
		clear(out)
		for _, m := range batch.Tasks {
			scope := m.Key.Scope()
			task, ok := store.Tasks.Get(r, m.Key)
			if !ok || task.Placement.Node != node {
				continue
			}
			def, ok := store.TaskDefinitions.Get(r, scope.Key(state.TaskDefinitionID(task.Spec.Family, task.Spec.Revision)))
			if !ok {
				continue
			}
			cluster, _ := store.Clusters.Get(r, scope.Key(task.ClusterName))
			out[scope] = append(out[scope], measure.Task{
				TaskMeasures: m, Task: task, Definition: def, Insights: measure.Insights(cluster), Instance: instanceOf(r, scope, task),
			})
		}
		return nil
	})
	return out, err
}

// instanceOf is the container instance of an EC2-type task.
func instanceOf(r store.Reader, scope state.Scope, task state.Task) measure.Instance {
	if task.Placement.ContainerInstance == "" {
		return measure.Instance{}
	}
	id := state.ContainerInstanceID(scope, task.ClusterName, task.Placement.Node)
	inst, ok := store.ContainerInstances.Get(r, scope.Key(state.ContainerInstanceKey(task.ClusterName, id)))
	if !ok {
		return measure.Instance{}
	}
	out := measure.Instance{ID: inst.ID, EC2ID: inst.EC2InstanceID}
	if n, ok := nodeOf(r, inst.Node); ok {
		out.CPU, out.MemoryMiB = n.CPU, n.MemoryMiB
	}
	return out
}

// nodeOf finds a node's record: nodes belong to no account.
func nodeOf(r store.Reader, id string) (state.Node, bool) {
	return store.Nodes.Get(r, state.Scope{Account: "-", Region: "-"}.Key(id))
}

// Run looks at balancers every second, reads their gauges thrice a minute and
// counts at its end, until ctx ends; what was carried since then is still told.
func (l *Loop) Run(ctx context.Context) error {
	if l.cfg.Off {
		return nil
	}
	l.dials.load()
	underway.Seconds(ctx, func(second time.Time) { l.tick(ctx, second) })
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	l.look(final, time.Now().Truncate(time.Minute), false)
	l.close()
	l.said(final)
	return nil
}

// tick does what is due at a second, which is the end of what is looked at.
func (l *Loop) tick(ctx context.Context, at time.Time) {
	begin := at.Add(-1).Truncate(time.Minute)
	ends, thirds := at.Equal(at.Truncate(time.Minute)), at.Equal(at.Truncate(every))
	l.look(ctx, begin, thirds && !ends)
	if ends {
		l.count(ctx, begin)
		l.close()
	}
	if thirds {
		l.said(ctx)
	}
}

// every is how often gauges are read, and what could not be stored is tried again.
const every = 20 * time.Second

// lastWords is how long the last metrics may take when Hatoba ends.
const lastWords = 2 * time.Second
