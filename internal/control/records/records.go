// Package records registers the tasks of services in Cloud Map, as service
// registries ask: an instance is there while its task runs, and goes before the
// task is stopped. Names follow from instances by themselves.
//
// Everything follows the store. After a restart the loop begins with all tasks
// and all instances of tasks there are, so that none is left of a task that
// ended meanwhile.
package records

import (
	"context"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/control/due"
	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Loop is the writer of tasks' instances.
type Loop struct {
	Store store.Store
	Log   *slog.Logger
	// Machine is the address of a machine by its instance id.
	Machine func(instance string) (netip.Addr, bool)
	Now     func() time.Time // nil: time.Now
}

// atOnce bounds the tasks of one transaction.
const atOnce = 200

// work is what is to be looked at.
type work struct {
	mu        sync.Mutex
	instances map[state.Key]map[state.Key]bool // of each task
	due       *due.Queue[state.Key]            // tasks
}

// Run works until ctx ends.
func (l *Loop) Run(ctx context.Context) error {
	w := &work{instances: map[state.Key]map[state.Key]bool{}, due: due.New[state.Key]()}
	var following sync.WaitGroup
	defer following.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	following.Go(func() { l.follow(ctx, w) })
	for {
		keys := w.due.Wait(ctx)
		if keys == nil {
			return nil
		}
		for some := range slices.Chunk(keys, atOnce) {
			tasks := w.instancesOf(some)
			err := l.Store.Update(ctx, func(wr store.Writer) error { return l.settle(wr, tasks) })
			if err == nil {
				continue
			}
			if ctx.Err() != nil {
				return nil
			}
			l.Log.Error("instances of tasks could not be written; it is tried again", "error", err)
			for _, key := range some {
				w.due.After(key, again)
			}
		}
	}
}

// again is how long after a failed write the next one is.
const again = time.Second

func (l *Loop) follow(ctx context.Context, w *work) {
	store.FollowOn(ctx, l.Store, l.Log, w.begin, w.change, store.Tasks.Name, store.DiscoveryInstances.Name)
}

// begin takes the whole set.
func (w *work) begin(r store.Reader) error {
	var changes []store.Change
	for key, t := range store.Tasks.List(r, state.Scope{}, "") {
		changes = append(changes, store.Change{Table: store.Tasks.Name, Key: key, After: t})
	}
	for key, i := range store.DiscoveryInstances.List(r, state.Scope{}, "") {
		changes = append(changes, store.Change{Table: store.DiscoveryInstances.Name, Key: key, After: i})
	}
	w.mu.Lock()
	clear(w.instances)
	w.mu.Unlock()
	return w.change(changes)
}

func (w *work) change(changes []store.Change) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range changes {
		switch c.Table {
		case store.Tasks.Name:
			before, _, after, has := store.Tasks.Of(c)
			if !has {
				after = before
			}
			if len(after.Spec.Service.Registries) > 0 || len(w.instances[c.Key]) > 0 {
				w.due.Now(c.Key)
			}
		case store.DiscoveryInstances.Name:
			before, had, after, has := store.DiscoveryInstances.Of(c)
			if had && before.Task != "" {
				w.link(c.Key, before.Task, false)
			}
			if has && after.Task != "" {
				w.link(c.Key, after.Task, true)
			}
		}
	}
	return nil
}

// link notes whose an instance is, and has its task looked at.
func (w *work) link(instance state.Key, id string, there bool) {
	task := instance.Scope().Key(id)
	w.due.Now(task)
	if !there {
		if delete(w.instances[task], instance); len(w.instances[task]) == 0 {
			delete(w.instances, task)
		}
		return
	}
	if w.instances[task] == nil {
		w.instances[task] = map[state.Key]bool{}
	}
	w.instances[task][instance] = true
}

// instancesOf returns tasks with the instances that are theirs.
func (w *work) instancesOf(tasks []state.Key) map[state.Key][]state.Key {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make(map[state.Key][]state.Key, len(tasks))
	for _, key := range tasks {
		out[key] = slices.Collect(maps.Keys(w.instances[key]))
	}
	return out
}

// settle makes the instances of tasks as they are to be.
func (l *Loop) settle(w store.Writer, tasks map[state.Key][]state.Key) error {
	for key, have := range tasks {
		if err := l.one(w, key, have); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) one(w store.Writer, key state.Key, have []state.Key) error {
	scope := key.Scope()
	t, there := store.Tasks.Get(w, key)
	wanted := map[state.Key]bool{}
	for _, r := range t.Spec.Service.Registries {
		svc, ok := store.DiscoveryServices.Get(w, scope.Key(r.Service))
		if !ok {
			continue
		}
		machine, _ := l.Machine(state.EC2InstanceID(t.Placement.Node))
		i, ok := Instance(scope, t, r, svc, machine)
		if !ok {
			continue
		}
		i.RegisteredAt = l.now()
		wanted[scope.Key(state.DiscoveryInstanceID(svc.ID, i.ID))] = true
		if err := discovery.Register(w, scope, i); err != nil {
			return err
		}
	}
	// Those of others' making are not ours to remove while their task is there.
	ended := !there || t.Observed.Status == state.TaskStopped
	for _, at := range have {
		i, ok := store.DiscoveryInstances.Get(w, at)
		if !ok || wanted[at] || i.Task != key.ID || !ended && !registered(t, i.Service) {
			continue
		}
		if _, err := discovery.Deregister(w, scope, i.Service, i.ID); err != nil {
			return err
		}
	}
	return nil
}

// registered tells whether a service is one of the task's registries.
func registered(t state.Task, service string) bool {
	for _, r := range t.Spec.Service.Registries {
		if r.Service == service {
			return true
		}
	}
	return false
}

func (l *Loop) now() time.Time {
	if l.Now != nil {
		return l.Now().UTC()
	}
	return time.Now().UTC()
}
