package sched

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/state"
)

func TestRefusalsExplainThemselves(t *testing.T) {
	one := state.Node{ID: "a", CPU: 2048, MemoryMiB: 4096, Arch: "x86_64", Connected: true}
	off := one
	off.Connected = false
	for name, c := range map[string]struct {
		nodes   []state.Node
		held    []Reservation
		request Request
		want    Refused
	}{
		"no node":      {nil, nil, Request{}, Refused{Reason: "AGENT", Detail: "There is no node yet. A node joins when its Hatoba starts."}},
		"disconnected": {[]state.Node{off}, nil, Request{}, Refused{Reason: "AGENT", Detail: "None of 1 nodes is connected."}},
		"architecture": {[]state.Node{one}, nil, Request{Arch: "arm64"},
			Refused{Reason: "ATTRIBUTE", Detail: "runtimePlatform.cpuArchitecture asks for ARM64; the 1 connected nodes are X86_64."}},
		"memory": {[]state.Node{one}, []Reservation{{Node: "a", MemoryMiB: 4000}}, Request{MemoryMiB: 512},
			Refused{Reason: "RESOURCE:MEMORY", Detail: "Not enough memory on any of 1 nodes: the task asks for 512 MiB, the most that is free on one is 96 of 4096 MiB."}},
		"cpu": {[]state.Node{one}, nil, Request{CPU: 4096},
			Refused{Reason: "RESOURCE:CPU", Detail: "Not enough CPU on any of 1 nodes: the task asks for 4096 units, the most that is free on one is 2048 of 2048."}},
	} {
		t.Run(name, func(t *testing.T) {
			plan := Place(ground{Nodes: c.nodes, Reserved: c.held}.snapshot(), []Request{c.request}, 1)
			if diff := cmp.Diff(Plan{Refused: []Refused{c.want}}, plan); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOvercommit(t *testing.T) {
	s := ground{
		Nodes:      []state.Node{{ID: "a", CPU: 1024, MemoryMiB: 1000, Connected: true}},
		Overcommit: Overcommit{CPU: 4, Memory: 1.5},
	}
	plan := Place(s.snapshot(), []Request{{ID: "1", CPU: 4096, MemoryMiB: 1500}, {ID: "2", CPU: 1, MemoryMiB: 0}}, 0)
	if len(plan.Placed) != 1 || len(plan.Refused) != 1 || plan.Refused[0].Reason != "RESOURCE:CPU" {
		t.Errorf("got %+v", plan)
	}
}

// ground is what a Book is made of.
type ground struct {
	Nodes      []state.Node
	Reserved   []Reservation
	Overcommit Overcommit
	Ports      []state.HostPort
}

func (g ground) book() Book {
	var changes []Change
	for _, n := range g.Nodes {
		changes = append(changes, Change{NodeAfter: &n})
	}
	b := Book{}.With(changes)
	w := bookWriter{Book: b}
	for _, r := range g.Reserved {
		w.at(w.slot(r.Node)).take(r, 1)
	}
	return w.Book
}

func (g ground) snapshot() Snapshot {
	return Snapshot{Pool: g.book().Nodes(), Overcommit: g.Overcommit, Ports: g.Ports}
}

func (g ground) remaining(id string) Left {
	n, _ := g.book().Node(id)
	return Remaining(n, g.Overcommit, g.Ports)
}

func snapshots() *rapid.Generator[ground] {
	return rapid.Custom(func(t *rapid.T) ground {
		s := ground{Overcommit: Overcommit{CPU: rapid.Float64Range(0, 4).Draw(t, "cpu factor"), Memory: rapid.Float64Range(0, 2).Draw(t, "memory factor")}}
		for i := range rapid.IntRange(0, 5).Draw(t, "nodes") {
			s.Nodes = append(s.Nodes, state.Node{
				ID: fmt.Sprint("n", i), CPU: rapid.Int64Range(0, 8192).Draw(t, "cpu"), MemoryMiB: rapid.Int64Range(0, 16384).Draw(t, "memory"),
				Arch: rapid.SampledFrom([]string{"x86_64", "arm64"}).Draw(t, "arch"), Connected: rapid.Bool().Draw(t, "connected"),
			})
		}
		for range rapid.IntRange(0, 5).Draw(t, "tasks") {
			s.Reserved = append(s.Reserved, Reservation{
				Node: fmt.Sprint("n", rapid.IntRange(0, 6).Draw(t, "on")), CPU: rapid.Int64Range(0, 2048).Draw(t, "held cpu"), MemoryMiB: rapid.Int64Range(0, 4096).Draw(t, "held memory"),
			})
		}
		return s
	})
}

func requests() *rapid.Generator[[]Request] {
	return rapid.Custom(func(t *rapid.T) (out []Request) {
		for i := range rapid.IntRange(0, 12).Draw(t, "requests") {
			out = append(out, Request{
				ID: fmt.Sprint("t", i), CPU: rapid.Int64Range(0, 4096).Draw(t, "cpu"), MemoryMiB: rapid.Int64Range(0, 8192).Draw(t, "memory"),
				Arch: rapid.SampledFrom([]string{"", "x86_64", "arm64"}).Draw(t, "arch"),
			})
		}
		return out
	})
}

func TestPlaceNeverPromisesMoreThanThereIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, pending, seed := snapshots().Draw(t, "snapshot"), requests().Draw(t, "pending"), rapid.Uint64().Draw(t, "seed")
		plan := Place(s.snapshot(), pending, seed)
		if diff := cmp.Diff(plan, Place(s.snapshot(), pending, seed)); diff != "" {
			t.Fatalf("two plans from one seed: %s", diff)
		}
		if len(plan.Placed)+len(plan.Refused) != len(pending) {
			t.Fatalf("%d of %d requests answered", len(plan.Placed)+len(plan.Refused), len(pending))
		}
		byID := map[string]Request{}
		for _, r := range pending {
			byID[r.ID] = r
		}
		promised := map[string]Reservation{}
		for _, r := range s.Reserved {
			p := promised[r.Node]
			promised[r.Node] = Reservation{Node: r.Node, CPU: p.CPU + r.CPU, MemoryMiB: p.MemoryMiB + r.MemoryMiB}
		}
		for _, p := range plan.Placed {
			r, held := byID[p.ID], promised[p.Node]
			promised[p.Node] = Reservation{Node: p.Node, CPU: held.CPU + r.CPU, MemoryMiB: held.MemoryMiB + r.MemoryMiB}
			for _, n := range s.Nodes {
				if n.ID != p.Node {
					continue
				}
				if !n.Connected || (r.Arch != "" && r.Arch != n.Arch) {
					t.Fatalf("%+v placed on %+v", r, n)
				}
				now := promised[p.Node]
				if now.CPU > times(n.CPU, s.Overcommit.CPU) || now.MemoryMiB > times(n.MemoryMiB, s.Overcommit.Memory) {
					t.Fatalf("%+v promises more than %+v has", now, n)
				}
			}
		}
		for _, r := range plan.Refused {
			if r.Reason == "" || r.Detail == "" {
				t.Fatalf("%+v does not explain itself", r)
			}
		}
	})
}

func TestSplitIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var strategy []Share
		weights, based := 0, rapid.IntRange(-1, 4).Draw(t, "which has a base")
		for i := range rapid.IntRange(1, 5).Draw(t, "providers") {
			s := Share{Provider: fmt.Sprint(i), Weight: rapid.IntRange(0, 1000).Draw(t, "weight")}
			if i == based {
				s.Base = rapid.IntRange(0, 20).Draw(t, "base")
			}
			weights += s.Weight
			strategy = append(strategy, s)
		}
		if weights == 0 {
			t.Skip()
		}
		total := rapid.IntRange(0, 100).Draw(t, "total")
		counts, sum, base := Split(strategy, total), 0, 0
		for i, s := range strategy {
			if counts[i] < min(s.Base, total) {
				t.Fatalf("%v: base %d of %v not met", counts, s.Base, strategy)
			}
			sum += counts[i]
			base += min(s.Base, total)
		}
		if sum != total {
			t.Fatalf("%v adds up to %d, not %d", counts, sum, total)
		}
		for i, s := range strategy {
			share := float64(total-base) * float64(s.Weight) / float64(weights)
			got := float64(counts[i] - min(s.Base, total))
			if got < share-1 || got > share+1 {
				t.Fatalf("%v: provider %d has %v beyond its base, its share is %v", counts, i, got, share)
			}
		}
	})
}

