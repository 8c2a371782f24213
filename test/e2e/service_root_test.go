package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// services is a world with a service of three tasks that pass a health check.
type services struct {
	*harness.World
	t *testing.T
}

func startService(t *testing.T) services {
	s := services{harness.Start(t), t}
	s.Image()
	s.register("touch-then-wait")
	_, err := s.ECS.CreateService(t.Context(), &ecs.CreateServiceInput{
		ServiceName: aws.String("web"), TaskDefinition: aws.String("web"), DesiredCount: aws.Int32(3), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a1b2c3d4e5f60718"}}},
		DeploymentConfiguration: &types.DeploymentConfiguration{
			MinimumHealthyPercent: aws.Int32(100), MaximumPercent: aws.Int32(150),
			DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.stable()
	return s
}

// register registers a definition of the service with a command of the app.
func (s services) register(command ...string) {
	s.t.Helper()
	app := s.Container("app", command...)
	app.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "/app", "healthy"}, Interval: aws.Int32(5)}
	s.Register("web", nil, app)
}

func (s services) describe() types.Service {
	s.t.Helper()
	out, err := s.ECS.DescribeServices(s.t.Context(), &ecs.DescribeServicesInput{Services: []string{"web"}})
	if err != nil || len(out.Services) != 1 {
		s.t.Fatalf("described %+v, %v", out, err)
	}
	return out.Services[0]
}

// stable waits for what the waiter services-stable waits for, and for the
// deployment's end.
func (s services) stable() (d types.Service) {
	s.t.Helper()
	s.Eventually("the service is stable", func() bool {
		d = s.describe()
		return len(d.Deployments) == 1 && d.RunningCount == d.DesiredCount && d.Deployments[0].RolloutState == types.DeploymentRolloutStateCompleted
	})
	return d
}

// tasks are the service's that are to run, with how many of them are healthy,
// all at one moment: none came or went between the two questions.
func (s services) tasks() (out []types.Task, healthy int) {
	s.t.Helper()
	list := func() []string {
		list, err := s.ECS.ListTasks(s.t.Context(), &ecs.ListTasksInput{ServiceName: aws.String("web")})
		if err != nil {
			s.t.Fatal(err)
		}
		return list.TaskArns
	}
	for arns := list(); ; {
		out, healthy = nil, 0
		if len(arns) > 0 {
			described, err := s.ECS.DescribeTasks(s.t.Context(), &ecs.DescribeTasksInput{Tasks: arns})
			if err != nil {
				s.t.Fatal(err)
			}
			out = described.Tasks
		}
		for _, task := range out {
			if task.HealthStatus == types.HealthStatusHealthy {
				healthy++
			}
		}
		again := list()
		if slices.Equal(arns, again) {
			return out, healthy
		}
		arns = again
	}
}

func (s services) update(change func(*ecs.UpdateServiceInput)) types.Service {
	s.t.Helper()
	in := &ecs.UpdateServiceInput{Service: aws.String("web")}
	change(in)
	out, err := s.ECS.UpdateService(s.t.Context(), in)
	if err != nil {
		s.t.Fatal(err)
	}
	return *out.Service
}

func (s services) events() string {
	var b strings.Builder
	for _, e := range s.describe().Events {
		fmt.Fprintf(&b, "%s %s\n", e.CreatedAt.Format("05.000"), aws.ToString(e.Message))
	}
	return b.String()
}

func (s services) delete() {
	s.t.Helper()
	if _, err := s.ECS.DeleteService(s.t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web"), Force: aws.Bool(true)}); err != nil {
		s.t.Fatal(err)
	}
	waiter := ecs.NewServicesInactiveWaiter(s.ECS, func(o *ecs.ServicesInactiveWaiterOptions) { o.MinDelay, o.MaxDelay = time.Second, time.Second })
	if err := waiter.Wait(s.t.Context(), &ecs.DescribeServicesInput{Services: []string{"web"}}, harness.Patience); err != nil {
		s.t.Errorf("the deleted service: %v", err)
	}
}

// A rolling update with real containers keeps the healthy ones it must, and no
// more than it may; a revision that fails is rolled back; a killed container
// is replaced; the service ends.
func TestServiceLifeCycle(t *testing.T) {
	s := startService(t)
	first := s.describe()

	second := fmt.Sprint("second-of-", os.Getpid()) // nobody else's processes have it
	s.register("touch-then-wait", second)
	s.update(func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("web") })
	s.Eventually("the update is complete", func() bool {
		tasks, healthy := s.tasks()
		if healthy < 3 || len(tasks) > 4 { // 3 of 3 at least, 150 % of 3 at most
			t.Errorf("%d tasks, %d healthy\n%s", len(tasks), healthy, s.events())
			return true
		}
		d := s.describe()
		return len(d.Deployments) == 1 && d.Deployments[0].RolloutState == types.DeploymentRolloutStateCompleted
	})
	rolled := s.stable()
	if aws.ToString(rolled.TaskDefinition) == aws.ToString(first.TaskDefinition) || aws.ToString(rolled.Deployments[0].Id) == aws.ToString(first.Deployments[0].Id) {
		t.Errorf("nothing was deployed: %+v", rolled.Deployments)
	}

	s.register("exit", "3")
	s.update(func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("web") })
	s.Eventually("the broken revision is rolled back", func() bool {
		d := s.describe()
		return strings.Contains(s.events(), "rolling back to deployment") && len(d.Deployments) == 1 && d.Deployments[0].RolloutState == types.DeploymentRolloutStateCompleted
	})
	if back := s.describe(); aws.ToString(back.Deployments[0].Id) != aws.ToString(rolled.Deployments[0].Id) {
		t.Errorf("it is rolled back to %s\n%s", aws.ToString(back.Deployments[0].Id), s.events())
	}
	if _, healthy := s.tasks(); healthy != 3 {
		t.Errorf("%d tasks are healthy after the roll-back\n%s", healthy, s.events())
	}

	s.update(func(in *ecs.UpdateServiceInput) { in.DesiredCount = aws.Int32(1) })
	s.Eventually("one task is left", func() bool { tasks, _ := s.tasks(); return len(tasks) == 1 })
	tasks, _ := s.tasks()
	for _, pid := range harness.Pids(second) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	s.Eventually("the killed one is replaced", func() bool {
		now, healthy := s.tasks()
		return healthy == 1 && aws.ToString(now[0].TaskArn) != aws.ToString(tasks[0].TaskArn)
	})
	if out, err := s.CLI("services"); err != nil || !strings.Contains(out, "web") || !strings.Contains(out, "completed") {
		t.Errorf("hatoba services: %v\n%s", err, out)
	}
	if out, err := s.CLI("events", "web"); err != nil || !strings.Contains(out, "has reached a steady state.") || !strings.Contains(out, "rolling back") {
		t.Errorf("hatoba events web: %v\n%s", err, out)
	}
	s.delete()
}

// Hatoba is killed in the middle of a deployment, again and again; it goes on
// where it was.
func TestADeploymentSurvivesKills(t *testing.T) {
	s := startService(t)
	before := s.describe()
	s.register("touch-then-wait", "second")
	s.update(func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("web") })
	for i := range 3 { // once each new task is on its way, and before the last one is healthy
		s.Eventually("the deployment goes on", func() bool {
			d := s.describe()
			n := d.Deployments[0].RunningCount + d.Deployments[0].PendingCount
			return int(n) > i || d.Deployments[0].RolloutState == types.DeploymentRolloutStateCompleted
		})
		s.Kill()
		s.Up()
	}
	after := s.stable()
	if aws.ToString(after.TaskDefinition) == aws.ToString(before.TaskDefinition) {
		t.Errorf("nothing was deployed: %+v", after.Deployments)
	}
	if tasks, healthy := s.tasks(); len(tasks) != 3 || healthy != 3 {
		t.Errorf("%d tasks, %d healthy\n%s", len(tasks), healthy, s.events())
	}
	if n := strings.Count(s.events(), "deployment completed."); n != 2 {
		t.Errorf("%d deployments were completed\n%s", n, s.events())
	}
	s.delete()
}
