package service

import (
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

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

func (t *Task) wanted() bool  { return t.Desired.Status == state.TaskRunning }
func (t *Task) running() bool { return t.wanted() && t.Observed.Status == state.TaskRunning }
func (t *Task) pending() bool { return t.wanted() && t.Observed.Status < state.TaskRunning }

// drained tells that no balancer sends to the task.
func (t *Task) drained() bool {
	for _, target := range t.Targets {
		if target.Known {
			return false
		}
	}
	return true
}

// graced tells whether a bad health is not held against the task yet.
func (d *draft) graced(t *Task) bool {
	grace := time.Duration(0)
	if g := d.s.GracePeriod; g != nil {
		grace = time.Duration(*g) * time.Second
	}
	if grace == 0 || t.Observed.StartedAt == nil {
		return false
	}
	end := t.Observed.StartedAt.Add(grace)
	d.wake(end)
	return d.now.Before(end)
}

// sick tells why a task is unhealthy, "" when it is not.
func (d *draft) sick(t *Task) (reason string, group string) {
	if !t.running() {
		return "", ""
	}
	if t.Health == string(ecstypes.HealthStatusUnhealthy) && !d.graced(t) {
		return "container", ""
	}
	for _, target := range t.Targets {
		if target.Known && target.State == "unhealthy" && !d.graced(t) {
			return target.Description, target.Group
		}
	}
	return "", ""
}

// bad tells whether a task is to be replaced: it is unhealthy, or its
// container instance is to be emptied.
func (d *draft) bad(t *Task) bool {
	reason, _ := d.sick(t)
	return reason != "" || d.leaving(t)
}

func (d *draft) leaving(t *Task) bool {
	if t.Placement.ContainerInstance == "" {
		return false
	}
	for _, inst := range d.v.Instances {
		if inst.ARN == t.Placement.ContainerInstance {
			return !inst.Active
		}
	}
	return true
}

// serving tells whether a task runs and all that is asked about its health
// says that it is.
func (d *draft) serving(t *Task) bool {
	if !t.running() || d.leaving(t) {
		return false
	}
	if t.Health != "" && t.Health != string(ecstypes.HealthStatusHealthy) {
		return false
	}
	for _, target := range t.Targets {
		if !target.Known || target.State != "healthy" {
			return false
		}
	}
	if len(t.Spec.Service.Ports) > 0 && len(t.Targets) < len(t.Spec.Service.Ports) {
		return false
	}
	return true
}

// good tells whether a task counts as healthy.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
func (d *draft) good(t *Task) bool {
	if !d.serving(t) {
		return false
	}
	if t.Health != "" || len(t.Targets) > 0 {
		return true
	}
	if r := d.s.Rollout(t.Spec.Service.Revision); r == nil || r.Proven || t.Observed.StartedAt == nil {
		return true
	}
	end := t.Observed.StartedAt.Add(proof)
	d.wake(end)
	return !d.now.Before(end)
}

// wake asks for another look at a time to come.
func (d *draft) wake(at time.Time) {
	if at.After(d.now) && (d.plan.Wake.IsZero() || at.Before(d.plan.Wake)) {
		d.plan.Wake = at
	}
}
