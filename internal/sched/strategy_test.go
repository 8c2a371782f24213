package sched

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/state"
)

// zoned is a cluster of equal instances in three zones.
func zoned(n int) ground {
	g := ground{}
	for i := range n {
		g.Nodes = append(g.Nodes, state.Node{ID: fmt.Sprintf("n%03d", i), CPU: 4096, MemoryMiB: 16384, Connected: true})
	}
	return g
}

func zoneOf(c Candidate, _ string) string { return string("abc"[int(c.ID[len(c.ID)-1]-'0')%3]) }

func ask(n int, strategies ...Strategy) (out []Request) {
	for i := range n {
		out = append(out, Request{ID: fmt.Sprint("t", i), CPU: 512, MemoryMiB: 1024, Exact: true, Group: "service:web", Strategies: strategies})
	}
	return out
}

func tally(p Plan, by func(string) string) map[string]int {
	out := map[string]int{}
	for _, t := range p.Placed {
		out[by(t.Node)]++
	}
	return out
}

func TestStrategies(t *testing.T) {
	s := zoned(30).snapshot()
	s.Attribute = zoneOf
	zone := func(id string) string { return zoneOf(Candidate{Standing: &Standing{Node: state.Node{ID: id}}}, "") }
	self := func(id string) string { return id }

	packed := tally(Place(s, ask(20, Strategy{Binpack, ByMemory}), 1), self)
	if len(packed) != 3 {
		t.Errorf("20 tasks of an eighth of an instance are packed on %v", packed)
	}
	spread := Place(s, ask(20, Strategy{Spread, ByZone}, Strategy{Spread, ByInstance}), 1)
	zones, hosts := slices.Sorted(maps.Values(tally(spread, zone))), tally(spread, self)
	if !slices.Equal(zones, []int{6, 7, 7}) || len(hosts) != 20 {
		t.Errorf("20 tasks are spread over zones as %v, on %d instances", zones, len(hosts))
	}
	both := Place(s, ask(24, Strategy{Spread, ByZone}, Strategy{Binpack, ByCPU}), 1)
	zones, hosts = slices.Sorted(maps.Values(tally(both, zone))), tally(both, self)
	if !slices.Equal(zones, []int{8, 8, 8}) || len(hosts) != 3 {
		t.Errorf("24 tasks, a zone's packed, are on %v", hosts)
	}
	a, b := Place(s, ask(20, Strategy{Type: Random}), 1), Place(s, ask(20, Strategy{Type: Random}), 2)
	if cmp.Equal(a, b) || len(tally(a, self)) < 10 {
		t.Errorf("random places as %v and %v", tally(a, self), tally(b, self))
	}
}

// What is asked at once for every node is what the filters ask one by one.
func TestFitsIsWhatTheFiltersSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, pending := snapshots().Draw(t, "ground"), requests().Draw(t, "pending")
		s := g.snapshot()
		for _, r := range pending {
			r.Exact, r.Distinct, r.Ports = rapid.Bool().Draw(t, "exact"), rapid.Bool().Draw(t, "distinct"), portList().Draw(t, "ports")
			for _, n := range s.Pool.Candidates() {
				if got, want := s.fits(n, &r), s.passes(n, &r); got != want {
					t.Fatalf("%+v on %+v: %v, and by the filters %v", r, n, got, want)
				}
			}
		}
	})
}

func strategies() *rapid.Generator[[]Strategy] {
	return rapid.SliceOfN(rapid.SampledFrom([]Strategy{{Binpack, ByCPU}, {Binpack, ByMemory}, {Spread, ByZone}, {Spread, ByInstance}, {Spread, "attribute:rack"}, {Type: Random}}), 0, 3)
}

// Requests that are looked at together are placed as if each came alone.
func TestAlikeRequestsArePlacedOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, seed := snapshots().Draw(t, "ground"), rapid.Uint64().Draw(t, "seed")
		for i := range g.Reserved {
			g.Reserved[i].Exact, g.Reserved[i].Group = true, rapid.SampledFrom([]string{"service:web", "other"}).Draw(t, "group")
		}
		pending := ask(rapid.IntRange(0, 12).Draw(t, "requests"), strategies().Draw(t, "strategies")...)
		distinct := rapid.Bool().Draw(t, "distinct")
		for i := range pending {
			pending[i].Distinct = distinct
		}
		whole := g.snapshot()
		whole.Attribute = zoneOf
		got := Place(whole, pending, seed)
		var want Plan
		for _, r := range pending {
			one := g.snapshot()
			one.Attribute = zoneOf
			p := Place(one, []Request{r}, seed)
			want.Placed, want.Refused = append(want.Placed, p.Placed...), append(want.Refused, p.Refused...)
			for _, at := range p.Placed {
				g.Reserved = append(g.Reserved, Reservation{Node: at.Node, CPU: r.CPU, MemoryMiB: r.MemoryMiB, Exact: true, Group: r.Group})
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("one by one, and together: %s", diff)
		}
	})
}

