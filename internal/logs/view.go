package logs

import (
	"container/heap"

	"github.com/hatoba/hatoba/internal/state"
)

// view is what a reader sees of a group: the events durable when it was made.
// Segments stay until close.
type view struct {
	engine   *Engine
	group    *group
	visible  uint64 // last sequence number
	cutoff   int64  // expired before
	chunks   []*chunk
	segments []*segment
	names    map[uint64]string // of the wanted streams met so far; "" is unwanted
	wanted   func(name string) bool
}

// view opens a view of a group. Streams not wanted are left out; nil wants
// all, and a non-nil list of ids speeds that up.
func (e *Engine) view(scope state.Scope, groupName string, only []string, wanted func(name string) bool) (*view, error) {
	visible := e.wal.visible.Load()
	e.mu.RLock()
	defer e.mu.RUnlock()
	g, err := e.tables.find(scope, groupName)
	if err != nil {
		return nil, err
	}
	v := &view{
		engine: e, group: g, visible: visible, cutoff: expiry(e.now(), g.RetentionDays),
		names: map[uint64]string{}, wanted: wanted,
	}
	if only != nil {
		// Ids are gathered now: whatever else is met is unwanted.
		for _, name := range only {
			s, err := g.stream(name)
			if err != nil {
				return nil, err
			}
			v.names[s.id] = name
		}
		v.wanted = func(string) bool { return false }
	}
	for _, part := range e.tables.memory.parts() {
		if mg := part.groups[g.id]; mg != nil {
			for id, chunks := range mg.streams {
				if v.nameLocked(id) != "" {
					v.chunks = append(v.chunks, chunks...)
				}
			}
		}
	}
	v.segments = g.segments
	for _, s := range v.segments {
		s.acquire()
	}
	return v, nil
}

func (v *view) close() {
	for _, s := range v.segments {
		s.release()
	}
}

// name returns the name of a wanted stream, "" for one unwanted or deleted.
func (v *view) name(id uint64) string {
	if name, ok := v.names[id]; ok {
		return name
	}
	v.engine.mu.RLock()
	defer v.engine.mu.RUnlock()
	return v.nameLocked(id)
}

func (v *view) nameLocked(id uint64) string {
	if name, ok := v.names[id]; ok {
		return name
	}
	name := ""
	if s := v.group.byID[id]; s != nil && (v.wanted == nil || v.wanted(s.Name)) {
		name = s.Name
	}
	v.names[id] = name
	return name
}

// unit is a piece of a scan: a chunk in memory, a block, or a segment not
// looked into yet.
type unit struct {
	minTime, maxTime int64
	chunk            *chunk
	segment          *segment
	block            int // of segment; -1: all of it
	index            *blockIndex
}

// units is what is left of a scan, the next in its direction on top.
type units struct {
	backward bool
	list     []unit
}

func (u *units) Len() int { return len(u.list) }
func (u *units) Less(i, j int) bool {
	if u.backward {
		return u.list[i].maxTime > u.list[j].maxTime
	}
	return u.list[i].minTime < u.list[j].minTime
}
func (u *units) Swap(i, j int) { u.list[i], u.list[j] = u.list[j], u.list[i] }
func (u *units) Push(v any)    { u.list = append(u.list, v.(unit)) }
func (u *units) Pop() any {
	last := u.list[len(u.list)-1]
	u.list = u.list[:len(u.list)-1]
	return last
}

// window bounds a scan: times from start up to but not including end, and
// sequence numbers above after.
type window struct {
	start, end int64
	after      uint64
}

func (w window) overlaps(minTime, maxTime int64) bool {
	return maxTime >= w.start && minTime < w.end
}

// units returns the pieces of the view that overlap the window.
func (v *view) units(w window, backward bool) *units {
	u := &units{backward: backward}
	for _, c := range v.chunks {
		r := c.runs[0]
		if w.overlaps(r.minTime, r.maxTime) && c.seq(r.to-1) > w.after {
			u.list = append(u.list, unit{minTime: r.minTime, maxTime: r.maxTime, chunk: c})
		}
	}
	for _, s := range v.segments {
		if w.overlaps(s.minTime, s.maxTime) && s.maxSeq > w.after {
			u.list = append(u.list, unit{minTime: s.minTime, maxTime: s.maxTime, segment: s, block: -1})
		}
	}
	heap.Init(u)
	return u
}

// next takes the next chunk or block, until done tells that a piece, and so
// all that follow, is not wanted. Segments are looked into as they come up.
func (v *view) next(u *units, w window, done func(minTime, maxTime int64) bool) (unit, bool, error) {
	for u.Len() > 0 {
		top := heap.Pop(u).(unit)
		if done(top.minTime, top.maxTime) {
			break
		}
		if top.segment == nil || top.block >= 0 {
			return top, true, nil
		}
		index, err := v.engine.cache.index(top.segment)
		if err != nil {
			return unit{}, false, err
		}
		for n := range index {
			if b, ok := v.wantedBlock(top.segment, n, &index[n], w); ok {
				heap.Push(u, b)
			}
		}
	}
	return unit{}, false, nil
}

// wantedBlock makes a unit of a block that holds wanted streams in the window;
// its times are those of the wanted streams alone.
func (v *view) wantedBlock(s *segment, n int, k *blockIndex, w window) (unit, bool) {
	b, ok := unit{segment: s, block: n, index: k}, false
	if !w.overlaps(k.minTime, k.maxTime) {
		return b, false
	}
	for i := range k.runs {
		r := &k.runs[i]
		if !w.overlaps(r.minTime, r.maxTime) || v.name(r.stream) == "" {
			continue
		}
		if !ok {
			b.minTime, b.maxTime, ok = r.minTime, r.maxTime, true
		}
		b.minTime, b.maxTime = min(b.minTime, r.minTime), max(b.maxTime, r.maxTime)
	}
	return b, ok
}

// load returns the unit's events.
func (v *view) load(u unit) (*chunk, error) {
	if u.chunk != nil {
		return u.chunk, nil
	}
	return v.engine.cache.block(u.segment, u.block, u.index)
}
