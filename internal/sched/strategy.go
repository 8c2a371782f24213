package sched

import "strings"

// Strategy is a placement strategy.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-strategies.html
type Strategy struct {
	Type string // binpack, spread or random
	// Field is cpu or memory of binpack; instanceId, or attribute: and a name,
	// of spread.
	Field string
}

// The types of strategies, and what they go by.
const (
	Binpack    = "binpack"
	Spread     = "spread"
	Random     = "random"
	ByCPU      = "cpu"
	ByMemory   = "memory"
	ByInstance = "instanceId"
	ByZone     = "attribute:ecs.availability-zone"
)

// MaxStrategies are as many as a request can have.
const MaxStrategies = 5

// keys are what a request's strategies tell nodes apart by, the first above the
// others: the least come first.
type keys [MaxStrategies]int64

// key is what one strategy tells a node by.
type key func(s *Snapshot, r *Request, n *Standing) int64

// axis is a strategy that spreads over an attribute: its key is the same for
// all nodes that share a value, and is how many tasks of the group they have
// together. Nodes without the attribute are one kind.
type axis struct {
	at    int // its place among the keys
	name  string
	tasks map[string]*int64
}

// keysOf are the keys of a request's strategies; nil where an axis has it.
func keysOf(r *Request) (out []key, axes []axis) {
	for i, st := range r.Strategies {
		switch name, isAttribute := strings.CutPrefix(st.Field, "attribute:"); {
		case st.Type == Random: // what comes behind it never decides
			return out, axes
		case st.Type == Binpack && st.Field == ByCPU:
			out = append(out, cpuLeft)
		case st.Type == Binpack:
			out = append(out, memoryLeft)
		case isAttribute:
			out, axes = append(out, nil), append(axes, axis{at: i, name: name, tasks: map[string]*int64{}})
		default:
			out = append(out, tasksHere)
		}
	}
	if len(r.Strategies) == 0 {
		out = append(out, promised)
	}
	return out, axes
}

// promised is the share of its memory that a node has promised.
func promised(s *Snapshot, _ *Request, n *Standing) int64 {
	total := times(n.MemoryMiB, s.Overcommit.Memory)
	if total == 0 {
		return 1 << 20
	}
	return n.memory << 20 / total
}

func cpuLeft(s *Snapshot, r *Request, n *Standing) int64 {
	left, _, _, _ := s.room(n, r.Exact)
	return left
}

func memoryLeft(s *Snapshot, r *Request, n *Standing) int64 {
	_, left, _, _ := s.room(n, r.Exact)
	return left
}

// tasksHere are the tasks of the group on a node.
func tasksHere(_ *Snapshot, r *Request, n *Standing) int64 { return int64(count(n.groups, r.Group)) }
