package service

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
)

// world plays the store, the nodes and the balancers around Decide.
type world struct {
	t        *rapid.T
	now      time.Time
	v        View
	n        int  // tasks made
	r        int  // revisions made
	checks   bool // tasks have a health check
	balanced bool // tasks are behind a target group
	places   int  // how many tasks there is room for
	trace    []string
}

func newWorld(t *rapid.T) *world {
	w := &world{t: t, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), places: 1000}
	w.checks, w.balanced = rapid.Bool().Draw(t, "checks"), rapid.Bool().Draw(t, "balanced")
	low := rapid.SampledFrom([]int32{0, 50, 75, 100}).Draw(t, "minimum")
	high := rapid.SampledFrom([]int32{110, 125, 150, 200}).Draw(t, "maximum")
	if low < 100 && rapid.Bool().Draw(t, "tight") {
		high = 100
	}
	w.v = View{
		Scope: state.Scope{Account: "123456789012", Region: "us-east-1"},
		Service: state.Service{
			Name: "web", ClusterName: "default", Status: state.ServiceActive, Strategy: "REPLICA",
			DesiredCount: rapid.Int32Range(0, 6).Draw(t, "desired"),
			Deployment: ecstypes.DeploymentConfiguration{MinimumHealthyPercent: &low, MaximumPercent: &high,
				DeploymentCircuitBreaker: &ecstypes.DeploymentCircuitBreaker{Enable: rapid.Bool().Draw(t, "breaker"), Rollback: rapid.Bool().Draw(t, "rollback")}},
		},
		Deployments: map[string]state.ServiceDeployment{}, Images: map[string]bool{}, Revisions: map[string]bool{}, Groups: map[string]bool{"g": true},
	}
	if rapid.Bool().Draw(t, "graced") {
		w.v.Service.GracePeriod = aws.Int32(30)
	}
	w.deploy()
	return w
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// deploy does what UpdateService does.
func (w *world) deploy() {
	w.r++
	number := fmt.Sprintf("%019d", w.r)
	s := &w.v.Service
	for i, r := range s.Rollouts {
		if i == 0 && r.State == state.RolloutCompleted {
			s.Rollouts[i].Kept = s.DesiredCount
		}
	}
	s.Rollouts = append([]state.Rollout{{Revision: number, Deployment: "d" + number, CreatedAt: w.now, State: state.RolloutInProgress}}, s.Rollouts...)
	w.v.Deployments["d"+number] = state.ServiceDeployment{ID: "d" + number, Status: "PENDING", Target: number, Breaker: state.BreakerState{Status: "MONITORING"}}
	w.v.Revisions[number] = true
	w.note("deploy %s", number)
}

func (w *world) good(t *Task) bool {
	if !t.running() || w.checks && t.Health != "HEALTHY" {
		return false
	}
	for _, target := range t.Targets {
		if !target.Known || target.State != "healthy" {
			return false
		}
	}
	return true
}

func (w *world) count(fn func(*Task) bool) (n int) {
	for i := range w.v.Tasks {
		if fn(&w.v.Tasks[i]) {
			n++
		}
	}
	return n
}

// turn decides once and carries the plan out, checking what must always hold.
func (w *world) turn() bool {
	before := w.v
	goodBefore, wantedBefore := w.count(w.good), w.count((*Task).wanted)
	p := Decide(w.now, w.v)
	if p.Empty() {
		return false
	}
	w.note("%s plan launch=%v stop=%d events=%q", w.now.Format("05.000"), p.Launch, len(p.Tasks), p.Events)
	s := before.Service
	for _, t := range p.Tasks {
		i := slices.IndexFunc(w.v.Tasks, func(x Task) bool { return x.ID == t.ID })
		was := w.v.Tasks[i]
		if was.wanted() && t.Desired.Status == state.TaskStopped && was.Protected.Until.After(w.now) && s.Status == state.ServiceActive {
			w.fail("a protected task was stopped")
		}
	}
	w.carryOut(p)
	lower, upper := bounds(int(s.DesiredCount), s.Deployment.MinimumHealthyPercent, s.Deployment.MaximumPercent)
	if after := w.count(w.good); s.Status == state.ServiceActive && after < min(goodBefore, lower) {
		w.fail("%d healthy of at least %d, %d before", after, lower, goodBefore)
	}
	if after := w.count((*Task).wanted); len(p.Launch) > 0 && after > wantedBefore && after > max(upper, int(s.DesiredCount)) {
		w.fail("%d tasks, at most %d", after, upper)
	}
	for _, l := range p.Launch {
		if r := p.Service.Rollout(l.Revision); r != nil && r.State == state.RolloutFailed {
			w.fail("a failed rollout launched")
		}
	}
	if !slices.ContainsFunc(p.Service.Rollouts, func(r state.Rollout) bool { return true }) {
		w.fail("no rollout is left")
	}
	return !reflect.DeepEqual(before, w.v) // a launch that finds no place again changes nothing
}

