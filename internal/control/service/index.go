package service

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/control/due"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// index knows which tasks a service has, and when services are to be looked
// at. What changes costs by what it concerns.
type index struct {
	mu       sync.Mutex
	tasks    map[state.Key]map[state.Key]bool // of each service
	clusters map[state.Key]map[state.Key]bool // services of each cluster
	blocked  map[state.Key]bool               // services with a task that found no place
	watched  map[state.Key]map[state.Key]bool // services whose deployment watches an alarm
	watches  map[state.Key][]state.Key        // and those alarms, by service
	due      *due.Queue[state.Key]            // services
}

func newIndex() *index {
	return &index{
		tasks: map[state.Key]map[state.Key]bool{}, clusters: map[state.Key]map[state.Key]bool{}, blocked: map[state.Key]bool{},
		watched: map[state.Key]map[state.Key]bool{}, watches: map[state.Key][]state.Key{},
		due: due.New[state.Key](),
	}
}

// begin takes the whole set.
func (ix *index) begin(r store.Reader) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	clear(ix.tasks)
	clear(ix.clusters)
	clear(ix.blocked)
	clear(ix.watched)
	clear(ix.watches)
	for key, s := range store.Services.List(r, state.Scope{}, "") {
		ix.service(key, s)
	}
	for key, t := range store.Tasks.List(r, state.Scope{}, "") {
		ix.task(key, t)
	}
	return nil
}

func (ix *index) change(changes []store.Change) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for _, c := range changes {
		switch c.Table {
		case store.Services.Name:
			if _, _, s, has := store.Services.Of(c); has {
				ix.service(c.Key, s)
			} else {
				ix.forget(c.Key)
			}
		case store.Tasks.Name:
			before, _, t, has := store.Tasks.Of(c)
			switch {
			case has:
				ix.task(c.Key, t)
			case before.Spec.Service.Service != "":
				delete(ix.tasks[c.Key.Scope().Key(before.Spec.Service.Service)], c.Key)
			}
			if !has || t.Observed.Status >= state.TaskStopped {
				ix.retry()
			}
		case store.Targets.Name:
			before, _, after, has := store.Targets.Of(c)
			if !has {
				after = before
			}
			if after.Service != "" {
				ix.due.Now(c.Key.Scope().Key(after.Service))
			}
		case store.ContainerInstances.Name:
			before, _, after, has := store.ContainerInstances.Of(c)
			if !has {
				after = before
			}
			for key := range ix.clusters[c.Key.Scope().Key(after.ClusterName)] {
				ix.due.Now(key)
			}
		case store.Nodes.Name:
			ix.retry()
		case store.Alarms.Name:
			before, _, after, _ := store.Alarms.Of(c)
			if before.Value() != after.Value() {
				for key := range ix.watched[c.Key] {
					ix.due.Now(key)
				}
			}
		}
	}
	return nil
}

// retry has the services looked at again that found no place.
func (ix *index) retry() {
	for key := range ix.blocked {
		ix.due.Now(key)
	}
}

func (ix *index) service(key state.Key, s state.Service) {
	cluster := key.Scope().Key(s.ClusterName)
	if ix.clusters[cluster] == nil {
		ix.clusters[cluster] = map[state.Key]bool{}
	}
	ix.clusters[cluster][key] = true
	ix.watch(key, s)
	if _, told := s.Progress.Told[complaintPlacement]; told {
		ix.blocked[key] = true
	} else {
		delete(ix.blocked, key)
	}
	ix.due.Now(key)
}

// watch notes which alarms a service's deployment looks at while it is in
// progress.
func (ix *index) watch(key state.Key, s state.Service) {
	for _, alarm := range ix.watches[key] {
		if delete(ix.watched[alarm], key); len(ix.watched[alarm]) == 0 {
			delete(ix.watched, alarm)
		}
	}
	delete(ix.watches, key)
	p, c := s.Primary(), s.Deployment.Alarms
	if p == nil || p.State != state.RolloutInProgress || c == nil || !c.Enable {
		return
	}
	for _, name := range c.AlarmNames {
		alarm := key.Scope().Key(name)
		if ix.watched[alarm] == nil {
			ix.watched[alarm] = map[state.Key]bool{}
		}
		ix.watched[alarm][key] = true
		ix.watches[key] = append(ix.watches[key], alarm)
	}
}

func (ix *index) task(key state.Key, t state.Task) {
	if t.Spec.Service.Service == "" {
		return
	}
	service := key.Scope().Key(t.Spec.Service.Service)
	if t.Observed.Status >= state.TaskStopped && t.Schedule.Ended {
		delete(ix.tasks[service], key)
	} else {
		ix.add(service, key)
	}
	ix.due.Now(service)
}

func (ix *index) add(service, task state.Key) {
	if ix.tasks[service] == nil {
		ix.tasks[service] = map[state.Key]bool{}
	}
	ix.tasks[service][task] = true
}

// forget drops a service that is gone. Its tasks are, too.
func (ix *index) forget(key state.Key) {
	delete(ix.tasks, key)
	delete(ix.blocked, key)
	for _, services := range ix.clusters {
		delete(services, key)
	}
	ix.watch(key, state.Service{})
	ix.due.Drop(key)
}

// tasksOf returns the tasks of a service.
func (ix *index) tasksOf(key state.Key) []state.Key {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	return slices.Collect(maps.Keys(ix.tasks[key]))
}

// looked notes what a look brought: tasks that were launched, and when to look
// again.
func (ix *index) looked(key state.Key, launched []state.Key, next time.Duration) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for _, k := range launched {
		ix.add(key, k)
	}
	ix.due.After(key, next)
}
