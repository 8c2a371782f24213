// Package sched decides which node runs a task. It is pure: the same snapshot,
// requests and seed give the same plan. Filters take nodes away and say why;
// rankers choose among those left. Their order is in pipeline.go.
package sched

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/clusterquery"
	"github.com/hatoba/hatoba/internal/state"
)

// Snapshot is what placement sees.
type Snapshot struct {
	Nodes []state.Node
	// Reserved is what the tasks hold that have not stopped.
	Reserved []Reservation
	// Overcommit is how many times a node's resources may be promised.
	Overcommit Overcommit
	// Facts are what queries ask of each node as a container instance, by node
	// id. Its groups and the number of its tasks are those of Reserved.
	Facts map[string]clusterquery.Facts
	// Ports are the host ports of each node that nobody may have, by node id.
	Ports map[string][]state.HostPort
}

// Reservation is what one task holds on a node.
type Reservation struct {
	Node      string
	CPU       int64 // units
	MemoryMiB int64
	// Exact reservations are those of EC2-type tasks: they never add up to more
	// than a node has, whatever may be promised to others.
	Exact bool
	Ports []state.HostPort
	Group string // the task group, with its account, region and cluster
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
	Exact     bool   // see Reservation
	Ports     []state.HostPort
	Group     string // as a Reservation's
	Distinct  bool   // no other task of the group is on the node
	// Members are queries that all hold for the node.
	Members []clusterquery.Query
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

// Reserve is what a task holds: for an EC2-type task also the host ports that
// were chosen on the node.
func Reserve(task state.Task) Reservation {
	if task.Spec.LaunchType != "EC2" {
		return Reservation{
			Node: task.Placement.Node,
			CPU:  state.Units(task.Spec.CPU), MemoryMiB: state.Units(task.Spec.Memory),
		}
	}
	holds := task.Spec.Holds
	out := Reservation{Node: task.Placement.Node, CPU: holds.CPU, MemoryMiB: holds.MemoryMiB, Exact: true, Ports: slices.Clone(holds.Ports), Group: Group(task)}
	for _, c := range task.Observed.Containers {
		for _, b := range c.NetworkBindings {
			for _, p := range b.HostPorts() {
				if !slices.Contains(out.Ports, p) {
					out.Ports = append(out.Ports, p)
				}
			}
		}
	}
	return out
}

// Group is a task's group as placement tells groups apart.
func Group(task state.Task) string { return task.ClusterARN + " " + task.Spec.Group }

// Left is what a node has left for EC2-type tasks.
type Left struct {
	CPU, MemoryMiB int64
	Ports          []state.HostPort // in use
}

// Remaining tells what is left of a node for EC2-type tasks.
func Remaining(snapshot Snapshot, id string) Left {
	for _, n := range open(snapshot) {
		if n.ID != id {
			continue
		}
		out := Left{CPU: max(0, min(n.freeCPU, n.exactCPU)), MemoryMiB: max(0, min(n.freeMemory, n.exactMemory))}
		for p := range n.ports {
			out.Ports = append(out.Ports, p)
		}
		slices.SortFunc(out.Ports, func(a, b state.HostPort) int {
			return cmp.Or(strings.Compare(a.Protocol, b.Protocol), int(a.Port-b.Port))
		})
		return out
	}
	return Left{}
}

// node is a node with what is left of it.
type node struct {
	state.Node
	freeCPU, freeMemory   int64 // of what may be promised; may be negative
	totalCPU, totalMemory int64 // what may be promised
	exactCPU, exactMemory int64 // what is left for EC2-type tasks, by those alone
	ports                 map[state.HostPort]bool
	groups                map[string]bool
	tasks                 int // EC2-type ones
	facts                 clusterquery.Facts
}

// room is what is left for a request, and of how much.
func (n *node) room(r Request) (cpu, memory, ofCPU, ofMemory int64) {
	if r.Exact {
		return min(n.freeCPU, n.exactCPU), min(n.freeMemory, n.exactMemory), n.CPU, n.MemoryMiB
	}
	return n.freeCPU, n.freeMemory, n.totalCPU, n.totalMemory
}

// take notes what is promised.
func (n *node) take(r Reservation) {
	n.freeCPU -= r.CPU
	n.freeMemory -= r.MemoryMiB
	if r.Exact {
		n.exactCPU -= r.CPU
		n.exactMemory -= r.MemoryMiB
	}
	for _, p := range r.Ports {
		n.ports[p] = true
	}
	n.groups[r.Group] = true
	if r.Exact {
		n.tasks++
	}
}

// known are the facts of the node as what is placed already makes them. Groups
// are those of the request's own cluster.
func (n *node) known(r Request) clusterquery.Facts {
	out := n.facts
	cluster, _, _ := strings.Cut(r.Group, " ")
	for g := range n.groups {
		if name, ok := strings.CutPrefix(g, cluster+" "); ok {
			out.Groups = append(out.Groups, name)
		}
	}
	out.RunningTasks = n.tasks
	return out
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
		best.take(Reservation{CPU: r.CPU, MemoryMiB: r.MemoryMiB, Exact: r.Exact, Ports: r.Ports, Group: r.Group})
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
		o.exactCPU, o.exactMemory = n.CPU, n.MemoryMiB
		o.facts = s.Facts[n.ID]
		o.ports, o.groups = map[state.HostPort]bool{}, map[string]bool{}
		for _, p := range s.Ports[n.ID] {
			o.ports[p] = true
		}
		nodes = append(nodes, o)
		byID[n.ID] = o
	}
	slices.SortFunc(nodes, func(a, b *node) int { return strings.Compare(a.ID, b.ID) })
	for _, r := range s.Reserved {
		if n := byID[r.Node]; n != nil {
			n.take(r)
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