func (w *world) fail(format string, args ...any) {
	for _, l := range w.trace {
		w.t.Log(l)
	}
	w.t.Fatalf(format, args...)
}

func (w *world) carryOut(p Plan) {
	w.v.Tasks = slices.Clone(w.v.Tasks)
	for _, t := range p.Tasks {
		i := slices.IndexFunc(w.v.Tasks, func(x Task) bool { return x.ID == t.ID })
		w.v.Tasks[i].Task = t
	}
	for _, r := range p.Register {
		w.targets(r.Task, func(t *Target) { t.Known, t.State = true, "initial" })
	}
	for _, id := range p.Drain {
		for i := range w.v.Tasks {
			for j := range w.v.Tasks[i].Targets {
				if t := &w.v.Tasks[i].Targets[j]; t.ID() == id {
					t.Since, t.State = &w.now, "draining"
				}
			}
		}
	}
	for _, d := range p.Deployments {
		w.v.Deployments[d.ID] = d
	}
	for number := range p.Images {
		w.v.Images[number] = true
	}
	for _, l := range p.Launch {
		out := Launched{At: w.now}
		for range l.N {
			if w.count(func(t *Task) bool { return t.Observed.Status < state.TaskStopped }) >= w.places {
				out.Refused = append(out.Refused, sched.Refused{Reason: "RESOURCE:MEMORY", Detail: "full"})
				continue
			}
			out.Tasks = append(out.Tasks, w.make(l.Revision))
		}
		told(&p, l, out, nil)
	}
	w.v.Service = p.Service
}

func (w *world) make(revision string) string {
	w.n++
	t := Task{Task: state.Task{
		ID: fmt.Sprintf("%032d", w.n), CreatedAt: w.now, Desired: state.Desired{Status: state.TaskRunning},
		Observed: state.Observed{Status: state.TaskProvisioning},
		Spec:     state.TaskSpec{Service: state.TaskService{Service: "default/web", Revision: revision}},
	}}
	if w.checks {
		t.Health = "UNKNOWN"
	}
	if w.balanced {
		t.Spec.Service.Ports = []state.BalancedPort{{Group: "g", Container: "app", Port: 80}}
	}
	w.v.Tasks = append(w.v.Tasks, t)
	return t.ID
}

func (w *world) targets(task string, change func(*Target)) {
	for i := range w.v.Tasks {
		if t := &w.v.Tasks[i]; t.ID == task {
			t.Targets = slices.Clone(t.Targets)
			for j := range t.Targets {
				change(&t.Targets[j])
			}
		}
	}
}

// step has a task go on: to RUNNING, to healthy, to its end.
func (w *world) step(t *Task) {
	switch {
	case t.Observed.Status >= state.TaskStopped:
	case !t.wanted():
		if len(t.Targets) > 0 && t.Targets[0].Known {
			if t.Targets[0].Since != nil {
				w.targets(t.ID, func(x *Target) { x.Known = false })
			}
			return
		}
		t.Observed.Status = state.TaskStopped
	case t.Observed.Status < state.TaskRunning:
		t.Observed.Status = state.TaskRunning
		at := w.now
		t.Observed.StartedAt = &at
		if w.balanced {
			t.Targets = []Target{{TargetPlace: state.TargetPlace{Group: "g", Address: t.ID, Port: 80}}}
		}
	default:
		if w.checks {
			t.Health = "HEALTHY"
		}
		w.targets(t.ID, func(x *Target) {
			if x.Known && x.Since == nil {
				x.State = "healthy"
			}
		})
	}
}

func (w *world) end(t *Task) {
	if t.Observed.Status < state.TaskStopped {
		t.Observed.Status = state.TaskStopped
		if t.wanted() {
			t.Desired.Status = state.TaskStopped
		}
		w.targets(t.ID, func(x *Target) { x.Known = false })
	}
}

