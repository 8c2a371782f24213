package agent

import (
	"fmt"
	"time"

	"github.com/hatoba/hatoba/internal/agent/health"
	"github.com/hatoba/hatoba/internal/state"
)

// phase is where a container stands on this node.
type phase int

const (
	waiting  phase = iota // for what it depends on
	starting              // create and start are under way
	running
	ended // exited, failed to start, or never to be started
)

// containerView is what decide knows of one container.
type containerView struct {
	plan      state.ContainerPlan
	phase     phase
	started   bool      // its process ran
	startedAt time.Time // when it became running, in this life
	endedAt   time.Time // when that life ended
	restarts  int       // how often its policy started it again
	exitCode  *int32
	failure   string // why it could not be started
	health    string

	shownHealth string    // what the metadata endpoint tells
	healthSince time.Time // and since when

	termAt time.Time // when it was asked to stop; zero: not yet
	killed bool
}

// cause is why a task ends. Code and Reason are empty when somebody asked for
// it: then the control plane has AWS's words already.
type cause struct {
	Code   string
	Reason string
}

// verb is what decide wants done with a container.
type verb int

const (
	doStart verb = iota
	doFail       // it can never start: reason says why
	doRestart
	doTerm
	doKill
)

// action is one thing to do now.
type action struct {
	verb      verb
	container int
	reason    string
}

// decision is what to do next.
type decision struct {
	end     *cause // set once: the task ends because of this
	actions []action
	wake    time.Time // look again then, even if nothing happens; zero: no need
	finish  bool      // all has ended: clean up
}

// decide tells what a task needs next. It is pure: the same view gives the
// same decision. stopping says that the task is to end, for whatever cause.
//
// The rules are those of ECS container dependencies; shutdown is the reverse
// order of start.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
func decide(now time.Time, containers []containerView, stopping bool) decision {
	var d decision
	if !stopping {
		if d.end = endCause(containers); d.end == nil {
			return d.start(now, containers)
		}
	}
	return d.stop(now, containers)
}

// endCause finds the essential container whose end ends the task.
func endCause(containers []containerView) *cause {
	for _, c := range containers {
		if c.phase != ended || !c.plan.Essential || c.again() {
			continue
		}
		if !c.started {
			return &cause{Code: "TaskFailedToStart", Reason: c.failure}
		}
		return &cause{Code: "EssentialContainerExited", Reason: "Essential container in task exited"}
	}
	return nil
}

func (d decision) start(now time.Time, containers []containerView) decision {
	for i, c := range containers {
		if c.again() {
			d.actions = append(d.actions, action{verb: doRestart, container: i})
		}
		if c.phase != waiting {
			continue
		}
		ready := true
		for _, dep := range c.plan.DependsOn {
			ok, why, wake := satisfied(now, dep, containers)
			if why != "" {
				d.actions = append(d.actions, action{doFail, i, why})
				ready = false
				break
			}
			d.wake = sooner(d.wake, wake)
			ready = ready && ok
		}
		if ready {
			d.actions = append(d.actions, action{verb: doStart, container: i})
		}
	}
	return d
}

// satisfied tells whether a dependency holds, or why it never will. wake is
// when its start timeout would run out.
func satisfied(now time.Time, dep state.Dependency, containers []containerView) (ok bool, why string, wake time.Time) {
	on := find(containers, dep.Container)
	if on == nil {
		return false, "TaskDependencyError: the task has no container " + dep.Container, wake
	}
	done := on.phase == ended && !on.again() // for good
	switch dep.Condition {
	case "START":
		if on.phase == running || (on.phase == ended && on.started) {
			return true, "", wake
		}
	case "COMPLETE":
		if done && on.exitCode != nil {
			return true, "", wake
		}
	case "SUCCESS":
		if done && on.exitCode != nil {
			if *on.exitCode == 0 {
				return true, "", wake
			}
			return false, fmt.Sprintf("TaskDependencyError: container %s exited with %d, SUCCESS was required", dep.Container, *on.exitCode), wake
		}
	case "HEALTHY":
		if on.health == health.Healthy && on.phase == running {
			return true, "", wake
		}
		if done && on.started {
			return false, fmt.Sprintf("TaskDependencyError: container %s ended before it was HEALTHY", dep.Container), wake
		}
	}
	if on.again() {
		return false, "", wake
	}
	if on.phase == ended && on.started {
		return false, fmt.Sprintf("TaskDependencyError: container %s ended in a way that is not known, %s was required", dep.Container, dep.Condition), wake
	}
	if on.phase == ended {
		return false, fmt.Sprintf("TaskDependencyError: container %s could not be started", dep.Container), wake
	}
	if on.plan.StartTimeout > 0 && on.phase == running && dep.Condition != "START" {
		wake = on.startedAt.Add(on.plan.StartTimeout)
		if !now.Before(wake) {
			return false, fmt.Sprintf("TaskDependencyError: container %s did not reach %s within its startTimeout of %s", dep.Container, dep.Condition, on.plan.StartTimeout), time.Time{}
		}
	}
	return false, "", wake
}

func (d decision) stop(now time.Time, containers []containerView) decision {
	d.finish = true
	for i, c := range containers {
		if c.phase == ended {
			continue
		}
		d.finish = false
		switch {
		case c.phase == waiting:
			d.actions = append(d.actions, action{doFail, i, ""})
		case c.phase == starting || neededBy(c.plan.Name, containers):
			// its start ends first; those that depend on it end first
		case c.termAt.IsZero():
			d.actions = append(d.actions, action{verb: doTerm, container: i})
		case !c.killed:
			deadline := c.termAt.Add(c.plan.StopTimeout)
			if now.Before(deadline) {
				d.wake = sooner(d.wake, deadline)
			} else {
				d.actions = append(d.actions, action{verb: doKill, container: i})
			}
		}
	}
	return d
}

// neededBy tells whether a container that depends on name is still alive.
func neededBy(name string, containers []containerView) bool {
	for _, c := range containers {
		if c.phase != running && c.phase != starting {
			continue
		}
		for _, dep := range c.plan.DependsOn {
			if dep.Container == name {
				return true
			}
		}
	}
	return false
}

func find(containers []containerView, name string) *containerView {
	for i := range containers {
		if containers[i].plan.Name == name {
			return &containers[i]
		}
	}
	return nil
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// allUp tells whether every container has reached its steady state, which is
// when ECS calls the task RUNNING. One that did its work and ended counts.
func allUp(containers []containerView) bool {
	for _, c := range containers {
		if c.phase != running && c.phase != ended {
			return false
		}
	}
	return true
}
