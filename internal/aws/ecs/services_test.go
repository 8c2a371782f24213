package ecs

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// serviceInput is a service of two tasks on Fargate.
func (b *bench) serviceInput(definition string) *ecs.CreateServiceInput {
	run := b.runInput(definition)
	return &ecs.CreateServiceInput{
		ServiceName: aws.String("web"), TaskDefinition: &definition, DesiredCount: aws.Int32(2), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: run.NetworkConfiguration,
	}
}

func (b *bench) service(name string) types.Service {
	b.t.Helper()
	out := must(b.t, b.describeServices, &ecs.DescribeServicesInput{Services: []string{name}, Include: []types.ServiceField{types.ServiceFieldTags}})
	if len(out.Services) != 1 {
		b.t.Fatalf("described %+v", out)
	}
	return out.Services[0]
}

// launch plays the scheduler: it launches tasks of the primary revision.
func (b *bench) launch(name string, ids ...string) (out []state.Task) {
	b.t.Helper()
	b.change(func(w store.Writer) error {
		svc, _ := store.Services.Get(w, scope.Key(state.ServiceID("default", name)))
		rev, _ := revisionOf(w, scope, svc, svc.Primary().Revision)
		launched, err := b.LaunchForService(w, state.ServiceLaunch{Scope: scope, Service: svc, Revision: rev, IDs: ids, Now: b.now, Zones: map[string]int{}, Providers: map[string]int{}})
		if err != nil {
			return err
		}
		out = nil
		for _, id := range launched.Tasks {
			t, _ := store.Tasks.Get(w, scope.Key(id))
			out = append(out, t)
		}
		return nil
	})
	return out
}

func TestCreateService(t *testing.T) {
	b := newBench(t)
	arn := b.register("web")
	in := b.serviceInput("web")
	in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("port")}}
	made := must(t, b.createService, in).Service
	switch {
	case *made.ServiceArn != "arn:aws:ecs:us-east-1:123456789012:service/default/web" || *made.Status != "ACTIVE" || *made.TaskDefinition != arn:
		t.Errorf("made %+v", made)
	case made.DesiredCount != 2 || made.SchedulingStrategy != types.SchedulingStrategyReplica || *made.PlatformVersion != "LATEST" || *made.PlatformFamily != "Linux":
		t.Errorf("made %+v", made)
	case *made.DeploymentConfiguration.MinimumHealthyPercent != 100 || *made.DeploymentConfiguration.MaximumPercent != 200 || made.DeploymentConfiguration.Strategy != types.DeploymentStrategyRolling:
		t.Errorf("its deployment configuration is %+v", made.DeploymentConfiguration)
	case len(made.Deployments) != 1 || *made.Deployments[0].Status != "PRIMARY" || made.Deployments[0].RolloutState != types.DeploymentRolloutStateInProgress || *made.Deployments[0].PlatformVersion != "1.4.0":
		t.Errorf("its deployments are %+v", made.Deployments)
	case len(*made.Deployments[0].Id) != len("ecs-svc/")+19 || *made.Deployments[0].RolloutStateReason != "ECS deployment "+*made.Deployments[0].Id+" in progress.":
		t.Errorf("its deployment is %q: %q", *made.Deployments[0].Id, *made.Deployments[0].RolloutStateReason)
	}
	again := must(t, b.createService, in).Service
	if *again.Deployments[0].Id != *made.Deployments[0].Id {
		t.Error("the same request made another deployment")
	}
	other := b.serviceInput("web")
	other.DesiredCount = aws.Int32(3)
	fails(t, b.createService, other, "InvalidParameterException", "Creation of service was not idempotent.")
	if got := must(t, b.listServices, &ecs.ListServicesInput{}).ServiceArns; len(got) != 1 || got[0] != *made.ServiceArn {
		t.Errorf("listed %v", got)
	}
	revision := strings.TrimPrefix(*made.Deployments[0].Id, "ecs-svc/")
	revisions := must(t, b.describeServiceRevisions, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{scope.ServiceRevisionARN("default/web", revision)}})
	if len(revisions.ServiceRevisions) != 1 || *revisions.ServiceRevisions[0].TaskDefinition != arn {
		t.Errorf("its revision is %+v", revisions)
	}
	list := must(t, b.listServiceDeployments, &ecs.ListServiceDeploymentsInput{Service: aws.String("web")}).ServiceDeployments
	if len(list) != 1 || list[0].Status != types.ServiceDeploymentStatusPending || *list[0].ServiceDeploymentArn != *made.CurrentServiceDeployment {
		t.Errorf("its service deployments are %+v", list)
	}
}

