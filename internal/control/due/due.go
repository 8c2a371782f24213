// Package due tells a loop which keys are to be looked at, and when: those of
// which something has changed at once, the others at a time of their own.
package due

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// Queue holds keys by when they are due, each once. Anybody may put keys into
// it; one goroutine waits. Make it with New.
type Queue[K comparable] struct {
	mu    sync.Mutex
	known map[K]*item[K]
	order order[K]
	wake  chan struct{} // holds a token when something may be due sooner than was waited for
}

type item[K comparable] struct {
	key   K
	at    time.Time
	place int // in order
}

// New returns an empty queue.
func New[K comparable]() *Queue[K] {
	return &Queue[K]{known: map[K]*item[K]{}, wake: make(chan struct{}, 1)}
}

// Now has a key looked at at once.
func (q *Queue[K]) Now(key K) { q.At(key, time.Now()) }

// At has a key looked at at a time, or before where it is due sooner. A time
// that carries a reading of the monotonic clock is not moved by setting the
// other one.
func (q *Queue[K]) At(key K, at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch i := q.known[key]; {
	case i == nil:
		i = &item[K]{key: key, at: at}
		q.known[key] = i
		heap.Push(&q.order, i)
	case at.Before(i.at):
		i.at = at
		heap.Fix(&q.order, i.place)
	default:
		return
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// After has a key looked at after a while; at no time of its own for zero.
func (q *Queue[K]) After(key K, while time.Duration) {
	if while > 0 {
		q.At(key, time.Now().Add(while))
	}
}

// Drop forgets a key.
func (q *Queue[K]) Drop(key K) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := q.known[key]; i != nil {
		heap.Remove(&q.order, i.place)
		delete(q.known, key)
	}
}

// Wait returns the keys that are due, which are not in the queue any more, when
// there are any; nil when ctx has ended.
func (q *Queue[K]) Wait(ctx context.Context) []K {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		keys, next := q.take(time.Now())
		if len(keys) > 0 {
			return keys
		}
		timer.Reset(next)
		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-timer.C:
		}
	}
	return nil
}

// take removes what is due, and tells for how long nothing else is.
func (q *Queue[K]) take(now time.Time) (keys []K, next time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.order) > 0 && !q.order[0].at.After(now) {
		i := heap.Pop(&q.order).(*item[K])
		delete(q.known, i.key)
		keys = append(keys, i.key)
	}
	if len(q.order) == 0 {
		return keys, time.Hour
	}
	return keys, q.order[0].at.Sub(now)
}

// order has the items that are due next first; its methods are heap's.
type order[K comparable] []*item[K]

func (o order[K]) Len() int           { return len(o) }
func (o order[K]) Less(i, j int) bool { return o[i].at.Before(o[j].at) }
func (o order[K]) Swap(i, j int) {
	o[i], o[j] = o[j], o[i]
	o[i].place, o[j].place = i, j
}

func (o *order[K]) Push(x any) {
	i := x.(*item[K])
	i.place = len(*o)
	*o = append(*o, i)
}

func (o *order[K]) Pop() any {
	last := len(*o) - 1
	i := (*o)[last]
	(*o)[last] = nil
	*o = (*o)[:last]
	return i
}
