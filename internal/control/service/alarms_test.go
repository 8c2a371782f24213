package service_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// alarm puts an alarm over two minutes in a state.
func (s *stage) alarm(name string, value cwtypes.StateValue) {
	s.update(func(w store.Writer) error {
		return store.Alarms.Put(w, scope.Key(name), state.Alarm{Metric: &cwtypes.MetricAlarm{AlarmName: &name, Period: aws.Int32(60), EvaluationPeriods: aws.Int32(2), StateValue: value}})
	})
}

func watching(rollback bool) func(*ecs.CreateServiceInput) {
	return func(in *ecs.CreateServiceInput) {
		in.DeploymentConfiguration = &types.DeploymentConfiguration{Alarms: &types.DeploymentAlarms{Enable: true, Rollback: rollback, AlarmNames: []string{"errors", "later"}}}
	}
}

func (s *stage) newest() types.ServiceDeployment {
	s.t.Helper()
	list, err := s.ListServiceDeployments(s.t.Context(), &ecs.ListServiceDeploymentsInput{Service: aws.String("web")})
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := s.DescribeServiceDeployments(s.t.Context(), &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{*list.ServiceDeployments[0].ServiceDeploymentArn}})
	if err != nil {
		s.t.Fatal(err)
	}
	return out.ServiceDeployments[0]
}

// A deployment that has all its tasks watches its alarms for their periods and
// until they are evaluated, and is then complete; a restart changes nothing.
func TestDeploymentsBake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		stop := s.run()
		s.alarm("errors", cwtypes.StateValueOk)
		s.register("web", "")
		s.create(1, watching(true))
		time.Sleep(2 * time.Minute)
		if d := s.newest(); d.Status != types.ServiceDeploymentStatusInProgress || d.Alarms.Status != types.ServiceDeploymentRollbackMonitorsStatusMonitoring || len(d.Alarms.AlarmNames) != 2 {
			t.Errorf("while it bakes: %s, %+v", d.Status, d.Alarms)
		}
		stop()
		stop = s.run()
		time.Sleep(70 * time.Second)
		synctest.Wait()
		if d := s.newest(); d.Status != types.ServiceDeploymentStatusSuccessful || d.Alarms.Status != types.ServiceDeploymentRollbackMonitorsStatusMonitoringComplete || d.FinishedAt.Sub(*d.StartedAt) > 190*time.Second {
			t.Errorf("afterwards: %s after %s, %+v", d.Status, d.FinishedAt.Sub(*d.StartedAt), d.Alarms)
		}
		s.alarm("errors", cwtypes.StateValueAlarm) // it is none of the deployment's business any more
		synctest.Wait()
		if d := s.newest(); d.Status != types.ServiceDeploymentStatusSuccessful {
			t.Errorf("an alarm later: %s", d.Status)
		}
		stop()
	})
}

func TestAlarmsFailDeployments(t *testing.T) {
	for _, rollback := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t)
			defer s.run()()
			s.alarm("errors", cwtypes.StateValueOk)
			s.register("web", "")
			s.create(2, watching(rollback))
			s.stable(time.Hour)
			before := s.describe().Deployments[0]
			s.register("web", "")
			s.deploy(func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("web") })
			time.Sleep(30 * time.Second)
			s.alarm("later", cwtypes.StateValueAlarm) // one that is made meanwhile counts
			synctest.Wait()
			d := s.newest()
			if d.Alarms.Status != types.ServiceDeploymentRollbackMonitorsStatusTriggered || strings.Join(d.Alarms.TriggeredAlarmNames, " ") != "later" {
				t.Errorf("alarms: %+v", d.Alarms)
			}
			want := types.ServiceDeploymentStatusStopped
			if rollback {
				want = types.ServiceDeploymentStatusRollbackInProgress
			}
			if d.Status != want {
				t.Errorf("the deployment is %s, want %s", d.Status, want)
			}
			all := strings.Join(s.events(), "\n")
			if !strings.Contains(all, "deployment failed: alarm detected.") || rollback != strings.Contains(all, "(service web) rolling back to deployment "+*before.Id+".") {
				t.Errorf("events\n%s", all)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			after := s.describe()
			if rollback && (*after.Deployments[0].Id != *before.Id || after.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted || s.newest().Status != types.ServiceDeploymentStatusRollbackSuccessful) {
				t.Errorf("it is at %s, %s", *after.Deployments[0].Id, after.Deployments[0].RolloutState)
			}
			if !rollback && (after.Deployments[0].RolloutState != types.DeploymentRolloutStateFailed || *after.Deployments[0].RolloutStateReason != "ECS deployment failed: alarm detected.") {
				t.Errorf("it is %s, %s", after.Deployments[0].RolloutState, *after.Deployments[0].RolloutStateReason)
			}
		})
	}
}

// A deployment that begins while an alarm is off does not watch its alarms.
func TestAlarmsThatAreOffAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		defer s.run()()
		s.alarm("errors", cwtypes.StateValueAlarm)
		s.register("web", "")
		s.create(1, watching(true))
		if took := s.stable(time.Minute); took > 10*time.Second {
			t.Errorf("stable after %s", took)
		}
		if d := s.newest(); d.Status != types.ServiceDeploymentStatusSuccessful || d.Alarms.Status != types.ServiceDeploymentRollbackMonitorsStatusDisabled {
			t.Errorf("%s, %+v", d.Status, d.Alarms)
		}
	})
}
