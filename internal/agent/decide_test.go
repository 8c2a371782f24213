package agent

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/state"
)

func box(name string, essential bool, deps ...state.Dependency) containerView {
	return containerView{plan: state.ContainerPlan{Name: name, Essential: essential, DependsOn: deps, StopTimeout: 30 * time.Second}, health: "UNKNOWN"}
}

func on(name, condition string) state.Dependency {
	return state.Dependency{Container: name, Condition: condition}
}

func ran(v containerView, code int32) containerView {
	v.phase, v.started, v.exitCode = ended, true, &code
	return v
}

// lost ended with nobody there to see how.
func lost(v containerView) containerView {
	v.phase, v.started = ended, true
	return v
}

func up(v containerView, health string) containerView {
	v.phase, v.started, v.health = running, true, health
	return v
}

func TestDependencies(t *testing.T) {
	for _, tc := range []struct {
		name      string
		condition string
		on        containerView
		want      string // "start", "wait" or "fail"
	}{
		{"START of one that has not started", "START", box("db", false), "wait"},
		{"START of a running one", "START", up(box("db", false), "UNKNOWN"), "start"},
		{"COMPLETE of one whose end is lost", "COMPLETE", lost(box("db", false)), "fail"},
		{"SUCCESS of one whose end is lost", "SUCCESS", lost(box("db", false)), "fail"},
		{"START of one whose end is lost", "START", lost(box("db", false)), "start"},
		{"START of one that ran and ended", "START", ran(box("db", false), 1), "start"},
		{"COMPLETE of a running one", "COMPLETE", up(box("db", false), "UNKNOWN"), "wait"},
		{"COMPLETE of one that failed", "COMPLETE", ran(box("db", false), 3), "start"},
		{"SUCCESS of one that failed", "SUCCESS", ran(box("db", false), 3), "fail"},
		{"SUCCESS of one that succeeded", "SUCCESS", ran(box("db", false), 0), "start"},
		{"HEALTHY of one not yet known", "HEALTHY", up(box("db", false), "UNKNOWN"), "wait"},
		{"HEALTHY of an unhealthy one may recover", "HEALTHY", up(box("db", false), "UNHEALTHY"), "wait"},
		{"HEALTHY of a healthy one", "HEALTHY", up(box("db", false), "HEALTHY"), "start"},
		{"HEALTHY of one that ended", "HEALTHY", ran(box("db", false), 0), "fail"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := decide(time.Unix(0, 0), []containerView{tc.on, box("app", true, on("db", tc.condition))}, false)
			got := "wait"
			for _, a := range d.actions {
				if a.container == 1 {
					got = map[verb]string{doStart: "start", doFail: "fail"}[a.verb]
				}
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestStartTimeoutRunsOut(t *testing.T) {
	start := time.Unix(1000, 0)
	db := up(box("db", false), "UNKNOWN")
	db.startedAt, db.plan.StartTimeout = start, 10*time.Second
	views := []containerView{db, box("app", true, on("db", "HEALTHY"))}
	if d := decide(start.Add(9*time.Second), views, false); len(d.actions) != 0 || !d.wake.Equal(start.Add(10*time.Second)) {
		t.Errorf("before the timeout: %+v", d)
	}
	if d := decide(start.Add(10*time.Second), views, false); len(d.actions) != 1 || d.actions[0].verb != doFail {
		t.Errorf("at the timeout: %+v", d)
	}
}

func TestEssentialExitEndsTheTask(t *testing.T) {
	d := decide(time.Unix(0, 0), []containerView{ran(box("app", true), 0), up(box("side", false), "UNKNOWN")}, false)
	if d.end == nil || d.end.Code != "EssentialContainerExited" || d.end.Reason != "Essential container in task exited" {
		t.Fatalf("end = %+v", d.end)
	}
	d = decide(time.Unix(0, 0), []containerView{up(box("app", true), "UNKNOWN"), ran(box("side", false), 1)}, false)
	if d.end != nil {
		t.Errorf("a non-essential container ended the task: %+v", d.end)
	}
}

func TestStopIsInReverseOrder(t *testing.T) {
	t0 := time.Unix(1000, 0)
	views := []containerView{up(box("db", true), "HEALTHY"), up(box("app", true, on("db", "HEALTHY")), "UNKNOWN")}
	d := decide(t0, views, true)
	if len(d.actions) != 1 || d.actions[0] != (action{verb: doTerm, container: 1}) {
		t.Fatalf("first the dependant: %+v", d)
	}
	views[1].termAt = t0
	if d = decide(t0.Add(29*time.Second), views, true); len(d.actions) != 0 || !d.wake.Equal(t0.Add(30*time.Second)) {
		t.Fatalf("patience until stopTimeout: %+v", d)
	}
	if d = decide(t0.Add(30*time.Second), views, true); len(d.actions) != 1 || d.actions[0].verb != doKill {
		t.Fatalf("then the kill: %+v", d)
	}
	views[1] = ran(views[1], 137)
	if d = decide(t0.Add(31*time.Second), views, true); len(d.actions) != 1 || d.actions[0] != (action{verb: doTerm, container: 0}) {
		t.Fatalf("then the one depended on: %+v", d)
	}
	views[0] = ran(views[0], 0)
	if d = decide(t0.Add(32*time.Second), views, true); !d.finish {
		t.Fatalf("then all is done: %+v", d)
	}
}

// Whatever the containers do, a task that is to stop comes to its end, and
// nothing is started once it stops.
func TestEveryTaskStops(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "containers")
		var views []containerView
		for i := range n {
			v := box(fmt.Sprint("c", i), rapid.Bool().Draw(t, "essential"))
			for j := range i {
				if rapid.Bool().Draw(t, "depends") {
					v.plan.DependsOn = append(v.plan.DependsOn, on(fmt.Sprint("c", j), rapid.SampledFrom([]string{"START", "COMPLETE", "SUCCESS", "HEALTHY"}).Draw(t, "condition")))
				}
			}
			v.phase = rapid.SampledFrom([]phase{waiting, running, ended}).Draw(t, "phase")
			v.started = v.phase == running || v.phase == ended && rapid.Bool().Draw(t, "started")
			views = append(views, v)
		}
		obeys := rapid.Bool().Draw(t, "obeys SIGTERM")
		now := time.Unix(0, 0)
		for range 10 * n {
			d := decide(now, views, true)
			if d.finish {
				return
			}
			for _, a := range d.actions {
				v := &views[a.container]
				switch a.verb {
				case doStart:
					t.Fatal("started a container of a stopping task")
				case doFail:
					v.phase = ended
				case doTerm:
					v.termAt = now
					if obeys {
						v.phase = ended
					}
				case doKill:
					v.killed, v.phase = true, ended
				}
			}
			if len(d.actions) == 0 {
				if !d.wake.After(now) {
					t.Fatalf("nothing to do, nothing to wait for: %+v", views)
				}
				now = d.wake
			}
		}
		t.Fatal("the task does not come to its end")
	})
}