func TestCreateServiceIsChecked(t *testing.T) {
	b := newBench(t)
	b.register("web")
	for _, c := range []struct {
		change        func(*ecs.CreateServiceInput)
		code, message string
	}{
		{func(in *ecs.CreateServiceInput) { in.ServiceName = nil }, "InvalidParameterException", "Service name can not be blank."},
		{func(in *ecs.CreateServiceInput) { in.TaskDefinition = aws.String("nope") }, "ClientException", "TaskDefinition not found."},
		{func(in *ecs.CreateServiceInput) { in.Cluster = aws.String("nope") }, "ClusterNotFoundException", "Cluster not found."},
		{func(in *ecs.CreateServiceInput) { in.DesiredCount = aws.Int32(-1) }, "InvalidParameterException", "The desiredCount cannot be less than 0."},
		{func(in *ecs.CreateServiceInput) { in.DesiredCount = nil }, "InvalidParameterException", "The desiredCount must be specified for a service with the REPLICA scheduling strategy."},
		{func(in *ecs.CreateServiceInput) {
			in.SchedulingStrategy = types.SchedulingStrategyDaemon
		}, "InvalidParameterException", "The daemon scheduling strategy does not support a desired count for services. Remove a desired count value and try again."},
		{func(in *ecs.CreateServiceInput) {
			in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE"), Weight: 1}}
		}, "InvalidParameterException", "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."},
		{func(in *ecs.CreateServiceInput) {
			in.NetworkConfiguration.AwsvpcConfiguration.Subnets = nil
		}, "InvalidParameterException", "subnets can not be empty."},
		{func(in *ecs.CreateServiceInput) {
			in.DeploymentConfiguration = &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(100), MaximumPercent: aws.Int32(100)}
		}, "InvalidParameterException", "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."},
		{func(in *ecs.CreateServiceInput) {
			in.LoadBalancers = []types.LoadBalancer{{TargetGroupArn: aws.String("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"), ContainerName: aws.String("app"), ContainerPort: aws.Int32(80)}}
		}, "InvalidParameterException", "The specified target group does not exist."},
		{func(in *ecs.CreateServiceInput) {
			in.DeploymentController = &types.DeploymentController{Type: types.DeploymentControllerTypeCodeDeploy}
		}, "InvalidParameterException", "deploymentController.type 'CODE_DEPLOY' is not supported by Hatoba yet: CODE_DEPLOY and EXTERNAL come later; use 'ECS'"},
		{func(in *ecs.CreateServiceInput) {
			in.ServiceRegistries = []types.ServiceRegistry{{RegistryArn: aws.String("arn")}}
		}, "InvalidParameterException", "The specified service registry arn does not exist."},
	} {
		in := b.serviceInput("web")
		c.change(in)
		fails(t, b.createService, in, c.code, c.message)
	}
}

