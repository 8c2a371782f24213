package service

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// read gathers what is to be seen of a service; false when it is gone. tasks
// are the keys of its tasks.
func (l *Loop) read(r store.Reader, key state.Key, tasks []state.Key) (View, bool) {
	s, ok := store.Services.Get(r, key)
	if !ok {
		return View{}, false
	}
	scope := key.Scope()
	v := View{Scope: scope, Service: s, Deployments: map[string]state.ServiceDeployment{}, Images: map[string]bool{}, Revisions: map[string]bool{}, Groups: map[string]bool{}}
	revisions := []string{s.LastCompleted}
	for _, rollout := range s.Rollouts {
		revisions = append(revisions, rollout.Revision)
		if dep, ok := store.ServiceDeployments.Get(r, scope.Key(state.ServiceDeploymentID(key.ID, rollout.Deployment))); ok {
			v.Deployments[rollout.Deployment] = dep
		}
	}
	for _, number := range revisions {
		if rev, ok := store.ServiceRevisions.Get(r, scope.Key(state.ServiceRevisionID(key.ID, number))); ok {
			v.Revisions[number], v.Images[number] = true, len(rev.Images) > 0
		}
	}
	v.Alarms = alarms(r, scope, v)
	machines := s.Strategy == "DAEMON"
	checks := map[string][]string{}
	for _, k := range tasks {
		t, ok := store.Tasks.Get(r, k)
		if !ok || t.Spec.Service.Service != key.ID || t.Observed.Status >= state.TaskStopped && t.Schedule.Ended {
			continue
		}
		machines = machines || t.Placement.ContainerInstance != ""
		v.Tasks = append(v.Tasks, Task{Task: t, Health: health(t, checked(r, scope, t, checks)), Targets: targets(r, scope, t, v.Groups)})
	}
	if machines {
		member := func(state.ContainerInstance) bool { return true }
		if s.Strategy == "DAEMON" {
			member = l.Launcher.MembersForService(r, scope, s)
		}
		for _, inst := range store.ContainerInstances.List(r, scope, state.ContainerInstanceKey(s.ClusterName, "")) {
			v.Instances = append(v.Instances, Instance{ARN: inst.ARN, ID: inst.ID, Active: inst.Status == "ACTIVE", Member: member(inst)})
		}
	}
	return v, true
}

// checked names the essential containers of a task that have a health check.
func checked(r store.Reader, scope state.Scope, t state.Task, known map[string][]string) []string {
	id := state.TaskDefinitionID(t.Spec.Family, t.Spec.Revision)
	if names, ok := known[id]; ok {
		return names
	}
	def, _ := store.TaskDefinitions.Get(r, scope.Key(id))
	var names []string
	for _, c := range def.Definition.ContainerDefinitions {
		if h := c.HealthCheck; h != nil && len(h.Command) > 0 && h.Command[0] != "NONE" && (c.Essential == nil || *c.Essential) {
			names = append(names, aws.ToString(c.Name))
		}
	}
	known[id] = names
	return names
}

// health is what the checks of the named containers say together.
func health(t state.Task, names []string) string {
	if len(names) == 0 {
		return ""
	}
	out := ecstypes.HealthStatusHealthy
	for _, c := range t.Observed.Containers {
		switch {
		case !slices.Contains(names, c.Name) || c.Health == string(ecstypes.HealthStatusHealthy):
		case c.Health == string(ecstypes.HealthStatusUnhealthy):
			return c.Health
		default:
			out = ecstypes.HealthStatusUnknown
		}
	}
	return string(out)
}

// targets are the places where balancers reach the task, with what is known
// of them.
func targets(r store.Reader, scope state.Scope, t state.Task, groups map[string]bool) (out []Target) {
	for _, p := range t.Targets() {
		if _, ok := store.TargetGroups.Get(r, scope.Key(p.Group)); ok {
			groups[p.Group] = true
		}
		target := Target{TargetPlace: p}
		if known, ok := store.Targets.Get(r, scope.Key(p.ID())); ok && known.Task == t.ID {
			target.Known, target.Since, target.TargetHealth = true, known.Draining, known.Health
		}
		out = append(out, target)
	}
	return out
}
