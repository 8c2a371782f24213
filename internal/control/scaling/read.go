package scaling

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/scaling"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// view is what the decision sees, with what the alarms watch.
type view struct {
	scaling.View
	known, gone bool // the target is registered; its service is not there any more
	alarms      map[string]cw.MetricAlarm
}

// read gathers what is to be seen of a target.
func read(r store.Reader, key state.Key, seen seen) view {
	v := view{alarms: map[string]cw.MetricAlarm{}}
	if v.Target, v.known = store.ScalableTargets.Get(r, key); !v.known {
		return v
	}
	service := key.Scope().Key(state.ScaledService(key.ID))
	svc, ok := store.Services.Get(r, service)
	if v.gone = !ok || svc.Status != state.ServiceActive; v.gone {
		return v
	}
	v.Looked = seen.alarms
	v.Service = scaling.Service{Desired: svc.DesiredCount, Deploying: len(svc.Rollouts) > 1 || len(svc.Rollouts) == 1 && svc.Rollouts[0].State == state.RolloutInProgress}
	for _, k := range seen.tasks {
		if t, ok := store.Tasks.Get(r, k); ok && running(t) {
			v.Service.Running++
		}
	}
	called := map[string]state.Alarm{}
	for _, name := range seen.calling {
		if a, ok := store.Alarms.Get(r, key.Scope().Key(name)); ok {
			called[name] = a
		}
	}
	for _, p := range store.ScalingPolicies.List(r, key.Scope(), state.ScalingID(key.ID, "")) {
		v.Policies = append(v.Policies, v.policy(p, called))
	}
	for _, a := range store.ScheduledScalings.List(r, key.Scope(), state.ScalingID(key.ID, "")) {
		v.Actions = append(v.Actions, a)
	}
	if id := v.Target.Progress.Pending; id != "" {
		if a, ok := store.ScalingActivities.Get(r, key.Scope().Key(id)); ok {
			v.Pending = &a
		}
	}
	return v
}

// running tells whether a task counts as DescribeServices counts.
func running(t state.Task) bool {
	return t.Observed.Status == state.TaskRunning && t.Desired.Status != state.TaskStopped
}

// policy is a policy with the alarms that call it.
func (v *view) policy(p state.ScalingPolicy, called map[string]state.Alarm) scaling.Policy {
	out := scaling.Policy{ScalingPolicy: p}
	for name, a := range called {
		if !calls(a, p) {
			continue
		}
		alarm := scaling.Alarm{Name: name, InAlarm: a.Value() == cw.StateValueAlarm}
		switch {
		case a.Metric != nil:
			alarm.Since, alarm.Threshold = aws.ToTime(a.Metric.StateTransitionedTimestamp), aws.ToFloat64(a.Metric.Threshold)
			alarm.Low = strings.HasPrefix(string(a.Metric.ComparisonOperator), "LessThan")
			v.alarms[name] = *a.Metric
		case a.Composite != nil: // it has no value, and so no policy can answer it
			continue
		}
		out.Alarms = append(out.Alarms, alarm)
	}
	slices.SortFunc(out.Alarms, func(a, b scaling.Alarm) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// calls tells whether an alarm calls a policy when it goes to ALARM.
func calls(a state.Alarm, p state.ScalingPolicy) bool {
	return slices.ContainsFunc(actions(a), p.CalledBy)
}

// actions are what an alarm calls when it goes to ALARM; none where that is
// disabled.
func actions(a state.Alarm) []string {
	if a.Metric == nil || !aws.ToBool(a.Metric.ActionsEnabled) {
		return nil
	}
	return a.Metric.AlarmActions
}