// A book that was kept through changes is the one that is made of what there is
// in the end, and those before it stay as they were.
func TestABookFollowsItsChanges(t *testing.T) {
	scope := state.Scope{Account: "1", Region: "r"}
	rapid.Check(t, func(t *rapid.T) {
		nodes, tasks, instances := map[string]state.Node{}, map[string]state.Task{}, map[string]state.ContainerInstance{}
		var book Book
		id := func(kind string, n int) string { return fmt.Sprint(kind, rapid.IntRange(0, n).Draw(t, kind)) }
		for range rapid.IntRange(1, 8).Draw(t, "transactions") {
			before, seen := book, told(book, scope)
			var changes []Change
			for range rapid.IntRange(1, 5).Draw(t, "changes") {
				gone := rapid.Bool().Draw(t, "gone")
				switch rapid.IntRange(0, 2).Draw(t, "kind") {
				case 0:
					k := id("node", 3)
					changes = append(changes, changed(nodes, k, gone, state.Node{ID: k, CPU: rapid.Int64Range(0, 9).Draw(t, "cpu")}, func(b, a *state.Node) Change { return Change{NodeBefore: b, NodeAfter: a} })...)
				case 1:
					k := id("task", 5)
					task := state.Task{ID: k, ClusterARN: "c", Spec: state.TaskSpec{LaunchType: "EC2", Group: id("group", 1), Holds: state.Holds{CPU: 1, MemoryMiB: 2, Ports: []state.HostPort{{Port: int32(rapid.IntRange(80, 82).Draw(t, "port"))}}}}}
					task.Placement.Node = id("node", 3)
					task.Observed.Status = rapid.SampledFrom([]state.TaskStatus{state.TaskRunning, state.TaskStopped}).Draw(t, "status")
					changes = append(changes, changed(tasks, k, gone, task, func(b, a *state.Task) Change { return Change{TaskBefore: b, TaskAfter: a} })...)
				default:
					k := id("instance", 3)
					inst := state.ContainerInstance{ID: k, ClusterName: "c", Node: id("node", 3), Status: rapid.SampledFrom([]string{"ACTIVE", "DRAINING"}).Draw(t, "state")}
					changes = append(changes, changed(instances, k, gone, inst, func(b, a *state.ContainerInstance) Change {
						return Change{InstanceBefore: b, InstanceAfter: a, InstanceKey: scope.Key("c/" + k)}
					})...)
				}
			}
			book = book.With(changes)
			if told(before, scope) != seen {
				t.Fatal("a book changed")
			}
			var all []Change
			for _, k := range slices.Sorted(maps.Keys(tasks)) { // in an order of their own
				v := tasks[k]
				all = append(all, Change{TaskAfter: &v})
			}
			for _, v := range instances {
				all = append(all, Change{InstanceAfter: &v, InstanceKey: scope.Key("c/" + v.ID)})
			}
			for _, v := range nodes {
				all = append(all, Change{NodeAfter: &v})
			}
			if got, want := told(book, scope), told(Book{}.With(all), scope); got != want {
				t.Fatalf("kept:\n%s\nmade anew:\n%s", got, want)
			}
		}
	})
}

// changed sets or deletes a record, and tells the change.
func changed[T any](have map[string]T, k string, gone bool, v T, change func(before, after *T) Change) []Change {
	old, had := have[k]
	switch {
	case gone && !had:
		return nil
	case gone:
		delete(have, k)
		return []Change{change(&old, nil)}
	case had:
		have[k] = v
		return []Change{change(&old, &v)}
	}
	have[k] = v
	return []Change{change(nil, &v)}
}

// told is all that a book tells.
func told(b Book, scope state.Scope) string {
	var lines []string
	for _, c := range b.Nodes().Candidates() {
		ports, groups := map[state.HostPort]int{}, map[string]int{}
		for _, p := range c.ports {
			ports[p.of] = p.n
		}
		for _, g := range c.groups {
			groups[g.of] = g.n
		}
		lines = append(lines, fmt.Sprint(c.Node, c.cpu, c.memory, c.exactCPU, c.exactMemory, c.exact, ports, groups))
	}
	slices.Sort(lines)
	for _, c := range b.Instances(scope, "c").Candidates() {
		lines = append(lines, c.Instance.ID+" on "+c.ID+" "+c.Instance.Status)
	}
	return fmt.Sprintln(b.Absent(scope, "c")) + fmt.Sprint(lines)
}