// A task of a service has what describe-tasks and list-tasks tell it by.
func TestServiceTasks(t *testing.T) {
	b := newBench(t)
	b.register("web")
	in := b.serviceInput("web")
	in.EnableECSManagedTags, in.PropagateTags, in.Tags = true, types.PropagateTagsService, []types.Tag{{Key: aws.String("team"), Value: aws.String("port")}}
	made := must(t, b.createService, in).Service
	tasks := b.launch("web", strings.Repeat("a", 32), strings.Repeat("b", 32))
	if len(tasks) != 2 {
		t.Fatalf("launched %d", len(tasks))
	}
	if tasks[0].Placement.AvailabilityZone == tasks[1].Placement.AvailabilityZone && len(in.NetworkConfiguration.AwsvpcConfiguration.Subnets) > 1 {
		t.Error("both are in one zone")
	}
	listed := must(t, b.listTasks, &ecs.ListTasksInput{ServiceName: aws.String("web")}).TaskArns
	if len(listed) != 2 {
		t.Errorf("listed %v", listed)
	}
	fails(t, b.listTasks, &ecs.ListTasksInput{ServiceName: aws.String("nope")}, "ServiceNotFoundException", "Service not found.")
	shape := must(t, b.describeTasks, &ecs.DescribeTasksInput{Tasks: listed[:1], Include: []types.TaskField{types.TaskFieldTags}}).Tasks[0]
	tags := map[string]string{}
	for _, tag := range shape.Tags {
		tags[*tag.Key] = *tag.Value
	}
	if *shape.Group != "service:web" || *shape.StartedBy != *made.Deployments[0].Id || tags["team"] != "port" || tags["aws:ecs:serviceName"] != "web" || tags["aws:ecs:clusterName"] != "default" {
		t.Errorf("the task is %s by %s with %v", *shape.Group, *shape.StartedBy, tags)
	}
	b.observe(tasks[0].ID, func(o *state.Observed) { o.Status = state.TaskRunning })
	if s := b.service("web"); s.RunningCount != 1 || s.PendingCount != 1 || s.Deployments[0].RunningCount != 1 {
		t.Errorf("counted %d running, %d pending", s.RunningCount, s.PendingCount)
	}
	if c := must(t, b.describeClusters, &ecs.DescribeClustersInput{}).Clusters[0]; c.ActiveServicesCount != 1 {
		t.Errorf("the cluster has %d services", c.ActiveServicesCount)
	}
	fails(t, b.deleteCluster, &ecs.DeleteClusterInput{Cluster: aws.String("default")}, "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
	protected := must(t, b.updateTaskProtection, &ecs.UpdateTaskProtectionInput{Tasks: []string{tasks[0].ID}, ProtectionEnabled: true})
	if len(protected.ProtectedTasks) != 1 || !protected.ProtectedTasks[0].ProtectionEnabled {
		t.Errorf("protected %+v", protected)
	}
}

func TestUpdateService(t *testing.T) {
	b := newBench(t)
	b.register("web")
	first := must(t, b.createService, b.serviceInput("web")).Service
	b.now = b.now.Add(time.Minute)
	scaled := must(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("web"), DesiredCount: aws.Int32(5)}).Service
	if scaled.DesiredCount != 5 || len(scaled.Deployments) != 1 {
		t.Errorf("scaling made %+v", scaled.Deployments)
	}
	same := must(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("web"), TaskDefinition: aws.String("web"), HealthCheckGracePeriodSeconds: aws.Int32(9)}).Service
	if len(same.Deployments) != 1 || *same.HealthCheckGracePeriodSeconds != 9 {
		t.Errorf("the same definition made %+v", same.Deployments)
	}
	forced := must(t, b.updateService, &ecs.UpdateServiceInput{Service: first.ServiceArn, ForceNewDeployment: true}).Service
	if len(forced.Deployments) != 2 || *forced.Deployments[0].Status != "PRIMARY" || *forced.Deployments[1].Status != "ACTIVE" || *forced.Deployments[1].Id != *first.Deployments[0].Id {
		t.Errorf("forcing made %+v", forced.Deployments)
	}
	second := b.register("web")
	b.now = b.now.Add(time.Minute)
	updated := must(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("web"), TaskDefinition: aws.String("web")}).Service
	if *updated.TaskDefinition != second || len(updated.Deployments) != 3 {
		t.Errorf("a new definition made %+v", updated.Deployments)
	}
	list := must(t, b.listServiceDeployments, &ecs.ListServiceDeploymentsInput{Service: aws.String("web"), MaxResults: aws.Int32(2)})
	if len(list.ServiceDeployments) != 2 || list.NextToken == nil || *list.ServiceDeployments[0].ServiceDeploymentArn != *updated.CurrentServiceDeployment || list.ServiceDeployments[1].Status != types.ServiceDeploymentStatusStopRequested {
		t.Errorf("the first page is %+v", list)
	}
	rest := must(t, b.listServiceDeployments, &ecs.ListServiceDeploymentsInput{Service: aws.String("web"), MaxResults: aws.Int32(2), NextToken: list.NextToken})
	if len(rest.ServiceDeployments) != 1 || rest.NextToken != nil {
		t.Errorf("the second page is %+v", rest)
	}
	fails(t, b.stopServiceDeployment, &ecs.StopServiceDeploymentInput{ServiceDeploymentArn: updated.CurrentServiceDeployment}, "InvalidParameterException",
		"The service deployment cannot be rolled back: no service revision was deployed successfully before.")
	must(t, b.stopServiceDeployment, &ecs.StopServiceDeploymentInput{ServiceDeploymentArn: updated.CurrentServiceDeployment, StopType: types.StopServiceDeploymentStopTypeAbort})
	described := must(t, b.describeServiceDeployments, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{*updated.CurrentServiceDeployment}}).ServiceDeployments
	if len(described) != 1 || described[0].Status != types.ServiceDeploymentStatusStopRequested || len(described[0].SourceServiceRevisions) != 2 {
		t.Errorf("described %+v", described)
	}
	fails(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("nope")}, "ServiceNotFoundException", "Service not found.")
}

