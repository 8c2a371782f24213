package scaling

import (
	"time"

	"github.com/hatoba/hatoba/internal/scaling"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// apply writes a plan.
func (l *Loop) apply(w store.Writer, key state.Key, v view, p scaling.Plan, now time.Time) error {
	scope := key.Scope()
	if p.Finished != nil {
		if err := store.ScalingActivities.Put(w, scope.Key(v.Target.Progress.Pending), *p.Finished); err != nil {
			return err
		}
	}
	for _, a := range p.Activities {
		id := place(w, store.ScalingActivities, scope, func(n int) string { return state.ScalingActivityID(key.ID, now, n) })
		a.ID = l.NewID()
		if err := store.ScalingActivities.Put(w, scope.Key(id), a); err != nil {
			return err
		}
		if p.Began {
			p.Progress.Pending = id // of the last
		}
	}
	prune(w, key, now)
	for _, a := range v.Actions {
		at, ran := p.Ran[a.Name]
		if !ran {
			continue
		}
		a.RanAt = &at
		if err := store.ScheduledScalings.Put(w, scope.Key(state.ScalingID(key.ID, a.Name)), a); err != nil {
			return err
		}
	}
	t := v.Target
	t.Min, t.Max, t.Progress = p.Min, p.Max, p.Progress
	if err := store.ScalableTargets.Put(w, key, t); err != nil {
		return err
	}
	return l.applyService(w, scope.Key(state.ScaledService(key.ID)), p, now)
}

// applyService sets the desired count, as UpdateService would: it begins no
// deployment. control/service follows.
func (l *Loop) applyService(w store.Writer, key state.Key, p scaling.Plan, now time.Time) error {
	svc, ok := store.Services.Get(w, key)
	if ok && svc.DesiredCount != p.Desired {
		svc.DesiredCount = p.Desired
		if err := store.Services.Put(w, key, svc); err != nil {
			return err
		}
	}
	for _, message := range p.Events {
		id := place(w, store.ServiceEvents, key.Scope(), func(n int) string { return state.ServiceEventID(key.ID, now, n) })
		if err := store.ServiceEvents.Put(w, key.Scope().Key(id), state.ServiceEvent{ID: l.NewID(), At: now, Message: message}); err != nil {
			return err
		}
	}
	return nil
}

// place is the first id that is not taken.
func place[T any](r store.Reader, table store.Table[T], scope state.Scope, id func(n int) string) string {
	for n := 0; ; n++ {
		if _, taken := table.Get(r, scope.Key(id(n))); !taken {
			return id(n)
		}
	}
}

// prune drops activities that can be looked up no more, a few at a time.
func prune(w store.Writer, key state.Key, now time.Time) {
	var old []state.Key
	for k, a := range store.ScalingActivities.List(w, key.Scope(), state.ScalingID(key.ID, "")) {
		if len(old) == 100 || now.Sub(a.StartTime) < scaling.Kept {
			break
		}
		old = append(old, k)
	}
	for _, k := range old {
		store.ScalingActivities.Delete(w, k)
	}
}
