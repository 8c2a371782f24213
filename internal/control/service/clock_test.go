package service

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/state"
)

// Waits that were counted from a time which now lies ahead, because the wall
// clock was set back a day, are begun anew and not waited for until tomorrow.
func TestTheClockIsSetBack(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tomorrow := now.Add(24 * time.Hour)
	view := func(b state.Backoff, tasks ...Task) View {
		return View{
			Scope: state.Scope{Account: "123456789012", Region: "us-east-1"},
			Service: state.Service{Name: "web", ClusterName: "default", Status: state.ServiceActive, Strategy: "REPLICA", DesiredCount: 1, GracePeriod: aws.Int32(30),
				Rollouts: []state.Rollout{{Revision: "1", Deployment: "d1", CreatedAt: tomorrow, State: state.RolloutInProgress, Backoff: b}}},
			Deployments: map[string]state.ServiceDeployment{}, Revisions: map[string]bool{"1": true}, Tasks: tasks,
		}
	}
	plan := Decide(now, view(state.Backoff{Steps: 4, Since: tomorrow, Until: tomorrow.Add(4 * time.Second)}))
	if len(plan.Launch) != 0 || !plan.Wake.Equal(now.Add(4*time.Second)) {
		t.Errorf("launches %v, looks again at %s", plan.Launch, plan.Wake)
	}
	if b := plan.Service.Rollouts[0].Backoff; !b.Since.Equal(now) {
		t.Errorf("backoff %+v", b)
	}
	sick := Task{Health: "UNHEALTHY", Task: state.Task{
		ID: "a", CreatedAt: tomorrow, Spec: state.TaskSpec{Service: state.TaskService{Revision: "1"}},
		Desired: state.Desired{Status: state.TaskRunning}, Observed: state.Observed{Status: state.TaskRunning, StartedAt: &tomorrow},
	}}
	if plan := Decide(now, view(state.Backoff{}, sick)); len(plan.Launch) != 1 || plan.Launch[0].Unhealthy != 1 {
		t.Errorf("an unhealthy task is in its grace period until tomorrow: launches %+v", plan.Launch)
	}
	well := sick
	well.Health = ""
	if plan := Decide(now, view(state.Backoff{}, well)); plan.Service.Rollouts[0].State != state.RolloutCompleted {
		t.Errorf("a task that runs counts tomorrow: the deployment is %s", plan.Service.Rollouts[0].State)
	}
}
