// Package sched decides which node runs a task. It is pure: the same snapshot,
// requests and seed give the same plan. Filters take nodes away and say why;
// rankers choose among those left. Their order is in pipeline.go.
package sched

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// Snapshot is what placement sees.
type Snapshot struct {
	Nodes []state.Node
	// Reserved is what the tasks hold that have not stopped.
	Reserved []Reservation
	// Overcommit is how many times a node's resources may be promised.
	Overcommit Overcommit
}

// Reservation is what one task holds on a node.
type Reservation struct {
	Node      string
	CPU       int64 // units
	MemoryMiB int64
}

// Overcommit is how many times over each resource may be promised: 1 is never
// more than there is. Values below 1 count as 1.
type Overcommit struct {
	CPU    float64
	Memory float64
}

// Request is a task that wants a node.
type Request struct {
	ID        string
	CPU       int64 // units
	MemoryMiB int64
	Arch      string // "" : any
}

// Plan is the decision: every request is in one of the two, in order.
type Plan struct {
	Placed  []Placed
	Refused []Refused
}

// Placed is a request with its node.
type Placed struct {
	ID   string
	Node string
}

// Refused is a request that fits nowhere.
type Refused struct {
	ID     string
	Reason string // AWS's, for example RESOURCE:MEMORY
	Detail string // which limit, on how many nodes, asked and free
}

// Reserve is what a task holds.
func Reserve(task state.Task) Reservation {
	return Reservation{
		Node: task.Placement.Node,
		CPU:  state.Units(task.Spec.CPU), MemoryMiB: state.Units(task.Spec.Memory),
	}
}

// node is a node with what is left of it.
type node struct {
	state.Node
	freeCPU, freeMemory   int64 // of what may be promised; may be negative
	totalCPU, totalMemory int64 // what may be promised
}

// Place assigns each request to a node in turn, counting what it has already
// assigned.
func Place(snapshot Snapshot, pending []Request, seed uint64) Plan {
	nodes := open(snapshot)
	var plan Plan
	for _, r := range pending {
		fit, refused := filtered(nodes, r)
		if len(fit) == 0 {
			plan.Refused = append(plan.Refused, refused)
			continue
		}
		best := slices.MinFunc(fit, func(a, b *node) int { return ranked(a, b, r, seed) })
		best.freeCPU -= r.CPU
		best.freeMemory -= r.MemoryMiB
		plan.Placed = append(plan.Placed, Placed{ID: r.ID, Node: best.ID})
	}
	return plan
}

func open(s Snapshot) []*node {
	nodes := make([]*node, 0, len(s.Nodes))
	byID := map[string]*node{}
	for _, n := range s.Nodes {
		o := &node{Node: n, totalCPU: times(n.CPU, s.Overcommit.CPU), totalMemory: times(n.MemoryMiB, s.Overcommit.Memory)}
		o.freeCPU, o.freeMemory = o.totalCPU, o.totalMemory
		nodes = append(nodes, o)
		byID[n.ID] = o
	}
	slices.SortFunc(nodes, func(a, b *node) int { return strings.Compare(a.ID, b.ID) })
	for _, r := range s.Reserved {
		if n := byID[r.Node]; n != nil {
			n.freeCPU -= r.CPU
			n.freeMemory -= r.MemoryMiB
		}
	}
	return nodes
}

func times(total int64, factor float64) int64 { return int64(float64(total) * max(1, factor)) }

// filtered runs the filters in order. The one that took the last node away
// explains the refusal.
func filtered(nodes []*node, r Request) ([]*node, Refused) {
	left := nodes
	for _, f := range filters() {
		var fit []*node
		for _, n := range left {
			if f.fits(n, r) {
				fit = append(fit, n)
			}
		}
		if len(fit) == 0 {
			return nil, Refused{ID: r.ID, Reason: f.reason, Detail: f.explain(left, r)}
		}
		left = fit
	}
	return left, Refused{}
}

func ranked(a, b *node, r Request, seed uint64) int {
	for _, rank := range rankers() {
		if c := rank(a, b, r, seed); c != 0 {
			return c
		}
	}
	return strings.Compare(a.ID, b.ID)
}

// draw is a number that depends on everything given and nothing else.
func draw(seed uint64, parts ...string) uint64 {
	h := fnv.New64a()
	var b [8]byte
	for i := range b {
		b[i] = byte(seed >> (8 * i))
	}
	_, _ = h.Write(b[:])
	for _, p := range parts {
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}