func portList() *rapid.Generator[[]state.HostPort] {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) state.HostPort {
		return state.HostPort{Port: rapid.Int32Range(80, 90).Draw(t, "port"), Protocol: rapid.SampledFrom([]string{"tcp", "udp"}).Draw(t, "protocol")}
	}), 0, 3, func(p state.HostPort) state.HostPort { return p })
}

// EC2-type tasks never add up to more than a node has, however much is
// promised to others, and no host port is given twice.
func TestPlaceGivesEC2TasksWhatIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, pending := snapshots().Draw(t, "snapshot"), requests().Draw(t, "pending")
		s.Ports = portList().Draw(t, "nobody's")
		for i := range s.Reserved {
			s.Reserved[i].Exact, s.Reserved[i].Ports = rapid.Bool().Draw(t, "exact"), portList().Draw(t, "held ports")
		}
		for i := range pending {
			pending[i].Exact, pending[i].Ports = rapid.Bool().Draw(t, "exact"), portList().Draw(t, "ports")
		}
		plan := Place(s.snapshot(), pending, rapid.Uint64().Draw(t, "seed"))
		after := s
		after.Reserved = append([]Reservation(nil), s.Reserved...)
		for _, p := range plan.Placed {
			var r Request
			for _, candidate := range pending {
				if candidate.ID == p.ID {
					r = candidate
				}
			}
			before := after.remaining(p.Node)
			if r.Exact && (r.CPU > before.CPU || r.MemoryMiB > before.MemoryMiB) {
				t.Fatalf("%+v is placed where %+v was left", r, before)
			}
			for _, port := range r.Ports {
				for _, taken := range before.Ports {
					if port == taken {
						t.Fatalf("%+v is given a port that is taken", r)
					}
				}
			}
			after.Reserved = append(after.Reserved, Reservation{Node: p.Node, CPU: r.CPU, MemoryMiB: r.MemoryMiB, Exact: r.Exact, Ports: r.Ports})
		}
		for _, r := range plan.Refused {
			if r.Reason == "" || r.Detail == "" {
				t.Fatalf("%+v does not explain itself", r)
			}
		}
	})
}

