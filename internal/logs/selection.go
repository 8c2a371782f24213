package logs

import (
	"container/heap"
	"math"
	"slices"
)

// The ends of time.
const (
	minTime = math.MinInt64
	maxTime = math.MaxInt64
)

// selection gathers the first events in one direction, up to a number and a
// number of bytes, whatever order they come in. It never holds more than one
// event above its bounds.
type selection struct {
	backward bool // the latest first
	limit    int
	maxBytes int

	kept    []Event // a heap, the farthest on top
	bytes   int
	bound   Position // nothing beyond this gap is wanted
	bounded bool
}

func newSelection(backward bool, limit, maxBytes int) *selection {
	return &selection{backward: backward, limit: limit, maxBytes: maxBytes}
}

// before tells whether p comes before q in the selection's direction.
func (s *selection) before(p, q Position) bool {
	if s.backward {
		p, q = q, p
	}
	return p.Compare(q) < 0
}

// wants tells whether an event at p would be kept.
func (s *selection) wants(p Position) bool {
	return !s.bounded || (p.Compare(s.bound) < 0) != s.backward
}

// done tells whether no event between these times would be kept.
func (s *selection) done(minTime, maxTime int64) bool {
	if !s.bounded {
		return false
	}
	if s.backward {
		return maxTime < s.bound.Time
	}
	return minTime > s.bound.Time
}

// cut ends the selection at a gap.
func (s *selection) cut(gap Position) {
	if s.bounded && !s.before(gap, s.bound) {
		return
	}
	s.bound, s.bounded = gap, true
	for len(s.kept) > 0 && !s.wants(At(s.kept[0])) {
		s.pop()
	}
}

func (s *selection) offer(e Event) {
	heap.Push((*selectionHeap)(s), e)
	s.bytes += size(e)
	for len(s.kept) > s.limit || s.bytes > s.maxBytes && len(s.kept) > 1 {
		far := s.kept[0]
		s.pop()
		if s.bounded = true; s.backward {
			s.bound = After(far)
		} else {
			s.bound = At(far)
		}
	}
}

func (s *selection) pop() {
	e := heap.Pop((*selectionHeap)(s)).(Event)
	s.bytes -= size(e)
}

// size is what PutLogEvents counts for an event.
func size(e Event) int { return len(e.Message) + 26 }

// sorted returns the events in the selection's direction.
func (s *selection) sorted() []Event {
	slices.SortFunc(s.kept, func(a, b Event) int {
		if s.backward {
			return At(b).Compare(At(a))
		}
		return At(a).Compare(At(b))
	})
	return s.kept
}

type selectionHeap selection

func (h *selectionHeap) Len() int { return len(h.kept) }
func (h *selectionHeap) Less(i, j int) bool {
	return (*selection)(h).before(At(h.kept[j]), At(h.kept[i]))
}
func (h *selectionHeap) Swap(i, j int) { h.kept[i], h.kept[j] = h.kept[j], h.kept[i] }
func (h *selectionHeap) Push(v any)    { h.kept = append(h.kept, v.(Event)) }
func (h *selectionHeap) Pop() any {
	last := len(h.kept) - 1
	e := h.kept[last]
	h.kept[last] = Event{}
	h.kept = h.kept[:last]
	return e
}
