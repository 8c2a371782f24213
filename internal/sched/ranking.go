package sched

import (
	"cmp"
	"slices"
	"strings"
)

// ranking is the order of a pool's nodes for one kind of request.
type ranking struct {
	Snapshot // that it was last made to follow
	request  Request
	keys     []key
	axes     []axis
	seen     []*Standing // by place: the node as it was last looked at
	spots    []spot      // by place: what was seen
	buckets  []*bucket   // by their values
}

// spot is where a node is in a ranking.
type spot struct {
	bucket *bucket // nil when it takes no tasks
	tasks  int64   // of the group, which its bucket's axes have counted
	fits   bool
	keys   keys // when it fits; without those of axes
}

// bucket is the nodes that share their values on all axes.
type bucket struct {
	values  string
	tasks   []*int64 // the count of each axis
	classes []class  // by their keys
}

// class is the nodes of a bucket that fit and have the same keys: strategies do
// not tell them apart.
type class struct {
	keys   keys
	places []int // by lot
}

func newRanking(r *Request) *ranking {
	out := &ranking{request: *r}
	out.keys, out.axes = keysOf(r)
	return out
}

// follow has the ranking be that of a snapshot in which, besides, the nodes at
// some places stand as in taken.
func (r *ranking) follow(s Snapshot, taken map[int]*Standing) {
	same := r.seen != nil && r.Pool.sameNodes(s.Pool) && r.Overcommit == s.Overcommit && slices.Equal(r.Ports, s.Ports)
	r.Snapshot = s
	if !same {
		r.build(taken)
		return
	}
	for i, seen := range r.seen {
		if n := r.node(i, taken); n != seen {
			r.look(i, n)
		}
	}
}

func (r *ranking) node(place int, taken map[int]*Standing) *Standing {
	if len(taken) > 0 {
		if n, ok := taken[place]; ok {
			return n
		}
	}
	return r.Pool.node(place)
}

// build ranks all nodes anew.
func (r *ranking) build(taken map[int]*Standing) {
	r.buckets = nil
	for i := range r.axes {
		clear(r.axes[i].tasks)
	}
	r.seen, r.spots = make([]*Standing, r.Pool.places()), make([]spot, r.Pool.places())
	fit := map[*bucket][]int{}
	for i := range r.seen {
		r.see(i, r.node(i, taken))
		if s := &r.spots[i]; s.fits {
			fit[s.bucket] = append(fit[s.bucket], i)
		}
	}
	for b, places := range fit {
		slices.SortFunc(places, func(i, j int) int {
			return cmp.Or(slices.Compare(r.spots[i].keys[:], r.spots[j].keys[:]), r.byLot(i, j))
		})
		for _, i := range places {
			if last := len(b.classes) - 1; last >= 0 && b.classes[last].keys == r.spots[i].keys {
				b.classes[last].places = append(b.classes[last].places, i)
			} else {
				b.classes = append(b.classes, class{r.spots[i].keys, []int{i}})
			}
		}
	}
}

func (r *ranking) byLot(i, j int) int {
	a, b := r.seen[i], r.seen[j]
	return cmp.Or(cmp.Compare(a.lot, b.lot), strings.Compare(a.ID, b.ID))
}

// look ranks the node at a place anew, which is now n.
func (r *ranking) look(place int, n *Standing) {
	if s := &r.spots[place]; s.bucket != nil {
		for _, tasks := range s.bucket.tasks {
			*tasks -= s.tasks
		}
		if s.fits {
			s.bucket.leave(s.keys, place, r.byLot)
		}
	}
	r.see(place, n)
	if s := &r.spots[place]; s.fits {
		s.bucket.enter(s.keys, place, r.byLot)
	}
}

// see notes what a node at a place is for the request.
func (r *ranking) see(place int, n *Standing) {
	r.seen[place], r.spots[place] = n, spot{}
	c, takesTasks := r.Pool.candidate(place, n)
	if !takesTasks {
		return
	}
	s := spot{bucket: r.bucketOf(c), fits: r.fits(c, &r.request)}
	if len(r.axes) > 0 {
		s.tasks = int64(count(n.groups, r.request.Group))
		for _, tasks := range s.bucket.tasks {
			*tasks += s.tasks
		}
	}
	for i, key := range r.keys {
		if key != nil && s.fits {
			s.keys[i] = key(&r.Snapshot, &r.request, n)
		}
	}
	r.spots[place] = s
}

