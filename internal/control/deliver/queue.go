package deliver

import (
	"cmp"
	"strings"
	"time"

	"github.com/tidwall/btree"

	"github.com/hatoba/hatoba/internal/state"
)

// queue is what waits, by when it is due. It belongs to one goroutine.
type queue struct {
	waiting map[state.Key]state.Delivery
	due     *btree.BTreeG[entry] // of those that are not being sent
	sending map[state.Key]int    // attempts before the one that is under way, until its note has come back
	causes  map[string]*cause
	active  int
}

type entry struct {
	at  time.Time
	key state.Key
}

// cause is what is known of one receiver.
type cause struct {
	waiting int
	active  int
	next    time.Time // not before, by its rate
}

func newQueue() *queue {
	q := &queue{causes: map[string]*cause{}}
	q.clear()
	return q
}

func (q *queue) clear() {
	q.waiting, q.sending = map[state.Key]state.Delivery{}, map[state.Key]int{}
	q.due = btree.NewBTreeG(func(a, b entry) bool {
		if c := a.at.Compare(b.at); c != 0 {
			return c < 0
		}
		return cmp.Or(strings.Compare(a.key.ID, b.key.ID), strings.Compare(a.key.Account, b.key.Account), strings.Compare(a.key.Region, b.key.Region)) < 0
	})
	for _, c := range q.causes {
		c.waiting = 0
	}
}

func (q *queue) of(name string) *cause {
	c := q.causes[name]
	if c == nil {
		c = &cause{}
		q.causes[name] = c
	}
	return c
}

// change takes a record as it is now. What is being sent meanwhile is sent
// again only when its record asks for it after the note.
func (q *queue) change(c change) {
	if c.full {
		sending := q.sending
		q.clear()
		q.sending = sending
		return
	}
	if old, ok := q.waiting[c.key]; ok {
		q.due.Delete(entry{old.NextAt, c.key})
		delete(q.waiting, c.key)
		q.leave(old.Cause)
	}
	if c.now == nil {
		delete(q.sending, c.key)
		return
	}
	q.waiting[c.key] = *c.now
	q.of(c.now.Cause).waiting++
	if before, under := q.sending[c.key]; under && c.now.Attempts <= before {
		return
	}
	delete(q.sending, c.key)
	q.due.Set(entry{c.now.NextAt, c.key})
}

func (q *queue) leave(name string) {
	c := q.of(name)
	c.waiting--
	q.forget(name, c)
}

func (q *queue) forget(name string, c *cause) {
	if c.waiting == 0 && c.active == 0 {
		delete(q.causes, name)
	}
}

// ready takes what is to be sent now.
func (q *queue) ready(now time.Time) (out []attempt) {
	q.due.Scan(func(e entry) bool {
		if e.at.After(now) || q.active+len(out) >= maxAtOnce {
			return false
		}
		d := q.waiting[e.key]
		c := q.of(d.Cause)
		over := c.waiting > maxWaiting
		if !over && (c.active >= maxPerCause || c.next.After(now)) {
			return true
		}
		if per := d.Retry.PerSecond; per > 0 && !over {
			c.next = now.Add(time.Second / time.Duration(per))
		}
		c.active++
		out = append(out, attempt{key: e.key, d: d, over: over})
		return true
	})
	for _, a := range out {
		q.due.Delete(entry{a.d.NextAt, a.key})
		q.sending[a.key] = a.d.Attempts
		q.active++
	}
	return out
}

// done gives the place of an attempt to others.
func (q *queue) done(receiver string) {
	q.active--
	c := q.of(receiver)
	c.active--
	q.forget(receiver, c)
}

// next is when something may be due. What is due already and held back by its
// receiver's rate waits for that; what is held back by others being under way
// is looked at when one of them is done.
func (q *queue) next() (at time.Time, ok bool) {
	q.due.Scan(func(e entry) bool {
		c := q.of(q.waiting[e.key].Cause)
		if c.active >= maxPerCause {
			return true
		}
		when := e.at
		if c.next.After(when) {
			when = c.next
		}
		if !ok || when.Before(at) {
			at, ok = when, true
		}
		return e.at.Before(at) // later entries may still be earlier than a rate's wait
	})
	if q.active >= maxAtOnce {
		return at, false
	}
	return at, ok
}
