package logs

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tidwall/btree"

	"github.com/hatoba/hatoba/internal/state"
)

// group is a log group in memory.
type group struct {
	id    uint64
	scope state.Scope
	Group
	streams  btree.Map[string, *stream]
	byID     map[uint64]*stream
	segments []*segment // replaced, never changed in place
	sweep    bool       // deleted streams may have events in segments
	wake     chan struct{}
}

// stream is a log stream in memory. Its name never changes.
type stream struct {
	id uint64
	Stream
	producers map[string]int64 // last offset of each
}

// tables is all that the catalog and the log describe. The engine's lock
// guards it. Every change, live or replayed, is a record given to apply.
type tables struct {
	groups btree.Map[string, *group] // by groupKey
	byID   map[uint64]*group
	nextID uint64 // of groups, streams and segments alike
	seq    uint64 // last event sequence number given out
	memory *memory
	trash  []*segment // to be released when the change is durable
}

func newTables() *tables {
	return &tables{byID: map[uint64]*group{}, nextID: 1, memory: newMemory()}
}

func groupKey(scope state.Scope, name string) string {
	return scope.Account + "/" + scope.Region + "/" + name
}

func (t *tables) newID() uint64 {
	t.nextID++
	return t.nextID - 1
}

// find returns a group by name.
func (t *tables) find(scope state.Scope, name string) (*group, error) {
	g, ok := t.groups.Get(groupKey(scope, name))
	if !ok {
		return nil, fmt.Errorf("%q: %w", name, ErrNoGroup)
	}
	return g, nil
}

func (g *group) stream(name string) (*stream, error) {
	s, ok := g.streams.Get(name)
	if !ok {
		return nil, fmt.Errorf("%q in %q: %w", name, g.Name, ErrNoStream)
	}
	return s, nil
}

// public returns the group as others may keep it.
func (t *tables) public(g *group) Group {
	out := g.Group
	out.Tags = maps.Clone(g.Tags)
	for _, s := range g.segments {
		out.StoredBytes += int64(s.raw)
	}
	out.StoredBytes += t.memory.groupBytes(g.id)
	return out
}

func (g *group) record() groupRecord {
	return groupRecord{ID: g.id, Scope: g.scope, Sweep: g.sweep, Group: g.Group}
}

// apply makes the change that a record describes. Records about groups and
// streams that are gone change nothing.
func (t *tables) apply(record []byte) error {
	if len(record) == 0 {
		return errCorrupt
	}
	body := record[1:]
	switch record[0] {
	case kindGroup:
		var r groupRecord
		if err := decodeJSON(body, &r); err != nil {
			return err
		}
		t.putGroup(r)
	case kindDeleteGroup:
		d := newDecoder(body)
		id := d.uint()
		t.deleteGroup(id)
		return d.err()
	case kindStream:
		id, s, err := decodeStream(body)
		if err != nil {
			return err
		}
		t.putStream(id, s)
	case kindDeleteStream:
		d := newDecoder(body)
		id, streamID := d.uint(), d.uint()
		t.deleteStream(id, streamID)
		return d.err()
	case kindAppend:
		a, err := decodeAppend(body)
		if err != nil {
			return err
		}
		t.append(a)
	case kindSegments:
		r, err := decodeSegments(body)
		if err != nil {
			return err
		}
		t.putSegments(r)
	default:
		return fmt.Errorf("%w: unknown record %d", errCorrupt, record[0])
	}
	return nil
}

func (t *tables) putGroup(r groupRecord) {
	t.nextID = max(t.nextID, r.ID+1)
	if g := t.byID[r.ID]; g != nil {
		g.Group, g.sweep = r.Group, g.sweep || r.Sweep
		return
	}
	g := &group{id: r.ID, scope: r.Scope, Group: r.Group, sweep: r.Sweep, byID: map[uint64]*stream{}}
	t.byID[g.id] = g
	t.groups.Set(groupKey(g.scope, g.Name), g)
}

func (t *tables) deleteGroup(id uint64) {
	g := t.byID[id]
	if g == nil {
		return
	}
	delete(t.byID, id)
	t.groups.Delete(groupKey(g.scope, g.Name))
	t.memory.dropGroup(id)
	t.trash = append(t.trash, g.segments...)
	g.segments = nil
	g.notify()
}

func (t *tables) putStream(id uint64, s *stream) {
	t.nextID = max(t.nextID, s.id+1)
	if g := t.byID[id]; g != nil {
		g.streams.Set(s.Name, s)
		g.byID[s.id] = s
	}
}

func (t *tables) deleteStream(id, streamID uint64) {
	g := t.byID[id]
	if g == nil || g.byID[streamID] == nil {
		return
	}
	g.streams.Delete(g.byID[streamID].Name)
	delete(g.byID, streamID)
	t.memory.dropStream(id, streamID)
	g.sweep = true
	g.notify()
}

func (t *tables) append(a *appended) {
	c := a.events
	n := c.len()
	t.seq = max(t.seq, c.seq(n-1))
	g := t.byID[a.group]
	if g == nil || g.byID[a.stream] == nil {
		return
	}
	t.memory.add(a.group, a.stream, c)
	s := g.byID[a.stream]
	first, last := c.times[0], c.times[n-1]
	if s.Events > 0 {
		first, last = min(first, s.FirstEvent), max(last, s.LastEvent)
	}
	s.FirstEvent, s.LastEvent, s.LastIngestion = first, last, c.ingest0
	s.Events += int64(n)
	s.remember(a.producer, a.offset)
}

// remember keeps the producer's last offset.
func (s *stream) remember(producer string, offset int64) {
	if producer == "" {
		return
	}
	if s.producers == nil {
		s.producers = map[string]int64{}
	}
	s.producers[producer] = offset
}

func (t *tables) putSegments(r segmentsRecord) {
	for _, s := range r.add {
		t.nextID = max(t.nextID, s.id+1)
	}
	g := t.byID[r.group]
	if g == nil {
		return
	}
	var kept []*segment
	for _, s := range g.segments {
		if slices.Contains(r.remove, s.id) {
			t.trash = append(t.trash, s)
			continue
		}
		kept = append(kept, s)
	}
	g.segments = append(kept, r.add...)
}

// waiter returns a channel that closes at the group's next change.
func (g *group) waiter() <-chan struct{} {
	if g.wake == nil {
		g.wake = make(chan struct{})
	}
	return g.wake
}

// notify wakes whoever waits for the group.
func (g *group) notify() {
	if g.wake != nil {
		close(g.wake)
		g.wake = nil
	}
}
