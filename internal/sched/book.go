package sched

import (
	"maps"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// Book is what every node has promised, and which instances stand for it in
// which cluster. A Book does not change: With gives another. The zero Book is
// empty.
type Book struct {
	nodes    []*Standing    // by slot
	slots    map[string]int // by node id
	present  int            // nodes that there are records of
	clusters map[string]*membership
}

// Standing is a node with what it has promised. It does not change.
type Standing struct {
	state.Node
	known bool   // there is a record of it
	lot   uint64 // follows from its id

	cpu, memory           int64 // of all tasks
	exactCPU, exactMemory int64 // of EC2-type tasks
	exact                 int   // EC2-type tasks
	ports                 []counted[state.HostPort]
	groups                []counted[string]
}

// counted is something with how often it is there.
type counted[T comparable] struct {
	of T
	n  int
}

func counting[T comparable](list []counted[T], of T, n int) []counted[T] {
	i := slices.IndexFunc(list, func(c counted[T]) bool { return c.of == of })
	if i < 0 {
		return append(slices.Clip(list), counted[T]{of, n})
	}
	list = slices.Clone(list)
	if list[i].n += n; list[i].n == 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

func count[T comparable](list []counted[T], of T) int {
	for _, c := range list {
		if c.of == of {
			return c.n
		}
	}
	return 0
}

// membership are the container instances of a cluster.
type membership struct {
	list   []Member // by id
	nodes  map[string]int
	absent bool
}

// Member is a container instance and the slot of its node.
type Member struct {
	Instance *state.ContainerInstance
	slot     int
}

// Change is a change of what a Book follows from: of a node, a container
// instance, or a task. nil is none.
type Change struct {
	NodeBefore, NodeAfter         *state.Node
	InstanceBefore, InstanceAfter *state.ContainerInstance
	InstanceKey                   state.Key
	TaskBefore, TaskAfter         *state.Task
}

// With is the book after changes.
func (b Book) With(changes []Change) Book {
	b.nodes = slices.Clone(b.nodes)
	w := bookWriter{Book: b}
	for _, c := range changes {
		if c.NodeBefore != nil || c.NodeAfter != nil {
			w.node(c.NodeBefore, c.NodeAfter)
		}
		if c.TaskBefore != nil {
			w.promise(*c.TaskBefore, -1)
		}
		if c.TaskAfter != nil {
			w.promise(*c.TaskAfter, 1)
		}
		if c.InstanceBefore != nil || c.InstanceAfter != nil {
			w.instance(c.InstanceKey, c.InstanceBefore, c.InstanceAfter)
		}
	}
	for _, m := range w.clustersChanged {
		w.settle(m)
	}
	return w.Book
}

// bookWriter is a Book under change: what it has not copied yet is shared.
type bookWriter struct {
	Book
	ownSlots, ownClusters bool
	own                   map[*Standing]bool
	clustersChanged       map[string]*membership
}

func (w *bookWriter) slot(id string) int {
	if i, ok := w.slots[id]; ok {
		return i
	}
	if !w.ownSlots {
		w.slots, w.ownSlots = maps.Clone(w.slots), true
		if w.slots == nil {
			w.slots = map[string]int{}
		}
	}
	i := len(w.nodes)
	w.slots[id] = i
	w.nodes = append(w.nodes, &Standing{Node: state.Node{ID: id}, lot: lotOf(id)})
	return i
}

// at is the node of a slot, to be changed.
func (w *bookWriter) at(slot int) *Standing {
	n := w.nodes[slot]
	if !w.own[n] {
		copied := *n
		n = &copied
		if w.own == nil {
			w.own = map[*Standing]bool{}
		}
		w.own[n] = true
		w.nodes[slot] = n
	}
	return n
}

func (w *bookWriter) node(before, after *state.Node) {
	id := ""
	if after != nil {
		id = after.ID
	} else {
		id = before.ID
	}
	n := w.at(w.slot(id))
	was := n.known
	n.Node, n.known = state.Node{ID: id}, after != nil
	if after != nil {
		n.Node = *after
	}
	switch {
	case was && !n.known:
		w.present--
	case !was && n.known:
		w.present++
	default:
		return
	}
	for name := range w.clusters { // a new node has yet to join
		w.cluster(name)
	}
}

func (w *bookWriter) promise(t state.Task, sign int) {
	if t.Observed.Status >= state.TaskStopped || t.Placement.Node == "" {
		return
	}
	r := Reserve(t)
	n := w.at(w.slot(r.Node))
	n.take(r, sign)
}

// take notes what is promised, or with -1 what is no more.
func (n *Standing) take(r Reservation, sign int) {
	n.cpu += int64(sign) * r.CPU
	n.memory += int64(sign) * r.MemoryMiB
	if r.Exact {
		n.exactCPU += int64(sign) * r.CPU
		n.exactMemory += int64(sign) * r.MemoryMiB
		n.exact += sign
	}
	for _, p := range r.Ports {
		n.ports = counting(n.ports, p, sign)
	}
	if r.Group != "" {
		n.groups = counting(n.groups, r.Group, sign)
	}
}

// clusterOf is the key of a cluster in a Book.
func clusterOf(scope state.Scope, name string) string {
	return scope.Account + "/" + scope.Region + "/" + name
}

// cluster is a cluster's members, to be changed.
func (w *bookWriter) cluster(key string) *membership {
	if m := w.clustersChanged[key]; m != nil {
		return m
	}
	if !w.ownClusters {
		w.clusters, w.ownClusters = maps.Clone(w.clusters), true
		if w.clusters == nil {
			w.clusters = map[string]*membership{}
		}
		w.clustersChanged = map[string]*membership{}
	}
	m := &membership{nodes: map[string]int{}}
	if old := w.clusters[key]; old != nil {
		m.list, m.nodes = slices.Clone(old.list), maps.Clone(old.nodes)
	}
	w.clusters[key], w.clustersChanged[key] = m, m
	return m
}

func (w *bookWriter) instance(key state.Key, before, after *state.ContainerInstance) {
	find := func(m *membership, id string) (int, bool) {
		return slices.BinarySearchFunc(m.list, id, func(m Member, id string) int { return strings.Compare(m.Instance.ID, id) })
	}
	if before != nil {
		m := w.cluster(clusterOf(key.Scope(), before.ClusterName))
		if i, ok := find(m, before.ID); ok {
			m.list = slices.Delete(m.list, i, i+1)
			if m.nodes[before.Node]--; m.nodes[before.Node] == 0 {
				delete(m.nodes, before.Node)
			}
		}
	}
	if after != nil {
		m := w.cluster(clusterOf(key.Scope(), after.ClusterName))
		i, _ := find(m, after.ID)
		m.list = slices.Insert(m.list, i, Member{after, w.slot(after.Node)})
		m.nodes[after.Node]++
	}
}

// settle tells whether a node is no member of the cluster.
func (w *bookWriter) settle(m *membership) {
	have := 0
	for id := range m.nodes {
		if w.nodes[w.slots[id]].known {
			have++
		}
	}
	m.absent = have < w.present
}

// Absent tells whether a node is no container instance of the cluster, not
// even a former one.
func (b Book) Absent(scope state.Scope, cluster string) bool {
	m := b.clusters[clusterOf(scope, cluster)]
	return m == nil && b.present > 0 || m != nil && m.absent
}

// Nodes are all nodes.
func (b Book) Nodes() Pool { return Pool{name: "nodes", nodes: b.nodes, every: true} }

// Instances are the container instances of a cluster that take tasks, with
// their nodes.
func (b Book) Instances(scope state.Scope, cluster string) Pool {
	key := clusterOf(scope, cluster)
	m := b.clusters[key]
	if m == nil {
		return Pool{}
	}
	return Pool{name: "instances of " + key, nodes: b.nodes, members: m.list}
}

// Node is a node with what it has promised; false when there is none.
func (b Book) Node(id string) (*Standing, bool) {
	i, ok := b.slots[id]
	if !ok || !b.nodes[i].known {
		return nil, false
	}
	return b.nodes[i], true
}
