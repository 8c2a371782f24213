package sched

import (
	"cmp"
	"strings"
)

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

// order is how candidates are told apart, for one request and those alike.
type order struct {
	s      *Snapshot
	group  string
	exact  bool
	spread []*spread
	keys   []func(i int) int64 // of the candidate at i: the least comes first
}

// spread counts a group's tasks by the value of an attribute.
type spread struct {
	value []int32 // of each candidate, an index of tasks
	tasks []int64
}

func newOrder(s *Snapshot, r *Request) *order {
	o := &order{s: s, group: r.Group, exact: r.Exact}
	for _, st := range r.Strategies {
		switch name, isAttribute := strings.CutPrefix(st.Field, "attribute:"); {
		case st.Type == Random: // what comes behind it never decides
			return o
		case st.Type == Binpack && st.Field == ByCPU:
			o.keys = append(o.keys, o.cpuLeft)
		case st.Type == Binpack:
			o.keys = append(o.keys, o.memoryLeft)
		case isAttribute:
			o.keys = append(o.keys, o.tasksBy(name))
		default:
			o.keys = append(o.keys, o.tasksHere)
		}
	}
	if len(r.Strategies) == 0 {
		o.keys = append(o.keys, o.promised)
	}
	return o
}

// best is the place in fit of the candidate that comes first; lot draws between
// equals.
func (o *order) best(fit []int, lot uint64) int {
	at, least := 0, make([]int64, len(o.keys))
	for k, key := range o.keys {
		least[k] = key(fit[0])
	}
	for i := 1; i < len(fit); i++ {
		if o.before(fit[i], fit[at], least, lot) {
			at = i
		}
	}
	return at
}

// before tells whether candidate i comes before the one at best, whose keys are
// least; then least becomes its own.
func (o *order) before(i, best int, least []int64, lot uint64) bool {
	for k, key := range o.keys {
		v := key(i)
		if v > least[k] {
			return false
		}
		if v < least[k] {
			least[k] = v
			for k++; k < len(o.keys); k++ {
				least[k] = o.keys[k](i)
			}
			return true
		}
	}
	a, b := o.s.Candidates[i].Standing, o.s.Candidates[best].Standing
	return cmp.Or(cmp.Compare(mixed(lot^a.lot), mixed(lot^b.lot)), strings.Compare(a.ID, b.ID)) < 0
}

// took notes that a candidate has one more.
func (o *order) took(i int) {
	for _, sp := range o.spread {
		sp.tasks[sp.value[i]]++
	}
}

// promised is the share of its memory that a node has promised.
func (o *order) promised(i int) int64 {
	n := o.s.Candidates[i].Standing
	total := times(n.MemoryMiB, o.s.Overcommit.Memory)
	if total == 0 {
		return 1 << 20
	}
	return n.memory << 20 / total
}

func (o *order) cpuLeft(i int) int64 {
	left, _, _, _ := o.s.room(o.s.Candidates[i].Standing, o.exact)
	return left
}

func (o *order) memoryLeft(i int) int64 {
	_, left, _, _ := o.s.room(o.s.Candidates[i].Standing, o.exact)
	return left
}

// tasksHere are the tasks of the group on a node.
func (o *order) tasksHere(i int) int64 { return int64(count(o.s.Candidates[i].groups, o.group)) }

// tasksBy are the tasks of the group on all nodes that share the value of an
// attribute with a node. Nodes without the attribute are one kind.
func (o *order) tasksBy(name string) func(i int) int64 {
	sp := &spread{value: make([]int32, len(o.s.Candidates))}
	o.spread = append(o.spread, sp)
	known, last, at := map[string]int{}, "", -1
	for i, n := range o.s.Candidates {
		value := ""
		if o.s.Attribute != nil {
			value = o.s.Attribute(n, name)
		}
		if at < 0 || value != last {
			var ok bool
			if at, ok = known[value]; !ok {
				at = len(known)
				known[value], sp.tasks = at, append(sp.tasks, 0)
			}
			last = value
		}
		sp.value[i] = int32(at)
		if len(n.groups) > 0 {
			sp.tasks[at] += int64(count(n.groups, o.group))
		}
	}
	return func(i int) int64 { return sp.tasks[sp.value[i]] }
}
