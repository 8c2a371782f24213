package lb

import (
	"math/rand/v2"
	"time"
)

// scan is among how many targets the one with the fewest requests is looked for.
const scan = 64

// choose takes the target whose turn it is, other than not (which may be nil)
// if there is another; nil when the group has none that may be sent to.
func (g *group) choose(conf *Group, not *target, now time.Time) *target {
	m := g.members.Load()
	healthy, other := m.healthy.Len(), m.other.Len()
	n := healthy
	if healthy < max(conf.MinHealthy, 1) || healthy*100 < conf.MinHealthyPercent*(healthy+other) {
		n += other // too few are healthy: all get requests
	}
	if n == 0 {
		return nil
	}
	first := g.start(conf, n)
	if conf.Algorithm == LeastOutstanding {
		return m.least(first, n, not)
	}
	var fallback *target
	for i := range min(n, scan) {
		t := m.at((first + i) % n)
		if t == nil || t == not && n > 1 {
			continue
		}
		if conf.SlowStart == 0 || t.since.Load() == 0 {
			return t
		}
		if share := t.ramp(now, conf.SlowStart); share >= 1 || rand.Float64() < share {
			return t
		}
		if fallback == nil {
			fallback = t
		}
	}
	return fallback
}

func (g *group) start(conf *Group, n int) int {
	if conf.Algorithm == RoundRobin {
		return int(g.turn.Add(1) % uint64(n))
	}
	return rand.IntN(n)
}

// least is the target with the fewest requests under way; among equals the
// first, from a place drawn anew.
func (m *members) least(first, n int, not *target) (best *target) {
	fewest := int64(0)
	for i := range min(n, scan) {
		t := m.at((first + i) % n)
		if t == nil || t == not && n > 1 {
			continue
		}
		if have := t.count.outstanding.Load(); best == nil || have < fewest {
			best, fewest = t, have
		}
	}
	return best
}

// at counts the healthy ones first.
func (m *members) at(i int) *target {
	if n := m.healthy.Len(); i >= n {
		_, t, _ := m.other.GetAt(i - n)
		return t
	}
	_, t, _ := m.healthy.GetAt(i)
	return t
}

// hashed chooses by a hash of the connection, as network load balancers do.
func (g *group) hashed(conf *Group, hash uint64, not *target) *target {
	m := g.members.Load()
	healthy, other := m.healthy.Len(), m.other.Len()
	n := healthy
	if healthy < max(conf.MinHealthy, 1) || healthy*100 < conf.MinHealthyPercent*(healthy+other) {
		n += other
	}
	if n == 0 {
		return nil
	}
	i := int(hash % uint64(n))
	t := m.at(i)
	if t == not {
		t = m.at((i + 1) % n)
	}
	return t
}

// byCookie is the target that a cookie names, if it may still be sent to.
func (g *group) byCookie(hash uint64) *target {
	v, ok := g.byHash.Load(hash)
	if !ok {
		return nil
	}
	t := v.(*target)
	switch t.chosen() {
	case Healthy:
		return t
	case Draining:
		return nil
	}
	if g.members.Load().healthy.Len() > 0 {
		return nil
	}
	return t
}
