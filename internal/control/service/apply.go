package service

import (
	"reflect"
	"time"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// apply writes a plan. It returns the tasks it launched.
func (l *Loop) apply(w store.Writer, key state.Key, p *Plan, now time.Time) (launched []state.Key, err error) {
	scope := key.Scope()
	if p.Remove {
		remove(w, key)
		return nil, nil
	}
	for _, t := range p.Tasks {
		before, _ := store.Tasks.Get(w, scope.Key(t.ID))
		if err := store.Tasks.Put(w, scope.Key(t.ID), t); err != nil {
			return nil, err
		}
		if err := events.TaskChanged(w, scope, before, t, now); err != nil {
			return nil, err
		}
	}
	if err := applyTargets(w, key, p, now); err != nil {
		return nil, err
	}
	for _, dep := range p.Deployments {
		if err := store.ServiceDeployments.Put(w, scope.Key(state.ServiceDeploymentID(key.ID, dep.ID)), dep); err != nil {
			return nil, err
		}
	}
	for number, images := range p.Images {
		k := scope.Key(state.ServiceRevisionID(key.ID, number))
		rev, _ := store.ServiceRevisions.Get(w, k)
		rev.Images = images
		if err := store.ServiceRevisions.Put(w, k, rev); err != nil {
			return nil, err
		}
	}
	for _, launch := range p.Launch {
		out, err := l.launch(w, key, p.Service, launch, now)
		if err != nil && !configuration(err) {
			return nil, err
		}
		told(p, launch, out, err)
		for _, id := range out.Tasks {
			launched = append(launched, scope.Key(id))
		}
	}
	if before, _ := store.Services.Get(w, key); !reflect.DeepEqual(before, p.Service) {
		if err := store.Services.Put(w, key, p.Service); err != nil {
			return nil, err
		}
	}
	return launched, l.applyEvents(w, key, p, now)
}

func applyTargets(w store.Writer, key state.Key, p *Plan, now time.Time) error {
	scope := key.Scope()
	for _, r := range p.Register {
		err := store.Targets.Put(w, scope.Key(r.ID()), state.Target{
			Group: r.Group, Address: r.Address, Port: r.Port, Service: key.ID, Task: r.Task, RegisteredAt: now,
			Health: state.TargetHealth{State: "initial", Reason: "Elb.RegistrationInProgress", Description: "Target registration is in progress", Since: now},
		})
		if err != nil {
			return err
		}
	}
	for _, id := range p.Drain {
		target, ok := store.Targets.Get(w, scope.Key(id))
		if !ok || target.Draining != nil {
			continue
		}
		target.Draining = &now
		if err := store.Targets.Put(w, scope.Key(id), target); err != nil {
			return err
		}
	}
	return nil
}

// applyEvents adds events and facts, and drops the oldest of each beyond as
// many as are kept.
func (l *Loop) applyEvents(w store.Writer, key state.Key, p *Plan, now time.Time) error {
	var told []state.ServiceEvent
	for _, message := range p.Events {
		told = append(told, state.ServiceEvent{Message: message})
	}
	for _, f := range p.Facts {
		told = append(told, state.ServiceEvent{Name: f.Name, Type: f.Type, Reason: f.Reason, Deployment: f.Deployment})
	}
	if len(told) == 0 {
		return nil
	}
	n := 0
	for _, e := range told {
		place := key.Scope().Key(state.ServiceEventID(key.ID, now, n))
		for _, taken := store.ServiceEvents.Get(w, place); taken; _, taken = store.ServiceEvents.Get(w, place) {
			n++ // another look at the same moment
			place = key.Scope().Key(state.ServiceEventID(key.ID, now, n))
		}
		e.ID, e.At = uuid(l.NewID()), now
		if err := store.ServiceEvents.Put(w, place, e); err != nil {
			return err
		}
		if err := tell(w, key.Scope(), p.Service, e); err != nil {
			return err
		}
	}
	var messages, facts []state.Key
	for k, e := range store.ServiceEvents.List(w, key.Scope(), key.ID+"/") {
		if e.Message != "" {
			messages = append(messages, k)
		} else {
			facts = append(facts, k)
		}
	}
	for _, keys := range [][]state.Key{messages[:max(0, len(messages)-maxEvents)], facts[:max(0, len(facts)-maxFacts)]} {
		for _, k := range keys {
			store.ServiceEvents.Delete(w, k)
		}
	}
	return nil
}

// tell hands an event that buses are told to the default one.
func tell(w store.Writer, scope state.Scope, service state.Service, e state.ServiceEvent) error {
	if kind := e.DetailType(); kind == "" || !events.IsHeard(w, scope, events.Default, "aws.ecs", kind) {
		return nil
	}
	envelope, _ := e.Envelope(scope, service)
	return events.Emit(w, scope, events.Default, envelope)
}

// launch asks for tasks of a revision.
func (l *Loop) launch(w store.Writer, key state.Key, s state.Service, launch Launch, now time.Time) (Launched, error) {
	rev, _ := store.ServiceRevisions.Get(w, key.Scope().Key(state.ServiceRevisionID(key.ID, launch.Revision)))
	request := state.ServiceLaunch{Scope: key.Scope(), Service: s, Revision: rev, Now: now, Instances: launch.Instances}
	request.Zones, request.Providers = launch.Zones, launch.Providers
	for range launch.N {
		request.IDs = append(request.IDs, l.NewID())
	}
	out, err := l.Launcher.LaunchForService(w, request)
	out.At = now
	return out, err
}

// remove erases all that is left of a service.
func remove(w store.Writer, key state.Key) {
	store.ServiceEvents.DeleteBelow(w, key.Scope(), key.ID+"/")
	store.ServiceRevisions.DeleteBelow(w, key.Scope(), key.ID+"/")
	store.ServiceDeployments.DeleteBelow(w, key.Scope(), key.ID+"/")
	store.Services.Delete(w, key)
}

// uuid writes 32 hexadecimal digits as a UUID.
func uuid(id string) string {
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}
