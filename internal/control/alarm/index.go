package alarm

import (
	"container/heap"
	"hash/maphash"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// index knows when each alarm is due, and which composite alarms are about
// which others.
type index struct {
	mu      sync.Mutex
	known   map[state.Key]*entry
	queue   queue
	parents map[state.Key]map[state.Key]bool // composite alarms, by the alarms they are about
	seed    maphash.Seed
	wake    chan struct{} // holds one token when something is due sooner than was told
}

// entry is an alarm and when it is due.
type entry struct {
	key       state.Key
	composite bool
	every     time.Duration // of a metric alarm
	children  []state.Key   // of a composite one
	changed   time.Time     // when its configuration was
	at        time.Time
	anew      bool // a composite alarm's rule is to be evaluated, not only its waiting
	place     int  // in the queue, -1 when it is not due at any time
}

// job is an alarm to evaluate.
type job struct {
	key       state.Key
	composite bool
	anew      bool
}

func newIndex() *index {
	return &index{known: map[state.Key]*entry{}, parents: map[state.Key]map[state.Key]bool{}, seed: maphash.MakeSeed(), wake: make(chan struct{}, 1)}
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
		e = &entry{key: key, composite: a.Composite != nil, place: -1}
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
	if e.place >= 0 {
		heap.Remove(&ix.queue, e.place)
	}
	delete(ix.known, key)
}

// due has an alarm evaluated at a time, or before where it is due sooner.
func (ix *index) due(e *entry, at time.Time, anew bool) {
	e.anew = e.anew || anew
	switch {
	case e.place < 0:
		e.at = at
		heap.Push(&ix.queue, e)
	case at.Before(e.at):
		e.at = at
		heap.Fix(&ix.queue, e.place)
	}
	select {
	case ix.wake <- struct{}{}:
	default:
	}
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

// take returns what is due, and else how long nothing is.
func (ix *index) take(now time.Time) (work []job, next time.Duration) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for len(ix.queue) > 0 && !ix.queue[0].at.After(now) {
		e := heap.Pop(&ix.queue).(*entry)
		work = append(work, job{key: e.key, composite: e.composite, anew: e.anew})
		e.anew = false
		if !e.composite {
			ix.due(e, ix.slot(e, now), false)
		}
	}
	if len(ix.queue) > 0 {
		return work, ix.queue[0].at.Sub(now)
	}
	return work, time.Hour
}

// done notes when an alarm is to be looked at besides, zero for never.
func (ix *index) done(j job, at time.Time) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if e := ix.known[j.key]; e != nil && !at.IsZero() {
		ix.due(e, at, j.anew)
	}
}

// queue has the entries that are due next first.
type queue []*entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push and Pop are heap's.
func (q *queue) Push(x any) {
	e := x.(*entry)
	e.place = len(*q)
	*q = append(*q, e)
}

func (q *queue) Pop() any {
	old := *q
	e := old[len(old)-1]
	e.place = -1
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}
