package sched

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/clusterquery"
	"github.com/hatoba/hatoba/internal/state"
)

// Place places with nothing kept.
func Place(s Snapshot, pending []Request, seed uint64) Plan {
	return new(Ranks).Place(s, pending, seed)
}

func query(text string) clusterquery.Query {
	q, err := clusterquery.Parse(text)
	if err != nil {
		panic(err)
	}
	return q
}

// shapes are requests of several kinds.
func shapes() *rapid.Generator[Request] {
	return rapid.Custom(func(t *rapid.T) Request {
		r := Request{
			CPU: rapid.Int64Range(0, 3).Draw(t, "asked cpu"), MemoryMiB: rapid.Int64Range(0, 3).Draw(t, "asked memory"), Exact: rapid.Bool().Draw(t, "exact"),
			Group: "c " + rapid.SampledFrom([]string{"group0", "group1"}).Draw(t, "of group"), Distinct: rapid.Bool().Draw(t, "distinct"),
			Ports: portList().Draw(t, "asked ports"), Strategies: strategies().Draw(t, "strategies"),
		}
		if rapid.Bool().Draw(t, "member") {
			r.Members = []clusterquery.Query{query(rapid.SampledFrom([]string{"task:group == group1", "runningTasksCount < 2", "attribute:zone != a"}).Draw(t, "query"))}
		}
		return r
	})
}

// world is a fleet that changes.
type world struct {
	nodes     map[string]state.Node
	tasks     map[string]state.Task
	instances map[string]state.ContainerInstance
}

var worldScope = state.Scope{Account: "1", Region: "r"}

// change changes something of it.
func (w world) change(t *rapid.T) (out []Change) {
	id := func(kind string, n int) string { return fmt.Sprint(kind, rapid.IntRange(0, n).Draw(t, kind)) }
	gone := rapid.IntRange(0, 4).Draw(t, "gone") == 0
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		k := id("node", 7)
		n := state.Node{ID: k, CPU: rapid.Int64Range(0, 9).Draw(t, "cpu"), MemoryMiB: rapid.Int64Range(0, 9).Draw(t, "memory"), Connected: rapid.IntRange(0, 5).Draw(t, "connected") > 0}
		return changed(w.nodes, k, gone, n, func(b, a *state.Node) Change { return Change{NodeBefore: b, NodeAfter: a} })
	case 1:
		k := id("instance", 7)
		inst := state.ContainerInstance{ID: k, ClusterName: "c", Node: "node" + k[len("instance"):], Status: rapid.SampledFrom([]string{"ACTIVE", "ACTIVE", "DRAINING"}).Draw(t, "state")}
		return changed(w.instances, k, gone, inst, func(b, a *state.ContainerInstance) Change {
			return Change{InstanceBefore: b, InstanceAfter: a, InstanceKey: worldScope.Key("c/" + k)}
		})
	}
	k := id("task", 12)
	task := state.Task{ID: k, ClusterARN: "c", Spec: state.TaskSpec{LaunchType: "EC2", Group: id("group", 1), Holds: state.Holds{CPU: 1, MemoryMiB: 2}}}
	task.Placement.Node = id("node", 7)
	return changed(w.tasks, k, gone, task, func(b, a *state.Task) Change { return Change{TaskBefore: b, TaskAfter: a} })
}

// What was kept places every request as if all were looked at anew, whatever
// changes between, in older and in newer books.
func TestKeptRanksPlaceAsFreshOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{map[string]state.Node{}, map[string]state.Task{}, map[string]state.ContainerInstance{}}
		asked := rapid.SliceOfN(shapes(), 1, 3).Draw(t, "shapes")
		books := []Book{{}}
		var ranks Ranks
		for step := range rapid.IntRange(1, 12).Draw(t, "steps") {
			var changes []Change
			for range rapid.IntRange(0, 8).Draw(t, "changes") {
				changes = append(changes, w.change(t)...)
			}
			books = append(books, books[len(books)-1].With(changes))
			book := books[max(0, len(books)-rapid.IntRange(1, 3).Draw(t, "how new"))]
			s := Snapshot{Pool: book.Instances(worldScope, "c"), Attribute: zoneOf, Facts: func(c Candidate) clusterquery.Facts {
				return clusterquery.Facts{Attributes: map[string]string{"zone": zoneOf(c, "")}}
			}}
			if rapid.Bool().Draw(t, "as nodes") {
				s.Pool = book.Nodes()
			}
			s.Overcommit.CPU = float64(rapid.IntRange(1, 2).Draw(t, "overcommit"))
			var pending []Request
			for i := range rapid.IntRange(1, 5).Draw(t, "requests") {
				r := rapid.SampledFrom(asked).Draw(t, "request")
				r.ID = fmt.Sprint(step, "-", i)
				pending = append(pending, r)
			}
			seed := rapid.Uint64().Draw(t, "seed")
			if diff := cmp.Diff(Place(s, pending, seed), ranks.Place(s, pending, seed)); diff != "" {
				t.Fatalf("anew, and kept: %s", diff)
			}
		}
	})
}

