package service

import (
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// View is what Decide sees of a service.
type View struct {
	Scope       state.Scope
	Service     state.Service
	Deployments map[string]state.ServiceDeployment // of its rollouts, by id
	Images      map[string]bool                    // revisions whose images are fixed already
	Revisions   map[string]bool                    // revisions that exist
	Tasks       []Task                             // all that have not stopped, and those whose end was not counted
	Instances   []Instance                         // of the cluster, for a DAEMON and for what drains
	Groups      map[string]bool                    // target groups that exist, by id
	Alarms      map[string]Alarm                   // those that the primary's deployment names, by name
}

// Alarm is an alarm that a deployment watches.
type Alarm struct {
	Off  bool          // it has gone off: it is in ALARM
	Bake time.Duration // how long it takes to tell of what has just begun
}

// Task is a task of the service, with what decides whether it counts.
type Task struct {
	state.Task
	// Health is what the health checks of its essential containers say:
	// HEALTHY, UNHEALTHY or UNKNOWN; "" when it has none.
	Health  string
	Targets []Target
}

// Target is a place where a balancer reaches a task.
type Target struct {
	state.TargetPlace
	Known bool // it is registered, for this task
	Since *time.Time
	state.TargetHealth
}

// Instance is a container instance of the cluster.
type Instance struct {
	ARN    string
	ID     string
	Active bool
	Member bool // of those that a DAEMON's placement constraints name
}

// Plan is what to write. Launches come last, as their outcome is told too.
type Plan struct {
	Service     state.Service
	Changed     bool // Service differs from the view's
	Tasks       []state.Task
	Register    []Registration
	Drain       []string // ids of targets, from now
	Deployments []state.ServiceDeployment
	Images      map[string]map[string]string // by revision: images to fix
	Launch      []Launch
	Events      []string
	Facts       []Fact
	Wake        time.Time // look again then; zero: when something changes
	Remove      bool      // nothing of the service is kept any more
}

// Registration is a target to register.
type Registration struct {
	state.TargetPlace
	Task string
}

// Launch is a number of tasks to make of a revision.
type Launch struct {
	Revision  string
	N         int
	Instances []string // ids, for a DAEMON
	Unhealthy int      // how many of them replace unhealthy tasks
	// Leaving says that tasks of the service are on their way out, and what they
	// hold with them: having no place is nothing to complain of yet.
	Leaving bool
	// What the service has, by availability zone and by capacity provider.
	Zones, Providers map[string]int
}

// Fact is what EventBridge would be told, or, without a name, what people are
// told besides.
type Fact struct {
	Type   string // INFO, WARN or ERROR
	Name   string
	Reason string
	// Deployment is the id of a deployment's change, "" for a service action.
	Deployment string
}

// Empty tells that there is nothing to write.
func (p Plan) Empty() bool {
	return !p.Remove && !p.Changed && len(p.Tasks)+len(p.Register)+len(p.Drain)+len(p.Deployments)+len(p.Images)+len(p.Launch)+len(p.Events)+len(p.Facts) == 0
}

// draft is a plan while it is made.
type draft struct {
	now   time.Time
	v     View
	s     *state.Service
	tasks []*Task
	dirty map[string]bool // tasks that changed
	deps  map[string]state.ServiceDeployment
	plan  Plan
}

// wake asks for another look at a time to come.
func (d *draft) wake(at time.Time) {
	if at.After(d.now) && (d.plan.Wake.IsZero() || at.Before(d.plan.Wake)) {
		d.plan.Wake = at
	}
}
