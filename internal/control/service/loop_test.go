package service_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

func TestARollingUpdateTakesAsLongAsItsTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.behave = func(state.Task) behaviour { return behaviour{start: time.Second, health: "HEALTHY"} }
		defer s.run()()
		s.register("web", "true")
		s.create(4)
		if took := s.stable(time.Minute); took > 1200*time.Millisecond {
			t.Errorf("the first deployment took %s", took)
		}
		s.register("web", "true")
		s.deploy(func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("web") })
		if took := s.stable(time.Minute); took > 1300*time.Millisecond {
			t.Errorf("the update took %s", took)
		}
		if s.most != 8 || s.launched != 8 {
			t.Errorf("%d tasks at once, %d in all", s.most, s.launched)
		}
		want := []string{
			"(service web) has started 4 tasks: (task ID (task ID (task ID (task ID",
			"(deployment", "has reached a steady state.",
			"(service web) has started 4 tasks:", "(service web) has stopped 4 running tasks:",
			"deployment completed.", "(service web) has reached a steady state.",
		}
		got := s.events()
		if len(got) != len(want) {
			t.Fatalf("events:\n%s", strings.Join(got, "\n"))
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("event %d is %q, want %q", i, got[i], want[i])
			}
		}
	})
}

// Desired 4, minimum 50, maximum 100: two go first, as in AWS's own example.
func TestWithoutRoomTheOldGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.behave = func(state.Task) behaviour { return behaviour{start: time.Second, health: "HEALTHY"} }
		defer s.run()()
		s.register("web", "true")
		s.create(4, func(in *ecs.CreateServiceInput) {
			in.DeploymentConfiguration = &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(50), MaximumPercent: aws.Int32(100)}
		})
		s.stable(time.Minute)
		s.deploy(func(in *ecs.UpdateServiceInput) { in.ForceNewDeployment = true })
		if took := s.stable(time.Minute); took < 2*time.Second || took > 3*time.Second {
			t.Errorf("the update took %s", took)
		}
		if s.most != 4 {
			t.Errorf("%d tasks at once", s.most)
		}
	})
}

func TestTheBreakerRollsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		defer s.run()()
		s.register("web", "")
		s.create(2, func(in *ecs.CreateServiceInput) {
			in.DeploymentConfiguration = &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}}
		})
		s.stable(time.Minute)
		before := s.describe().Deployments[0]
		s.mu.Lock()
		s.behave = func(state.Task) behaviour { return behaviour{} }
		s.mu.Unlock()
		s.register("web", "")
		s.deploy(func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("web") })
		if took := s.stable(time.Minute); took > 4*time.Second {
			t.Errorf("rolled back after %s", took)
		}
		after := s.describe()
		if *after.Deployments[0].Id != *before.Id || *after.TaskDefinition != *before.TaskDefinition {
			t.Errorf("it is at %s", *after.Deployments[0].Id)
		}
		all := strings.Join(s.events(), "\n")
		for _, want := range []string{"deployment failed: tasks failed to start.", "(service web) rolling back to deployment " + *before.Id + "."} {
			if !strings.Contains(all, want) {
				t.Errorf("no event %q in\n%s", want, all)
			}
		}
		list, err := s.ListServiceDeployments(t.Context(), &ecs.ListServiceDeploymentsInput{Service: aws.String("web")})
		if err != nil || len(list.ServiceDeployments) != 2 || list.ServiceDeployments[0].Status != types.ServiceDeploymentStatusRollbackSuccessful || list.ServiceDeployments[1].Status != types.ServiceDeploymentStatusSuccessful {
			t.Errorf("deployments are %+v, %v", list, err)
		}
	})
}

// Without a breaker launches that fail become rare, and a new deployment
// starts at once.
func TestLaunchesThatFailBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.behave = func(state.Task) behaviour { return behaviour{} }
		defer s.run()()
		s.register("web", "")
		s.create(1)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		s.mu.Lock()
		n := s.launched
		s.behave = func(state.Task) behaviour { return behaviour{start: time.Second} }
		s.mu.Unlock()
		if n < 8 || n > 12 {
			t.Errorf("%d launches in ten minutes", n)
		}
		if all := strings.Join(s.events(), "\n"); strings.Count(all, "(service web) is unable to consistently start tasks successfully.") != 1 {
			t.Errorf("events:\n%s", all)
		}
		if d := s.describe().Deployments[0]; int(d.FailedTasks) != n {
			t.Errorf("%d failed tasks of %d", d.FailedTasks, n)
		}
		s.register("web", "")
		s.deploy(func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("web") })
		if took := s.stable(time.Minute); took > 7*time.Second {
			t.Errorf("the next deployment took %s", took)
		}
	})
}