// firsts are the candidates that fit and come first, by the strategies' own
// words, each looked at on its own.
func firsts(s Snapshot, r Request) (out []string) {
	all := s.Pool.Candidates()
	keysOf := func(c Candidate) (keys []int64) {
		here := func(c Candidate) int64 { return int64(count(c.groups, r.Group)) }
		for _, st := range r.Strategies {
			cpu, memory, _, _ := s.room(c.Standing, r.Exact)
			switch {
			case st.Type == Random:
				return keys
			case st.Type == Binpack && st.Field == ByCPU:
				keys = append(keys, cpu)
			case st.Type == Binpack:
				keys = append(keys, memory)
			case st.Field == ByInstance:
				keys = append(keys, here(c))
			default:
				var n int64
				for _, o := range all {
					if s.Attribute(o, st.Field[len("attribute:"):]) == s.Attribute(c, st.Field[len("attribute:"):]) {
						n += here(o)
					}
				}
				keys = append(keys, n)
			}
		}
		if len(r.Strategies) == 0 {
			keys = []int64{promised(&s, &r, c.Standing)}
		}
		return keys
	}
	var least []int64
	for _, c := range all {
		if !s.passes(c, &r) {
			continue
		}
		k := keysOf(c)
		if order := slices.Compare(k, least); len(out) == 0 || order < 0 {
			out, least = nil, k
		} else if order > 0 {
			continue
		}
		out = append(out, c.ID)
	}
	return out
}

func TestTheFirstByTheStrategiesIsChosen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{map[string]state.Node{}, map[string]state.Task{}, map[string]state.ContainerInstance{}}
		var changes []Change
		for range rapid.IntRange(0, 40).Draw(t, "changes") {
			changes = append(changes, w.change(t)...)
		}
		s := Snapshot{Pool: Book{}.With(changes).Instances(worldScope, "c"), Attribute: zoneOf, Facts: func(c Candidate) clusterquery.Facts {
			return clusterquery.Facts{Attributes: map[string]string{"zone": zoneOf(c, "")}}
		}}
		r := shapes().Draw(t, "request")
		want, plan := firsts(s, r), Place(s, []Request{r}, rapid.Uint64().Draw(t, "seed"))
		switch {
		case len(want) == 0 && len(plan.Refused) == 1:
		case len(plan.Placed) != 1 || !slices.Contains(want, plan.Placed[0].Node):
			t.Fatalf("%+v: one of %v comes first", plan, want)
		}
	})
}

// Equals are drawn for evenly.
func TestEqualsAreDrawnFor(t *testing.T) {
	s := zoned(10).snapshot()
	s.Attribute = zoneOf
	got := map[string]int{}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		r := Request{ID: fmt.Sprint(i), Exact: true, Strategies: []Strategy{{Spread, ByZone}, {Type: Random}}}
		got[Place(s, []Request{r}, random.Uint64()).Placed[0].Node]++
	}
	for id, n := range got {
		if len(got) != 10 || n < 140 || n > 260 {
			t.Errorf("%s is drawn %d times of 2,000, of %d", id, n, len(got))
		}
	}
}

func TestAFullFleetRefusesAtOnce(t *testing.T) {
	var ranks Ranks
	s := zoned(3).snapshot()
	s.Attribute = zoneOf
	plan := ranks.Place(s, ask(30, Strategy{Spread, ByZone}), 1)
	if len(plan.Placed) != 24 || len(plan.Refused) != 6 || plan.Refused[0].ID != "t24" || plan.Refused[5].ID != "t29" || plan.Refused[5].Reason != "RESOURCE:MEMORY" && plan.Refused[5].Reason != "RESOURCE:CPU" {
		t.Errorf("%+v", plan.Refused)
	}
}

func BenchmarkPlaceOne(b *testing.B) {
	for _, n := range []int{50, 500, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := zoned(n).snapshot()
			s.Attribute = zoneOf
			var ranks Ranks
			pending := ask(1, Strategy{Spread, ByZone}, Strategy{Binpack, ByMemory})
			for b.Loop() {
				ranks.Place(s, pending, 1)
			}
		})
	}
}
