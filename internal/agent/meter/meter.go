// Package meter sums up what is read of a task's counters, so that nothing is
// counted twice and nothing is made up: what was spent while nobody looked is
// left out, together with the time it was spent in. It is pure.
package meter

import (
	"encoding/json"
	"time"

	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

// Reading are the counters of a running task at a time.
type Reading struct {
	At         time.Time
	Network    *network.Counters // nil: it has no interface of its own
	Disk       *int64            // bytes it has written, nil: not known
	Containers []Container       // those that run
}

// Container are the counters of one container.
type Container struct {
	Name      string
	StartedAt time.Time
	runtime.Usage
	Network  *network.Counters // nil: it has no interface of its own
	Restarts *int              // nil without a restart policy
	Health   string            // "" without a check
}

// Meter sums up the readings of one task. The zero value is ready.
type Meter struct {
	last  *Reading
	over  time.Duration
	reads int
	task  protocol.Carried
	sums  map[string]*sum
	order []string
}

type sum struct {
	cpu     time.Duration
	memory  uint64
	carried protocol.Carried
	latest  Container
}

// Add takes a reading. since is when this node began to watch what starts on
// it: what a container spent before the first reading counts when it was started
// after that.
func (m *Meter) Add(r Reading, since time.Time) {
	before := m.last
	if before == nil {
		before = beginning(r, since)
	}
	m.last = &r
	if before == nil || !r.At.After(before.At) {
		return
	}
	m.over += r.At.Sub(before.At)
	m.reads++
	addCarried(&m.task, before.Network, r.Network)
	for _, c := range r.Containers {
		s := m.sum(c.Name)
		s.latest = c
		s.memory += c.Memory
		earlier, ok := find(before.Containers, c.Name)
		if !ok && c.StartedAt.Before(before.At) {
			continue // it could not be read before
		}
		s.cpu += time.Duration(grown(uint64(earlier.CPU), uint64(c.CPU)))
		if !ok && c.Network != nil {
			earlier.Network = &network.Counters{}
		}
		addCarried(&s.carried, earlier.Network, c.Network)
	}
}

// beginning is the reading that could have been made when the task's first
// container was started: of nothing. It is nil when somebody else watched then.
func beginning(r Reading, since time.Time) *Reading {
	if len(r.Containers) == 0 {
		return nil
	}
	out := &Reading{At: r.At}
	for _, c := range r.Containers {
		if c.StartedAt.Before(since) {
			return nil
		}
		if c.StartedAt.Before(out.At) {
			out.At = c.StartedAt
		}
	}
	if r.Network != nil {
		out.Network = &network.Counters{}
	}
	return out
}

// Take returns what was summed up since the last Take, and begins anew with the
// last reading. false: nothing was.
func (m *Meter) Take() (protocol.TaskMeasures, bool) {
	if m.reads == 0 {
		return protocol.TaskMeasures{}, false
	}
	out := protocol.TaskMeasures{Over: m.over, Disk: m.last.Disk}
	if m.last.Network != nil {
		carried := m.task
		out.Network = &carried
	}
	for _, name := range m.order {
		s := m.sums[name]
		c := protocol.ContainerMeasures{
			Name: name, CPU: s.cpu, Memory: s.memory / uint64(m.reads), ReadBytes: s.latest.ReadBytes, WriteBytes: s.latest.WriteBytes,
			Restarts: s.latest.Restarts, Health: s.latest.Health,
		}
		if s.latest.Network != nil {
			carried := s.carried
			c.Network = &carried
		}
		out.Containers = append(out.Containers, c)
	}
	*m = Meter{last: m.last}
	return out, true
}

// Empty tells that there is nothing to take.
func (m *Meter) Empty() bool { return m.reads == 0 }

// kept is a Meter as JSON.
type kept struct {
	Last  *Reading
	Over  time.Duration
	Reads int
	Task  protocol.Carried
	Sums  []keptSum
}

type keptSum struct {
	Name    string
	CPU     time.Duration
	Memory  uint64
	Carried protocol.Carried
	Latest  Container
}

// MarshalJSON implements json.Marshaler: another process may go on with it.
func (m *Meter) MarshalJSON() ([]byte, error) {
	out := kept{Last: m.last, Over: m.over, Reads: m.reads, Task: m.task}
	for _, name := range m.order {
		s := m.sums[name]
		out.Sums = append(out.Sums, keptSum{name, s.cpu, s.memory, s.carried, s.latest})
	}
	return json.Marshal(out)
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Meter) UnmarshalJSON(text []byte) error {
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return err
	}
	*m = Meter{last: k.Last, over: k.Over, reads: k.Reads, task: k.Task}
	for _, s := range k.Sums {
		*m.sum(s.Name) = sum{s.CPU, s.Memory, s.Carried, s.Latest}
	}
	return nil
}

// Forget lets go of the last reading: what happened since counts for nothing.
func (m *Meter) Forget() { m.last = nil }

func (m *Meter) sum(name string) *sum {
	s := m.sums[name]
	if s == nil {
		if m.sums == nil {
			m.sums = map[string]*sum{}
		}
		s = &sum{}
		m.sums[name] = s
		m.order = append(m.order, name)
	}
	return s
}

func find(list []Container, name string) (Container, bool) {
	for _, c := range list {
		if c.Name == name {
			return c, true
		}
	}
	return Container{}, false
}

// grown is by how much a counter grew; one that fell began anew.
func grown(before, after uint64) uint64 {
	if after < before {
		return after
	}
	return after - before
}

func addCarried(sum *protocol.Carried, before, after *network.Counters) {
	if before == nil || after == nil {
		return
	}
	sum.RxBytes += grown(before.RxBytes, after.RxBytes)
	sum.RxPackets += grown(before.RxPackets, after.RxPackets)
	sum.RxErrors += grown(before.RxErrors, after.RxErrors)
	sum.RxDropped += grown(before.RxDropped, after.RxDropped)
	sum.TxBytes += grown(before.TxBytes, after.TxBytes)
	sum.TxPackets += grown(before.TxPackets, after.TxPackets)
	sum.TxErrors += grown(before.TxErrors, after.TxErrors)
	sum.TxDropped += grown(before.TxDropped, after.TxDropped)
}
