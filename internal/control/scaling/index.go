package scaling

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/control/due"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// seen is what the index knows of a target.
type seen struct {
	tasks   []state.Key          // of its service
	calling []string             // alarms that call its policies
	alarms  map[string]time.Time // when they were last looked at
}

// index knows which alarms and tasks concern a target, and which targets are to
// be looked at. What changes costs by what it concerns.
type index struct {
	mu       sync.Mutex
	pending  map[state.Key]bool               // every target; whether a change of it is under way
	policies map[state.Key]state.Key          // target of each action that is a policy, by scope
	actions  map[state.Key]map[string]bool    // those of each target
	calling  map[state.Key]map[string]bool    // alarms of each action, by scope
	tasks    map[state.Key]map[state.Key]bool // of each service
	looked   map[state.Key]map[string]time.Time
	due      *due.Queue[state.Key] // targets
}

func newIndex() *index {
	return &index{
		pending: map[state.Key]bool{}, policies: map[state.Key]state.Key{}, actions: map[state.Key]map[string]bool{}, calling: map[state.Key]map[string]bool{}, tasks: map[state.Key]map[state.Key]bool{},
		looked: map[state.Key]map[string]time.Time{}, due: due.New[state.Key](),
	}
}

// begin takes the whole set.
func (ix *index) begin(r store.Reader) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	clear(ix.pending)
	clear(ix.policies)
	clear(ix.actions)
	clear(ix.calling)
	clear(ix.tasks)
	for key, t := range store.ScalableTargets.List(r, state.Scope{}, "") {
		ix.pending[key] = t.Progress.Pending != ""
		ix.mark(key)
	}
	for key, p := range store.ScalingPolicies.List(r, state.Scope{}, "") {
		ix.policy(key.Scope(), p, true)
	}
	for key, a := range store.Alarms.List(r, state.Scope{}, "") {
		ix.alarm(key, a, true)
	}
	for key, t := range store.Tasks.List(r, state.Scope{}, "") {
		ix.task(key, t, true)
	}
	return nil
}

func (ix *index) change(changes []store.Change) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for _, c := range changes {
		switch c.Table {
		case store.ScalableTargets.Name:
			if _, _, t, has := store.ScalableTargets.Of(c); has {
				ix.pending[c.Key] = t.Progress.Pending != ""
				ix.mark(c.Key)
			} else {
				ix.forget(c.Key)
			}
		case store.ScalingPolicies.Name:
			before, had, after, has := store.ScalingPolicies.Of(c)
			if had {
				ix.policy(c.Key.Scope(), before, false)
			}
			if has {
				ix.policy(c.Key.Scope(), after, true)
				ix.mark(c.Key.Scope().Key(after.ResourceID))
			}
		case store.ScheduledScalings.Name:
			if _, _, a, has := store.ScheduledScalings.Of(c); has {
				ix.mark(c.Key.Scope().Key(a.ResourceID))
			}
		case store.Alarms.Name:
			before, had, after, has := store.Alarms.Of(c)
			if had {
				ix.alarm(c.Key, before, false)
			}
			if has {
				ix.alarm(c.Key, after, true)
			}
			if before.Value() != after.Value() || !had || !has {
				ix.called(c.Key.Scope(), before)
				ix.called(c.Key.Scope(), after)
			}
		case store.Services.Name:
			before, had, after, has := store.Services.Of(c)
			if !has || had && (before.DesiredCount != after.DesiredCount || before.Status != after.Status) {
				ix.mark(c.Key.Scope().Key(state.ScalableTargetID(c.Key.ID)))
			}
		case store.Tasks.Name:
			ix.tasksChange(c)
		}
	}
	return nil
}

// tasksChange follows a task. How many run matters while a change is under way.
func (ix *index) tasksChange(c store.Change) {
	before, had, after, has := store.Tasks.Of(c)
	if had && !has {
		ix.task(c.Key, before, false)
	}
	if has {
		ix.task(c.Key, after, true)
	}
	if service := before.Spec.Service.Service + after.Spec.Service.Service; service == "" || running(before) == running(after) {
		return
	}
	id := after.Spec.Service.Service
	if !has {
		id = before.Spec.Service.Service
	}
	if target := c.Key.Scope().Key(state.ScalableTargetID(id)); ix.pending[target] {
		ix.mark(target)
	}
}

func (ix *index) policy(scope state.Scope, p state.ScalingPolicy, there bool) {
	target := scope.Key(p.ResourceID)
	for _, action := range []string{p.ARN, p.Action()} {
		if there {
			ix.policies[scope.Key(action)] = target
			add(ix.actions, target, action)
		} else {
			delete(ix.policies, scope.Key(action))
			remove(ix.actions, target, action)
		}
	}
}

func (ix *index) alarm(key state.Key, a state.Alarm, there bool) {
	for _, action := range actions(a) {
		if of := key.Scope().Key(action); there {
			add(ix.calling, of, key.ID)
		} else {
			remove(ix.calling, of, key.ID)
		}
	}
}

// called has the targets looked at whose policies an alarm calls.
func (ix *index) called(scope state.Scope, a state.Alarm) {
	for _, action := range actions(a) {
		if target, ok := ix.policies[scope.Key(action)]; ok {
			ix.mark(target)
		}
	}
}

func (ix *index) task(key state.Key, t state.Task, there bool) {
	if t.Spec.Service.Service == "" {
		return
	}
	service := key.Scope().Key(t.Spec.Service.Service)
	if !there || t.Observed.Status >= state.TaskStopped {
		remove(ix.tasks, service, key)
	} else {
		add(ix.tasks, service, key)
	}
}

func add[K, V comparable](sets map[K]map[V]bool, of K, v V) {
	if sets[of] == nil {
		sets[of] = map[V]bool{}
	}
	sets[of][v] = true
}

func remove[K, V comparable](sets map[K]map[V]bool, of K, v V) {
	if delete(sets[of], v); len(sets[of]) == 0 {
		delete(sets, of)
	}
}

func (ix *index) forget(target state.Key) {
	delete(ix.pending, target)
	delete(ix.looked, target)
	ix.due.Drop(target)
}

// mark has a target looked at, if it is one.
func (ix *index) mark(target state.Key) {
	if _, ok := ix.pending[target]; ok {
		ix.due.Now(target)
	}
}

// of returns what is known of a target.
func (ix *index) of(target state.Key) seen {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	s := seen{alarms: maps.Clone(ix.looked[target]), tasks: slices.Collect(maps.Keys(ix.tasks[target.Scope().Key(state.ScaledService(target.ID))]))}
	for action := range ix.actions[target] {
		s.calling = slices.AppendSeq(s.calling, maps.Keys(ix.calling[target.Scope().Key(action)]))
	}
	return s
}

// done notes what a look brought.
func (ix *index) done(target state.Key, l looked) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if _, ok := ix.pending[target]; !ok {
		return
	}
	for _, name := range l.alarms {
		if ix.looked[target] == nil {
			ix.looked[target] = map[string]time.Time{}
		}
		ix.looked[target][name] = l.at
	}
	ix.due.After(target, l.next)
}
