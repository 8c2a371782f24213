package logs

import "maps"

// memory holds the events that no segment holds yet: the active part takes
// appends, the frozen part is being written out. The engine's lock guards it;
// chunks themselves never change.
type memory struct {
	active, frozen memoryPart
}

// memoryPart maps group and stream to batches in order of arrival.
type memoryPart struct {
	groups map[uint64]*memoryGroup
	bytes  int // of memory, near enough
}

type memoryGroup struct {
	streams map[uint64][]*chunk
	raw     int64 // bytes of messages
}

func newMemory() *memory {
	return &memory{active: newMemoryPart(), frozen: newMemoryPart()}
}

func newMemoryPart() memoryPart { return memoryPart{groups: map[uint64]*memoryGroup{}} }

func (m *memory) add(group, stream uint64, c *chunk) {
	g := m.active.groups[group]
	if g == nil {
		g = &memoryGroup{streams: map[uint64][]*chunk{}}
		m.active.groups[group] = g
	}
	g.streams[stream] = append(g.streams[stream], c)
	g.raw += int64(len(c.data))
	m.active.bytes += c.memory()
}

func (m *memory) parts() [2]*memoryPart { return [2]*memoryPart{&m.frozen, &m.active} }

func (m *memory) groupBytes(group uint64) (n int64) {
	for _, p := range m.parts() {
		if g := p.groups[group]; g != nil {
			n += g.raw
		}
	}
	return n
}

func (m *memory) dropGroup(group uint64) {
	for _, p := range m.parts() {
		delete(p.groups, group)
	}
}

func (m *memory) dropStream(group, stream uint64) {
	for _, p := range m.parts() {
		if g := p.groups[group]; g != nil {
			for _, c := range g.streams[stream] {
				g.raw -= int64(len(c.data))
			}
			delete(g.streams, stream)
		}
	}
}

// freeze moves the active part into the frozen one, which is empty, and
// returns what is to be written.
func (m *memory) freeze() map[uint64]map[uint64][]*chunk {
	m.frozen, m.active = m.active, newMemoryPart()
	out := make(map[uint64]map[uint64][]*chunk, len(m.frozen.groups))
	for id, g := range m.frozen.groups {
		out[id] = maps.Clone(g.streams)
	}
	return out
}

// thaw forgets the frozen part: segments hold it now.
func (m *memory) thaw() { m.frozen = newMemoryPart() }
