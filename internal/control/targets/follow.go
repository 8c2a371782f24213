package targets

import (
	"context"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// batch is what changed; whole is the beginning, which names everything.
type batch struct {
	changes []store.Change
	whole   bool
}

// follow hands on every change until ctx ends.
func (l *Loop) follow(ctx context.Context, out chan<- batch) {
	send := func(b batch) error {
		select {
		case out <- b:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	store.FollowOn(ctx, l.cfg.Store, l.cfg.Log, func(r store.Reader) error {
		return send(batch{changes: everything(r), whole: true})
	}, func(changes []store.Change) error {
		if changes = relevant(changes); len(changes) == 0 {
			return nil
		}
		return send(batch{changes: changes})
	}, store.LoadBalancers.Name, store.Listeners.Name, store.Rules.Name, store.Certificates.Name, store.TargetGroups.Name, store.Targets.Name, store.Tasks.Name)
}

// everything is a snapshot as changes. Of tasks those matter that targets name
// and that are gone, or have ended.
func everything(r store.Reader) (out []store.Change) {
	out = appendAll(out, r, store.LoadBalancers)
	out = appendAll(out, r, store.Listeners)
	out = appendAll(out, r, store.Rules)
	out = appendAll(out, r, store.Certificates)
	out = appendAll(out, r, store.TargetGroups)
	for key, t := range store.Targets.List(r, state.Scope{}, "") {
		out = append(out, store.Change{Table: store.Targets.Name, Key: key, After: t})
		if t.Task == "" {
			continue
		}
		taskKey := key.Scope().Key(t.Task)
		if task, ok := store.Tasks.Get(r, taskKey); !ok || task.Observed.Status == state.TaskStopped {
			out = append(out, store.Change{Table: store.Tasks.Name, Key: taskKey})
		}
	}
	return out
}

func appendAll[T any](out []store.Change, r store.Reader, t store.Table[T]) []store.Change {
	for key, record := range t.List(r, state.Scope{}, "") {
		out = append(out, store.Change{Table: t.Name, Key: key, After: record})
	}
	return out
}

// relevant leaves out the changes of tasks that have not ended, which are most.
// One that has is a change without a record.
func relevant(changes []store.Change) (out []store.Change) {
	for _, c := range changes {
		if c.Table == store.Tasks.Name {
			if _, _, after, has := store.Tasks.Of(c); has && after.Observed.Status != state.TaskStopped {
				continue
			}
			c.After = nil
		}
		out = append(out, c)
	}
	return out
}
