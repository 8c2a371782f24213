package sched

import (
	"slices"
	"sync"
)

// Ranks places tasks, and keeps in which order the nodes came. For a request like
// an earlier one it looks again only at nodes that have changed since, so that a
// placement costs the same on few nodes and on many. What it decides does not
// hang on what it keeps. The zero Ranks is ready; it may be used from several
// goroutines.
type Ranks struct {
	mu   sync.Mutex
	kept []*ranking // the last used first
}

// maxKept bounds what a Ranks keeps: some 100 bytes for a node, of each kind of
// request, which is a service or a family of tasks.
const maxKept = 64

// Place assigns each request to a node in turn, counting what it has already
// assigned.
func (k *Ranks) Place(s Snapshot, pending []Request, seed uint64) Plan {
	k.mu.Lock()
	defer k.mu.Unlock()
	var plan Plan
	taken := map[int]*Standing{} // by place in the pool
	for len(pending) > 0 {
		n := 1
		for n < len(pending) && alike(&pending[0], &pending[n]) {
			n++
		}
		r := k.ranking(s.Pool.name, &pending[0])
		r.follow(s, taken)
		r.placeAlike(pending[:n], seed, taken, &plan)
		pending = pending[n:]
	}
	return plan
}

// ranking is the one for requests like r in a pool.
func (k *Ranks) ranking(pool string, r *Request) *ranking {
	if pool == "" {
		return newRanking(r)
	}
	i := slices.IndexFunc(k.kept, func(have *ranking) bool { return have.Pool.name == pool && alike(&have.request, r) })
	var found *ranking
	if i >= 0 {
		found = k.kept[i]
		k.kept = slices.Delete(k.kept, i, i+1)
	} else {
		found = newRanking(r)
		k.kept = k.kept[:min(len(k.kept), maxKept-1)]
	}
	k.kept = slices.Insert(k.kept, 0, found)
	return found
}
