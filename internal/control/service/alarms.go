package service

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// longestBake bounds how long alarms are watched after a deployment has all its
// tasks. ECS works it out from the alarms, too, and it is less than five minutes.
const longestBake = 5 * time.Minute

// alarms are those that the primary's deployment watches.
func alarms(r store.Reader, scope state.Scope, v View) map[string]Alarm {
	p := v.Service.Primary()
	if p == nil {
		return nil
	}
	dep := v.Deployments[p.Deployment]
	if dep.Alarms.Status != "MONITORING" || dep.Configuration.Alarms == nil {
		return nil
	}
	out := map[string]Alarm{}
	for _, name := range dep.Configuration.Alarms.AlarmNames {
		if a, ok := store.Alarms.Get(r, scope.Key(name)); ok {
			out[name] = Alarm{Off: a.Value() == cwtypes.StateValueAlarm, Bake: min(longestBake, bake(r, scope, a, map[string]bool{}))}
		}
	}
	return out
}

// bake is how long an alarm takes to tell of what has just begun: its
// evaluation periods, and the time until it is evaluated. A composite alarm
// takes as long as the slowest of its children.
func bake(r store.Reader, scope state.Scope, a state.Alarm, seen map[string]bool) (longest time.Duration) {
	if m := a.Metric; m != nil {
		return alarm.Period(*m)*time.Duration(aws.ToInt32(m.EvaluationPeriods)) + alarm.Every(*m)
	}
	if a.Composite == nil || seen[a.Name()] {
		return 0
	}
	seen[a.Name()] = true
	rule, err := alarm.ParseRule(aws.ToString(a.Composite.AlarmRule))
	if err != nil {
		return 0 // it was checked when it was made
	}
	for _, child := range rule.Children {
		of, _ := store.Alarms.Get(r, scope.Key(alarm.ChildName(child)))
		longest = max(longest, bake(r, scope, of, seen))
	}
	return longest
}

// alarmed fails the primary's rollout when one of its alarms goes off after one
// of its tasks runs, and goes back to the last one that completed, if that is
// wanted and there is one.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
func (d *draft) alarmed() {
	p := d.s.Primary()
	if p == nil || p.State != state.RolloutInProgress {
		return
	}
	dep := d.deps[p.Deployment]
	if dep.Alarms.Status != "MONITORING" || !slices.ContainsFunc(d.tasks, func(t *Task) bool { return t.running() && t.Spec.Service.Revision == p.Revision }) {
		return
	}
	var off []string
	for name, a := range d.v.Alarms {
		if a.Off {
			off = append(off, name)
		}
	}
	if len(off) == 0 {
		return
	}
	slices.Sort(off)
	id := state.RolloutID(p.Revision)
	p.State, p.Reason, p.UpdatedAt = state.RolloutFailed, "ECS deployment failed: alarm detected.", d.now
	d.tell("(deployment %s) deployment failed: alarm detected.", id)
	d.note("deployment %s failed: in ALARM: %s", id, strings.Join(off, ", "))
	d.fact(Fact{Type: "ERROR", Name: "SERVICE_DEPLOYMENT_FAILED", Deployment: id, Reason: p.Reason})
	dep.Alarms = state.AlarmMonitor{Status: "TRIGGERED", Triggered: off}
	unwatch(&dep)
	d.deps[p.Deployment] = dep
	if dep.Configuration.Alarms.Rollback && d.rollback(p, p.Reason, "ECS deployment alarms: ") {
		return
	}
	dep.Status, dep.StatusReason, dep.FinishedAt, dep.StoppedAt = "STOPPED", p.Reason, &d.now, &d.now
	d.deps[p.Deployment] = dep
}

// baking tells whether a rollout that has all its tasks waits for what its
// alarms say of them.
func (d *draft) baking(p *state.Rollout) bool {
	dep, ok := d.deps[p.Deployment]
	if !ok || dep.Alarms.Status != "MONITORING" {
		return false
	}
	if dep.BakeUntil == nil || setBack(*dep.BakeUntil, d.now.Add(longestBake)) {
		longest := time.Duration(0)
		for _, a := range d.v.Alarms {
			longest = max(longest, a.Bake)
		}
		end := d.now.Add(longest)
		dep.BakeUntil = &end
		d.deps[p.Deployment] = dep
	}
	d.wake(*dep.BakeUntil)
	return d.now.Before(*dep.BakeUntil)
}

// unwatch ends what a deployment watches.
func unwatch(dep *state.ServiceDeployment) {
	for _, status := range []*string{&dep.Breaker.Status, &dep.Alarms.Status} {
		if *status == "MONITORING" {
			*status = "MONITORING_COMPLETE"
		}
	}
}