func TestReserveCountsChosenPorts(t *testing.T) {
	task := state.Task{Spec: state.TaskSpec{LaunchType: "EC2", CPU: "1024", Holds: state.Holds{CPU: 10, MemoryMiB: 20, Ports: []state.HostPort{{Port: 80, Protocol: "tcp"}}}}}
	task.Observed.Containers = []state.ContainerObserved{{NetworkBindings: []state.NetworkBinding{
		{HostPort: 80, Protocol: "tcp"}, {HostPort: 40000, Protocol: "udp", HostPortRange: "40000-40001"},
	}}}
	want := Reservation{CPU: 10, MemoryMiB: 20, Exact: true, Ports: []state.HostPort{{Port: 80, Protocol: "tcp"}, {Port: 40000, Protocol: "udp"}, {Port: 40001, Protocol: "udp"}}, Group: " "}
	if diff := cmp.Diff(want, Reserve(task)); diff != "" {
		t.Error(diff)
	}
}

func TestDistinctTasksOfAGroup(t *testing.T) {
	s := ground{Nodes: []state.Node{{ID: "a", CPU: 1024, MemoryMiB: 1000, Connected: true}, {ID: "b", CPU: 1024, MemoryMiB: 1000, Connected: true}}}
	s.Reserved = []Reservation{{Node: "a", Exact: true, Group: "cluster g"}}
	one := Request{Exact: true, Group: "cluster g", Distinct: true}
	plan := Place(s.snapshot(), []Request{one, one, {Exact: true, Group: "cluster other", Distinct: true}}, 1)
	if len(plan.Placed) != 2 || plan.Placed[0].Node != "b" || len(plan.Refused) != 1 || plan.Refused[0].Reason != "DistinctInstance placement constraint unsatisfied." {
		t.Errorf("%+v", plan)
	}
	if len(plan.Refused) == 1 && plan.Refused[0].Detail != "Each of 2 nodes has a task of the group g already." {
		t.Errorf("%q", plan.Refused[0].Detail)
	}
}
