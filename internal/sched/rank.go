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

// order is how the nodes that fit are told apart, for one request and those
// alike.
type order struct {
	r      Request
	spread []spread // by attributes
	rank   []func(a, b *candidate) int
}

// spread counts a group's tasks by the value of an attribute.
type spread struct {
	at    int // of the candidates' values
	tasks map[string]int
}

func newOrder(s Snapshot, all []candidate, fit []*candidate, r Request) *order {
	o := &order{r: r}
	random := false
	for _, st := range r.Strategies {
		switch name, isAttribute := strings.CutPrefix(st.Field, "attribute:"); {
		case st.Type == Binpack && st.Field == ByCPU:
			o.rank = append(o.rank, o.leastCPU)
		case st.Type == Binpack:
			o.rank = append(o.rank, o.leastMemory)
		case st.Type == Spread && isAttribute:
			o.rank = append(o.rank, o.fewestOf(s, all, name))
		case st.Type == Spread:
			o.rank = append(o.rank, o.fewestHere)
		case st.Type == Random: // what comes behind it never decides
			random = true
		}
		if random {
			break
		}
	}
	if len(r.Strategies) == 0 {
		o.rank = append(o.rank, leastReserved)
	}
	return o
}

// best is the place in fit of the node that comes first; lot draws between
// equals.
func (o *order) best(fit []*candidate, lot uint64) int {
	at := 0
	for i := 1; i < len(fit); i++ {
		if o.compare(fit[i], fit[at], lot) < 0 {
			at = i
		}
	}
	return at
}

func (o *order) compare(a, b *candidate, lot uint64) int {
	for _, rank := range o.rank {
		if c := rank(a, b); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(mixed(lot^a.lot), mixed(lot^b.lot)), strings.Compare(a.ID, b.ID))
}

// took notes that a node has one more.
func (o *order) took(n *candidate) {
	for _, s := range o.spread {
		s.tasks[n.values[s.at]]++
	}
}

// leastReserved prefers the node whose memory is promised least.
func leastReserved(a, b *candidate) int { return cmp.Compare(reservedShare(a), reservedShare(b)) }

func reservedShare(n *candidate) float64 {
	total := times(n.MemoryMiB, n.over.Memory)
	if total == 0 {
		return 1
	}
	return float64(n.memory) / float64(total)
}

// leastCPU prefers the node that has the least CPU left.
func (o *order) leastCPU(a, b *candidate) int {
	x, _, _, _ := a.room(o.r)
	y, _, _, _ := b.room(o.r)
	return cmp.Compare(x, y)
}

// leastMemory prefers the node that has the least memory left.
func (o *order) leastMemory(a, b *candidate) int {
	_, x, _, _ := a.room(o.r)
	_, y, _, _ := b.room(o.r)
	return cmp.Compare(x, y)
}

// fewestHere prefers the node with the fewest tasks of the group.
func (o *order) fewestHere(a, b *candidate) int {
	return cmp.Compare(count(a.groups, o.r.Group), count(b.groups, o.r.Group))
}

// fewestOf prefers the value of an attribute whose nodes have the fewest tasks
// of the group together. Nodes without the attribute are one kind.
func (o *order) fewestOf(s Snapshot, all []candidate, name string) func(a, b *candidate) int {
	sp := spread{at: len(o.spread), tasks: map[string]int{}}
	o.spread = append(o.spread, sp)
	for i := range all {
		n := &all[i]
		value := ""
		if s.Attribute != nil {
			value = s.Attribute(Candidate{n.Standing, n.instance}, name)
		}
		n.values = append(n.values[:sp.at:sp.at], value)
		if has := count(n.groups, o.r.Group); has > 0 {
			sp.tasks[value] += has
		}
	}
	return func(a, b *candidate) int { return cmp.Compare(sp.tasks[a.values[sp.at]], sp.tasks[b.values[sp.at]]) }
}
