package alarm

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/control/due"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// index knows when each alarm is due, and which composite alarms are about
// which others.
type index struct {
	mu      sync.Mutex
	known   map[state.Key]*entry
	queue   *due.Queue[state.Key]
	parents map[state.Key]map[state.Key]bool // composite alarms, by the alarms they are about
	seed    maphash.Seed
}

// entry is an alarm.
type entry struct {
	key       state.Key
	composite bool
	every     time.Duration // of a metric alarm
	children  []state.Key   // of a composite one
	changed   time.Time     // when its configuration was
	anew      bool          // a composite alarm's rule is to be evaluated, not only its waiting
}

// job is an alarm to evaluate.
type job struct {
	key       state.Key
	composite bool
	anew      bool
}

func newIndex() *index {
	return &index{known: map[state.Key]*entry{}, parents: map[state.Key]map[state.Key]bool{}, queue: due.New[state.Key](), seed: maphash.MakeSeed()}
}

// begin takes the whole set.
func (ix *index) begin(r store.Reader) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for key := range ix.known {
		if _, ok := store.Alarms.Get(r, key); !ok {
			ix.forget(key)
		}
	}
	for key, a := range store.Alarms.List(r, state.Scope{}, "") {
		if a.Metric == nil && a.Composite == nil {
			continue
		}
		e, changed := ix.put(key, a)
		switch {
		case e.composite:
			ix.due(e, time.Now(), false) // it costs no read of a metric
		case changed:
			ix.due(e, ix.slot(e, time.Now()), false)
		}
	}
	return nil
}

func (ix *index) change(changes []store.Change) error {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for _, c := range changes {
		before, had, after, has := store.Alarms.Of(c)
		if !has || after.Metric == nil && after.Composite == nil {
			ix.forget(c.Key)
		} else if e, changed := ix.put(c.Key, after); changed {
			ix.due(e, time.Now(), false)
		}
		if had && has && before.Value() == after.Value() {
			continue
		}
		for parent := range ix.parents[c.Key] {
			ix.due(ix.known[parent], time.Now(), true)
		}
	}
	return nil
}

// put notes an alarm, and tells whether its configuration is new.
func (ix *index) put(key state.Key, a state.Alarm) (e *entry, changed bool) {
	e = ix.known[key]
	if e == nil || e.composite != (a.Composite != nil) {
		ix.forget(key)
		e = &entry{key: key, composite: a.Composite != nil}
		ix.known[key] = e
	}
	var at time.Time
	if c := a.Composite; c != nil {
		at = aws.ToTime(c.AlarmConfigurationUpdatedTimestamp)
		ix.relate(e, a)
	} else {
		at = aws.ToTime(a.Metric.AlarmConfigurationUpdatedTimestamp)
		e.every = alarm.Every(*a.Metric)
	}
	changed = !at.Equal(e.changed)
	e.changed = at
	return e, changed
}

// relate notes which alarms a composite one is about.
func (ix *index) relate(e *entry, a state.Alarm) {
	for _, child := range e.children {
		delete(ix.parents[child], e.key)
		if len(ix.parents[child]) == 0 {
			delete(ix.parents, child)
		}
	}
	e.children = nil
	for _, name := range related(a) {
		child := e.key.Scope().Key(name)
		e.children = append(e.children, child)
		if ix.parents[child] == nil {
			ix.parents[child] = map[state.Key]bool{}
		}
		ix.parents[child][e.key] = true
	}
}

// related names what a composite alarm is about: its rule's alarms and its
// suppressor.
func related(a state.Alarm) (names []string) {
	if a.Composite == nil {
		return nil
	}
	rule, err := alarm.ParseRule(aws.ToString(a.Composite.AlarmRule))
	if err != nil {
		return nil // it was checked when it was made
	}
	for _, child := range rule.Children {
		names = append(names, alarm.ChildName(child))
	}
	if s := a.Composite.ActionsSuppressor; s != nil {
		names = append(names, alarm.ChildName(*s))
	}
	return names
}

func (ix *index) forget(key state.Key) {
	e := ix.known[key]
	if e == nil {
		return
	}
	ix.relate(e, state.Alarm{})
	ix.queue.Drop(key)
	delete(ix.known, key)
}

// due has an alarm evaluated at a time, or before where it is due sooner.
func (ix *index) due(e *entry, at time.Time, anew bool) {
	e.anew = e.anew || anew
	ix.queue.At(e.key, at)
}

// slot is the next of a metric alarm's times.
func (ix *index) slot(e *entry, now time.Time) time.Time {
	offset := time.Duration(maphash.Comparable(ix.seed, e.key) % uint64(e.every))
	at := now.Truncate(e.every).Add(offset)
	if !at.After(now) {
		at = at.Add(e.every)
	}
	return now.Add(at.Sub(now)) // by the monotonic clock: setting the other one silences no alarm
}

// take makes jobs of alarms that are due. A metric alarm is due again at the
// next of its times.
func (ix *index) take(keys []state.Key, now time.Time) (work []job) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for _, key := range keys {
		e := ix.known[key]
		if e == nil {
			continue
		}
		work = append(work, job{key: key, composite: e.composite, anew: e.anew})
		e.anew = false
		if !e.composite {
			ix.due(e, ix.slot(e, now), false)
		}
	}
	return work
}

// done notes when an alarm is to be looked at besides, zero for never.
func (ix *index) done(j job, at time.Time) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if e := ix.known[j.key]; e != nil && !at.IsZero() {
		ix.due(e, at, j.anew)
	}
}