// A scheduler that ends in mid-deployment is followed by one that goes on.
func TestAnotherLifeGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.behave = func(state.Task) behaviour { return behaviour{start: time.Second, health: "HEALTHY"} }
		stop := s.run()
		s.register("web", "true")
		s.create(4, func(in *ecs.CreateServiceInput) {
			in.DeploymentConfiguration = &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(75), MaximumPercent: aws.Int32(125)}
		})
		s.stable(time.Minute)
		s.deploy(func(in *ecs.UpdateServiceInput) { in.ForceNewDeployment = true })
		time.Sleep(1500 * time.Millisecond)
		stop()
		time.Sleep(time.Minute)
		defer s.run()()
		s.stable(time.Minute)
		if s.most > 5 {
			t.Errorf("%d tasks at once", s.most)
		}
	})
}

// DeleteService with force stops what there is; then the service is INACTIVE,
// and an hour later it is gone.
func TestAServiceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		defer s.run()()
		s.register("web", "")
		s.create(3)
		s.stable(time.Minute)
		if _, err := s.DeleteService(t.Context(), &ecs.DeleteServiceInput{Service: aws.String("web"), Force: aws.Bool(true)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if d := s.describe(); *d.Status != "INACTIVE" || d.RunningCount != 0 {
			t.Errorf("it is %s with %d tasks", *d.Status, d.RunningCount)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		out, err := s.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Services: []string{"web"}})
		if err != nil || len(out.Failures) != 1 {
			t.Errorf("it is described as %+v, %v", out, err)
		}
	})
}

// Protected tasks outlive a scale-in until their protection ends.
func TestProtectedTasksStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		defer s.run()()
		s.register("web", "")
		s.create(3)
		s.stable(time.Minute)
		tasks, err := s.ListTasks(t.Context(), &ecs.ListTasksInput{ServiceName: aws.String("web")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.UpdateTaskProtection(t.Context(), &ecs.UpdateTaskProtectionInput{Cluster: aws.String("default"), Tasks: tasks.TaskArns[:2], ProtectionEnabled: true, ExpiresInMinutes: aws.Int32(10)}); err != nil {
			t.Fatal(err)
		}
		s.deploy(func(in *ecs.UpdateServiceInput) { in.DesiredCount = aws.Int32(1) })
		time.Sleep(time.Minute)
		synctest.Wait()
		if d := s.describe(); d.RunningCount != 2 {
			t.Errorf("%d run", d.RunningCount)
		}
		if all := strings.Join(s.events(), "\n"); !strings.Contains(all, "was unable to scale in. Reason: The number of protected tasks are more than the desired count of tasks.") {
			t.Errorf("events:\n%s", all)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if d := s.describe(); d.RunningCount != 1 {
			t.Errorf("%d run once the protection has ended", d.RunningCount)
		}
	})
}