// chance is one thing that may happen to the world.
func (w *world) chance() {
	alive := []int{}
	for i := range w.v.Tasks {
		if w.v.Tasks[i].Observed.Status < state.TaskStopped {
			alive = append(alive, i)
		}
	}
	pick := func() *Task {
		if len(alive) == 0 {
			return nil
		}
		return &w.v.Tasks[alive[rapid.IntRange(0, len(alive)-1).Draw(w.t, "task")]]
	}
	what := rapid.SampledFrom([]string{"step", "step", "step", "step", "step", "end", "unhealthy", "stop", "scale", "deploy", "time", "protect", "rollback", "abort", "room"}).Draw(w.t, "what")
	t := pick()
	if t != nil {
		w.note("%s %s", what, t.ID[28:])
	}
	switch s := &w.v.Service; what {
	case "scale":
		s.DesiredCount = rapid.Int32Range(0, 6).Draw(w.t, "desired")
		w.note("scale %d", s.DesiredCount)
	case "deploy":
		w.deploy()
	case "time":
		w.now = w.now.Add(time.Duration(rapid.IntRange(1, 40).Draw(w.t, "seconds")) * time.Second)
	case "room":
		w.places = rapid.SampledFrom([]int{3, 1000}).Draw(w.t, "places")
	case "rollback", "abort":
		if p := s.Primary(); p.State == state.RolloutInProgress && s.LastCompleted != "" && s.LastCompleted != p.Revision {
			d := w.v.Deployments[p.Deployment]
			if d.FinishedAt == nil && d.RollbackAt == nil {
				d.Status = map[string]string{"rollback": "ROLLBACK_REQUESTED", "abort": "STOP_REQUESTED"}[what]
				w.v.Deployments[p.Deployment] = d
			}
		}
	}
	if t == nil {
		return
	}
	switch what {
	case "step":
		w.step(t)
	case "end":
		w.end(t)
	case "stop":
		if t.wanted() {
			t.Desired = state.Desired{Status: state.TaskStopped, StopCode: "UserInitiated"}
		}
	case "protect":
		t.Protected.Until = w.now.Add(time.Minute)
	case "unhealthy":
		if t.running() {
			if w.checks {
				t.Health = "UNHEALTHY"
			}
			w.targets(t.ID, func(x *Target) {
				if x.Known && x.Since == nil {
					x.State, x.Description = "unhealthy", "Health checks failed"
				}
			})
		}
	}
}

// settle decides until nothing is left to do at this moment. It must come to
// an end.
func (w *world) settle() {
	for i := 0; w.turn(); i++ {
		if i > 60 {
			w.fail("it never comes to rest")
		}
	}
}

func (w *world) sweep() {
	w.v.Tasks = slices.DeleteFunc(slices.Clone(w.v.Tasks), func(t Task) bool { return t.Observed.Status >= state.TaskStopped && t.Schedule.Ended })
}

func TestDeploymentsStayInsideTheBoundsAndConverge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(5, 60).Draw(t, "chances") {
			if rapid.Bool().Draw(t, "look") {
				w.settle()
			}
			w.chance()
			w.sweep()
		}
		w.converge()
	})
}

// converge lets everything go well from now on, and wants the service to get
// where it is to be.
func (w *world) converge() {
	w.places = 1000
	w.note("from now on all goes well")
	s := w.v.Service
	lower, upper := bounds(int(s.DesiredCount), s.Deployment.MinimumHealthyPercent, s.Deployment.MaximumPercent)
	for range 200 {
		w.settle()
		if w.v.Service.Primary().State == state.RolloutFailed {
			return // it launches nothing, as it should
		}
		if w.done() || lower >= upper && lower > 0 {
			return // or the bounds let nothing happen, as on AWS
		}
		for i := range w.v.Tasks {
			w.step(&w.v.Tasks[i])
		}
		w.sweep()
		w.settle()
		w.now = w.now.Add(10 * time.Second)
	}
	for _, x := range w.v.Tasks {
		w.note("task %s %v %v good=%v health=%s targets=%v", x.ID[28:], x.Desired.Status, x.Observed.Status, w.good(&x), x.Health, x.Targets)
	}
	w.fail("it does not converge: %+v", w.v.Service)
}

func (w *world) done() bool {
	s := w.v.Service
	return len(s.Rollouts) == 1 && s.Rollouts[0].State == state.RolloutCompleted && s.Progress.SteadyAt != nil &&
		w.count(w.good) == int(s.DesiredCount) && w.count((*Task).wanted) == int(s.DesiredCount)
}
