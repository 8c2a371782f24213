// Package sched decides which node runs a task. It is pure: the same snapshot,
// requests and seed give the same plan. Filters take nodes away and say why
// (their order is in pipeline.go); strategies choose among those left. A Book
// says what nodes have promised, and Ranks keeps the nodes in order between
// placements.
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
	// Pool is the nodes that a task may be on.
	Pool Pool
	// Overcommit is how many times a node's resources may be promised.
	Overcommit Overcommit
	// Facts are what queries ask of a candidate as a container instance; nil
	// where no request has queries. Its groups and the number of its tasks are
	// those of what it has promised. Facts and Attribute follow from the
	// candidate alone.
	Facts func(Candidate) clusterquery.Facts
	// Attribute is the value of a candidate's attribute; nil where no request
	// spreads over one.
	Attribute func(c Candidate, name string) string
	// Ports are the host ports of every node that nobody may have.
	Ports []state.HostPort
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
	// Strategies choose among the nodes that fit, the first above the others; at
	// most MaxStrategies. None: the node that has promised least.
	Strategies []Strategy
}

// Plan is the decision: every request is in one of the two, in order.
type Plan struct {
	Placed  []Placed
	Refused []Refused
}

// Placed is a request with its node.
type Placed struct {
	ID       string
	Node     string
	Instance *state.ContainerInstance // that the node is; nil where it is asked as a node
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

// Remaining tells what is left of a node for EC2-type tasks. held are the
// ports that nobody may have.
func Remaining(n *Standing, o Overcommit, held []state.HostPort) Left {
	s := Snapshot{Overcommit: o}
	cpu, memory, _, _ := s.room(n, true)
	out := Left{CPU: max(0, cpu), MemoryMiB: max(0, memory), Ports: slices.Clone(held)}
	for _, p := range n.ports {
		if !slices.Contains(out.Ports, p.of) {
			out.Ports = append(out.Ports, p.of)
		}
	}
	slices.SortFunc(out.Ports, func(a, b state.HostPort) int {
		return cmp.Or(strings.Compare(a.Protocol, b.Protocol), int(a.Port-b.Port))
	})
	return out
}

// room is what is left for a request, and of how much. What is left may be
// negative.
func (s *Snapshot) room(n *Standing, exact bool) (cpu, memory, ofCPU, ofMemory int64) {
	ofCPU, ofMemory = times(n.CPU, s.Overcommit.CPU), times(n.MemoryMiB, s.Overcommit.Memory)
	cpu, memory = ofCPU-n.cpu, ofMemory-n.memory
	if exact {
		return min(cpu, n.CPU-n.exactCPU), min(memory, n.MemoryMiB-n.exactMemory), n.CPU, n.MemoryMiB
	}
	return cpu, memory, ofCPU, ofMemory
}

// known are the facts of the node as what is placed already makes them. Groups
// are those of the request's own cluster.
func (s *Snapshot) known(n Candidate, r Request) clusterquery.Facts {
	out := s.Facts(n)
	cluster, _, _ := strings.Cut(r.Group, " ")
	for _, g := range n.groups {
		if name, ok := strings.CutPrefix(g.of, cluster+" "); ok {
			out.Groups = append(out.Groups, name)
		}
	}
	out.RunningTasks = n.exact
	return out
}

// alike tells whether two requests differ in nothing but their ids.
func alike(a, b *Request) bool {
	return a.CPU == b.CPU && a.MemoryMiB == b.MemoryMiB && a.Arch == b.Arch && a.Exact == b.Exact && a.Group == b.Group && a.Distinct == b.Distinct &&
		slices.Equal(a.Ports, b.Ports) && slices.Equal(a.Strategies, b.Strategies) && slices.EqualFunc(a.Members, b.Members, clusterquery.Query.Equal)
}

// fits tells whether all filters pass. What nearly every request is about is
// asked here at once: this runs for every node.
func (s *Snapshot) fits(n Candidate, r *Request) bool {
	if !n.Connected {
		return false
	}
	if cpu, memory, _, _ := s.room(n.Standing, r.Exact); r.CPU > cpu || r.MemoryMiB > memory {
		return false
	}
	return r.Arch == "" && len(r.Ports) == 0 && len(r.Members) == 0 && !r.Distinct || s.passes(n, r)
}

// passes asks each filter.
func (s *Snapshot) passes(n Candidate, r *Request) bool {
	for i := range filters {
		if !filters[i].fits(s, n, r) {
			return false
		}
	}
	return true
}

// refusal runs the filters in order. The one that takes the last node away
// explains.
func (s *Snapshot) refusal(left []Candidate, r *Request) Refused {
	for _, f := range filters {
		var fit []Candidate
		for _, n := range left {
			if f.fits(s, n, r) {
				fit = append(fit, n)
			}
		}
		if len(fit) == 0 {
			return Refused{Reason: f.reason, Detail: f.explain(s, left, r)}
		}
		left = fit
	}
	return Refused{} // not reached: nobody fits
}

func times(total int64, factor float64) int64 {
	if factor <= 1 {
		return total
	}
	return int64(float64(total) * factor)
}

// draw is a number that depends on everything given and nothing else.
func draw(seed uint64, text string) uint64 { return mixed(seed ^ lotOf(text)) }

// lotOf is a number that follows from a text.
func lotOf(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return h.Sum64()
}

// mixed spreads a number's bits (splitmix64).
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