// A DAEMON has a task on each container instance, and none on one that drains.
func TestDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.nodes = append(s.nodes, "node-2")
		defer s.run()()
		_, err := s.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
			Family: aws.String("agent"), NetworkMode: types.NetworkModeHost,
			ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app:1"), Memory: aws.Int32(64)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // both nodes are there
		instances, err := s.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{})
		if err != nil || len(instances.ContainerInstanceArns) != 2 {
			t.Fatalf("instances %+v, %v", instances, err)
		}
		_, err = s.CreateService(t.Context(), &ecs.CreateServiceInput{
			ServiceName: aws.String("web"), TaskDefinition: aws.String("agent"), LaunchType: types.LaunchTypeEc2, SchedulingStrategy: types.SchedulingStrategyDaemon,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.stable(time.Minute)
		on := func() map[string]int {
			out := map[string]int{}
			_ = s.st.View(t.Context(), func(r store.Reader) error {
				for _, task := range store.Tasks.List(r, scope, "") {
					if task.Desired.Status == state.TaskRunning {
						out[task.Placement.ContainerInstance]++
					}
				}
				return nil
			})
			return out
		}
		if got := on(); len(got) != 2 || got[instances.ContainerInstanceArns[0]] != 1 {
			t.Errorf("tasks are on %v", got)
		}
		s.deploy(func(in *ecs.UpdateServiceInput) { in.ForceNewDeployment = true })
		s.stable(time.Minute)
		if got := on(); len(got) != 2 {
			t.Errorf("after an update tasks are on %v", got)
		}
		_, err = s.UpdateContainerInstancesState(t.Context(), &ecs.UpdateContainerInstancesStateInput{
			ContainerInstances: instances.ContainerInstanceArns[:1], Status: types.ContainerInstanceStatusDraining,
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := on(); len(got) != 1 || got[instances.ContainerInstanceArns[1]] != 1 {
			t.Errorf("while one drains tasks are on %v", got)
		}
	})
}

// A DAEMON is where its constraints let it be, and nowhere else.
func TestDaemonOfSomeInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		s.nodes = append(s.nodes, "node-2")
		defer s.run()()
		_, err := s.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
			Family: aws.String("agent"), NetworkMode: types.NetworkModeHost,
			ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app:1"), Memory: aws.Int32(64)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // both nodes are there
		instances, err := s.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{})
		if err != nil || len(instances.ContainerInstanceArns) != 2 {
			t.Fatalf("instances %+v, %v", instances, err)
		}
		label := func(value string, on ...string) {
			t.Helper()
			for _, arn := range on {
				_, err := s.PutAttributes(t.Context(), &ecs.PutAttributesInput{Attributes: []types.Attribute{{Name: aws.String("stack"), Value: &value, TargetId: &arn}}})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		here, there := instances.ContainerInstanceArns[0], instances.ContainerInstanceArns[1]
		label("green", here)
		_, err = s.CreateService(t.Context(), &ecs.CreateServiceInput{
			ServiceName: aws.String("web"), TaskDefinition: aws.String("agent"), LaunchType: types.LaunchTypeEc2, SchedulingStrategy: types.SchedulingStrategyDaemon,
			PlacementConstraints: []types.PlacementConstraint{{Type: types.PlacementConstraintTypeMemberOf, Expression: aws.String("attribute:stack == green")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.stable(time.Minute)
		on := func() (out []string) {
			_ = s.st.View(t.Context(), func(r store.Reader) error {
				for _, task := range store.Tasks.List(r, scope, "") {
					if task.Desired.Status == state.TaskRunning {
						out = append(out, task.Placement.ContainerInstance)
					}
				}
				return nil
			})
			return out
		}
		if got := on(); len(got) != 1 || got[0] != here {
			t.Errorf("tasks are on %v, want %s", got, here)
		}
		label("blue", here)
		label("green", there)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := on(); len(got) != 1 || got[0] != there {
			t.Errorf("after the attributes changed tasks are on %v, want %s", got, there)
		}
		for _, e := range s.events() {
			if strings.Contains(e, "unable to place") {
				t.Errorf("event %q", e)
			}
		}
	})
}

// A task behind a target group counts when its target is healthy; it is
// deregistered before it is stopped.
func TestBalancedTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		const arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
		group := state.TargetGroupID(arn)
		s.update(func(w store.Writer) error {
			return store.TargetGroups.Put(w, scope.Key(group), state.TargetGroup{ARN: arn, Name: "web", Type: "ip", Balancers: []string{"app/web/1"}})
		})
		defer s.run()()
		defer s.targets(func(state.Target) bool { return true })()
		_, err := s.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
			Family: aws.String("web"), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
			RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
			ContainerDefinitions:    []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app:1"), PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80)}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		balanced := func(in *ecs.CreateServiceInput) {
			in.LoadBalancers = []types.LoadBalancer{{TargetGroupArn: aws.String(arn), ContainerName: aws.String("app"), ContainerPort: aws.Int32(80)}}
		}
		s.create(2, balanced)
		if took := s.stable(time.Minute); took < 3*time.Second {
			t.Errorf("stable after %s, before the health checks", took)
		}
		s.deploy(func(in *ecs.UpdateServiceInput) { in.ForceNewDeployment = true })
		if took := s.stable(time.Minute); took < 7*time.Second {
			t.Errorf("the update took %s: the old targets had no time to drain", took)
		}
		got := s.events()
		want := []string{
			"has started 2 tasks", "registered 2 targets in (target-group " + arn + ")", "deployment completed", "steady state",
			"has started 2 tasks", "registered 2 targets", "has begun draining connections on 2 tasks.", "deregistered 2 targets in (target-group " + arn + ")",
			"has stopped 2 running tasks", "deployment completed", "steady state",
		}
		if len(got) != len(want) {
			t.Fatalf("events:\n%s", strings.Join(got, "\n"))
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("event %d is %q, want %q", i, got[i], want[i])
			}
		}
	})
}
