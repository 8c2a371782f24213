package sched

import "github.com/hatoba/hatoba/internal/state"

// Pool is the nodes among which a task gets its place. It does not change; the
// zero Pool is empty.
type Pool struct {
	name    string // of a Book's; "" of one that is made for once
	nodes   []*Standing
	every   bool     // every node, else
	members []Member // those of these instances
}

// Candidate is a node, and the container instance that it is where it is one.
type Candidate struct {
	*Standing
	Instance *state.ContainerInstance
}

// Only is a pool of one.
func Only(c Candidate) Pool {
	return Pool{nodes: []*Standing{c.Standing}, members: []Member{{Instance: c.Instance}}}
}

// places are how many there are, with those that take no tasks.
func (p Pool) places() int {
	if p.every {
		return len(p.nodes)
	}
	return len(p.members)
}

func (p Pool) node(place int) *Standing {
	if p.every {
		return p.nodes[place]
	}
	return p.nodes[p.members[place].slot]
}

// candidate is what is at a place, where its node stands as n; false when it
// takes no tasks.
func (p Pool) candidate(place int, n *Standing) (Candidate, bool) {
	c := Candidate{Standing: n}
	if !p.every {
		c.Instance = p.members[place].Instance
	}
	return c, n.known && (c.Instance == nil || c.Instance.Status == "ACTIVE")
}

// sameNodes tells whether the places are the same in both, whatever has been
// promised since.
func (p Pool) sameNodes(q Pool) bool {
	switch {
	case p.every != q.every || p.places() != q.places():
		return false
	case p.every || len(p.members) == 0:
		return true
	}
	return &p.members[0] == &q.members[0] // a Book does not change its lists
}

// Candidates are those that take tasks.
func (p Pool) Candidates() []Candidate {
	var out []Candidate
	for i := range p.places() {
		if c, ok := p.candidate(i, p.node(i)); ok {
			out = append(out, c)
		}
	}
	return out
}

// First is the first that takes tasks; false when none does.
func (p Pool) First() (Candidate, bool) {
	for i := range p.places() {
		if c, ok := p.candidate(i, p.node(i)); ok {
			return c, true
		}
	}
	return Candidate{}, false
}