func TestDeleteService(t *testing.T) {
	b := newBench(t)
	b.register("web")
	must(t, b.createService, b.serviceInput("web"))
	fails(t, b.deleteService, &ecs.DeleteServiceInput{Service: aws.String("web")}, "InvalidParameterException", "The service cannot be stopped while it is scaled above 0.")
	gone := must(t, b.deleteService, &ecs.DeleteServiceInput{Service: aws.String("web"), Force: aws.Bool(true)}).Service
	if *gone.Status != "DRAINING" || gone.DesiredCount != 0 {
		t.Errorf("deleted %+v", gone)
	}
	if got := must(t, b.listServices, &ecs.ListServicesInput{}).ServiceArns; len(got) != 0 {
		t.Errorf("listed %v", got)
	}
	fails(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("web"), DesiredCount: aws.Int32(1)}, "ServiceNotActiveException", "Service was not ACTIVE.")
	fails(t, b.createService, b.serviceInput("web"), "InvalidParameterException", "Unable to Start a service that is still Draining.")
	missing := must(t, b.describeServices, &ecs.DescribeServicesInput{Services: []string{"nope"}})
	if len(missing.Failures) != 1 || *missing.Failures[0].Reason != "MISSING" || *missing.Failures[0].Arn != scope.ServiceARN("default", "nope") {
		t.Errorf("described %+v", missing)
	}
}

// A service goes on with a definition that was deregistered, and keeps it from
// being gone.
func TestServicesKeepTheirDefinition(t *testing.T) {
	b := newBench(t)
	arn := b.register("web")
	must(t, b.createService, b.serviceInput("web"))
	must(t, b.deregisterTaskDefinition, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn})
	must(t, b.deleteTaskDefinitions, &ecs.DeleteTaskDefinitionsInput{TaskDefinitions: []string{arn}})
	b.now = b.now.Add(2 * time.Hour)
	must(t, b.describeTaskDefinition, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
	if got := b.launch("web", strings.Repeat("a", 32)); len(got) != 1 {
		t.Error("nothing was launched")
	}
	must(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("web"), DesiredCount: aws.Int32(1)})
	fails(t, b.updateService, &ecs.UpdateServiceInput{Service: aws.String("web"), ForceNewDeployment: true}, "ClientException", "TaskDefinition is inactive")
}
