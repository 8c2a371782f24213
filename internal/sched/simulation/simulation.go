// Package simulation fills a fleet of container instances that nobody runs, by
// the very code that places tasks, and tells what that costs as it fills.
package simulation

import (
	"fmt"
	"time"

	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
)

// Fleet is a number of equal container instances.
type Fleet struct {
	Instances int
	Zones     int
	CPU       int64 // units of each
	MemoryMiB int64
}

// Task is what each task asks for.
type Task struct {
	CPU        int64
	MemoryMiB  int64
	Strategies []sched.Strategy
}

// Step is how the fleet stands when a share of it is filled.
type Step struct {
	Tasks int
	Fill  float64 // share of the tasks that would fit
	// InUse are the instances with a task, which is what a fleet costs.
	InUse int
	// Uneven is how many more tasks the fullest zone has than the emptiest.
	Uneven int
	// Took is what placing a task took, of those that led here.
	Took time.Duration
}

// batch is how many tasks are placed together, as a service has them placed.
const batch = 10

var (
	scope   = state.Scope{Account: "123456789012", Region: "us-east-1"}
	cluster = "simulated"
)

// Fill places tasks until no more fit, and tells of every hundredth of it.
// elapsed tells how long a piece of work took.
func Fill(f Fleet, t Task, seed uint64, elapsed func(work func()) time.Duration) ([]Step, error) {
	each := min(f.CPU/max(1, t.CPU), f.MemoryMiB/max(1, t.MemoryMiB))
	total := int(each) * f.Instances
	if total == 0 {
		return nil, fmt.Errorf("a task of %d CPU units and %d MiB fits on no instance of %d and %d", t.CPU, t.MemoryMiB, f.CPU, f.MemoryMiB)
	}
	s := newSimulator(f, t)
	var steps []Step
	placed, since, told := 0, 0, 0
	var took time.Duration
	for placed < total {
		n := min(batch, total-placed)
		var plan sched.Plan
		took += elapsed(func() { plan = s.place(n, placed, seed) })
		if len(plan.Refused) > 0 {
			return nil, fmt.Errorf("task %d has no place: %s", placed, plan.Refused[0].Detail)
		}
		s.run(plan)
		placed, since = placed+n, since+n
		if hundredth := placed * 100 / total; hundredth > told || placed == total {
			told = hundredth
			steps = append(steps, Step{Tasks: placed, Fill: float64(placed) / float64(total), InUse: len(s.inUse), Uneven: s.uneven(), Took: took / time.Duration(since)})
			took, since = 0, 0
		}
	}
	return steps, nil
}

type simulator struct {
	book  sched.Book
	ranks sched.Ranks
	task  Task
	zones map[string]string // by node
	inUse map[string]bool   // nodes
	tasks map[string]int    // by zone
}

func newSimulator(f Fleet, t Task) *simulator {
	s := &simulator{task: t, zones: map[string]string{}, inUse: map[string]bool{}, tasks: map[string]int{}}
	var changes []sched.Change
	for i := range f.Instances {
		n := state.Node{ID: fmt.Sprintf("node-%05d", i), CPU: f.CPU, MemoryMiB: f.MemoryMiB, Connected: true}
		zone := scope.Region + string(rune('a'+i%max(1, f.Zones)))
		id := state.ContainerInstanceID(scope, cluster, n.ID)
		inst := state.ContainerInstance{ID: id, ClusterName: cluster, Node: n.ID, Status: "ACTIVE", Zone: zone}
		changes = append(changes, sched.Change{NodeAfter: &n}, sched.Change{InstanceAfter: &inst, InstanceKey: scope.Key(state.ContainerInstanceKey(cluster, id))})
		s.zones[n.ID], s.tasks[zone] = zone, 0
	}
	s.book = s.book.With(changes)
	return s
}

// place decides where the next n tasks go.
func (s *simulator) place(n, from int, seed uint64) sched.Plan {
	pending := make([]sched.Request, n)
	for i := range pending {
		pending[i] = sched.Request{ID: fmt.Sprint(from + i), CPU: s.task.CPU, MemoryMiB: s.task.MemoryMiB, Exact: true, Group: group, Strategies: s.task.Strategies}
	}
	return s.ranks.Place(sched.Snapshot{
		Pool: s.book.Instances(scope, cluster),
		Attribute: func(c sched.Candidate, name string) string {
			if name == "ecs.availability-zone" {
				return c.Instance.Zone
			}
			return ""
		},
	}, pending, seed)
}

// group is the tasks' group as Reserve has it.
const group = "cluster service:simulated"

// run has the tasks of a plan hold what they ask for.
func (s *simulator) run(plan sched.Plan) {
	var changes []sched.Change
	for _, p := range plan.Placed {
		t := state.Task{ID: p.ID, ClusterARN: "cluster"}
		t.Spec = state.TaskSpec{LaunchType: "EC2", Group: "service:simulated", Holds: state.Holds{CPU: s.task.CPU, MemoryMiB: s.task.MemoryMiB}}
		t.Placement.Node = p.Node
		changes = append(changes, sched.Change{TaskAfter: &t})
		s.inUse[p.Node] = true
		s.tasks[s.zones[p.Node]]++
	}
	s.book = s.book.With(changes)
}

func (s *simulator) uneven() int {
	least, most := -1, 0
	for _, n := range s.tasks {
		if least < 0 || n < least {
			least = n
		}
		most = max(most, n)
	}
	return most - least
}