func (r *ranking) bucketOf(c Candidate) *bucket {
	var buffer [MaxStrategies]string
	values := buffer[:0]
	for _, a := range r.axes {
		value := ""
		if r.Attribute != nil {
			value = r.Attribute(c, a.name)
		}
		values = append(values, value)
	}
	name := strings.Join(values, "\x00")
	i, ok := slices.BinarySearchFunc(r.buckets, name, func(b *bucket, name string) int { return strings.Compare(b.values, name) })
	if ok {
		return r.buckets[i]
	}
	b := &bucket{values: name}
	for k, a := range r.axes {
		if a.tasks[values[k]] == nil {
			a.tasks[values[k]] = new(int64)
		}
		b.tasks = append(b.tasks, a.tasks[values[k]])
	}
	r.buckets = slices.Insert(r.buckets, i, b)
	return b
}

func (b *bucket) class(k keys) (int, bool) {
	return slices.BinarySearchFunc(b.classes, k, func(c class, k keys) int { return slices.Compare(c.keys[:], k[:]) })
}

func (b *bucket) enter(k keys, place int, byLot func(i, j int) int) {
	i, ok := b.class(k)
	if !ok {
		b.classes = slices.Insert(b.classes, i, class{keys: k})
	}
	c := &b.classes[i]
	at, _ := slices.BinarySearchFunc(c.places, place, byLot)
	c.places = slices.Insert(c.places, at, place)
}

func (b *bucket) leave(k keys, place int, byLot func(i, j int) int) {
	i, _ := b.class(k)
	c := &b.classes[i]
	at, _ := slices.BinarySearchFunc(c.places, place, byLot)
	if c.places = slices.Delete(c.places, at, at+1); len(c.places) == 0 {
		b.classes = slices.Delete(b.classes, i, i+1)
	}
}

// best is the place of the node that comes first, drawn by lot among equals;
// false when none fits.
func (r *ranking) best(lot uint64) (int, bool) {
	var least keys
	var equals []*bucket
	total := 0
	for _, b := range r.buckets {
		if len(b.classes) == 0 {
			continue
		}
		k := b.classes[0].keys
		for i, a := range r.axes {
			k[a.at] = *b.tasks[i]
		}
		order := slices.Compare(k[:], least[:])
		if total > 0 && order > 0 {
			continue
		}
		if total == 0 || order < 0 {
			least, equals, total = k, equals[:0], 0
		}
		equals = append(equals, b)
		total += len(b.classes[0].places)
	}
	if total == 0 {
		return 0, false
	}
	drawn := int(lot % uint64(total))
	for _, b := range equals {
		places := b.classes[0].places
		if drawn < len(places) {
			return places[drawn], true
		}
		drawn -= len(places)
	}
	return 0, false // not reached: one of total was drawn
}

// placeAlike places requests of the ranking's kind, and notes in taken how the
// nodes stand with them.
func (r *ranking) placeAlike(pending []Request, seed uint64, taken map[int]*Standing, plan *Plan) {
	for i := range pending {
		place, ok := r.best(draw(seed, pending[i].ID))
		if !ok {
			r.refuse(pending[i:], plan)
			return
		}
		n := *r.seen[place]
		n.take(Reservation{CPU: r.request.CPU, MemoryMiB: r.request.MemoryMiB, Exact: r.request.Exact, Ports: r.request.Ports, Group: r.request.Group}, 1)
		taken[place] = &n
		r.look(place, &n)
		c, _ := r.Pool.candidate(place, &n)
		plan.Placed = append(plan.Placed, Placed{ID: pending[i].ID, Node: n.ID, Instance: c.Instance})
	}
}

// refuse tells all of them the same: nothing fits the first, and so none.
func (r *ranking) refuse(pending []Request, plan *Plan) {
	var left []Candidate
	for place, n := range r.seen {
		if c, ok := r.Pool.candidate(place, n); ok {
			left = append(left, c)
		}
	}
	why := r.refusal(left, &r.request)
	for i := range pending {
		why.ID = pending[i].ID
		plan.Refused = append(plan.Refused, why)
	}
}
