package ecs

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/state"
)

func TestRunTaskMakesATask(t *testing.T) {
	b := newBench(t)
	b.register("web")
	in := b.runInput("web")
	in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
		Name: aws.String("app"), Command: []string{"serve"}, Environment: []types.KeyValuePair{{Name: aws.String("A"), Value: aws.String("2")}},
	}}}
	in.StartedBy, in.PropagateTags, in.EnableECSManagedTags = aws.String("me"), types.PropagateTagsTaskDefinition, true
	in.Tags = []types.Tag{{Key: aws.String("run"), Value: aws.String("1")}}
	got := must(t, b.runTask, in).Tasks[0]

	id := strings.Repeat("0", 31) + "1"
	if aws.ToString(got.TaskArn) != "arn:aws:ecs:us-east-1:123456789012:task/default/"+id {
		t.Errorf("arn %s", *got.TaskArn)
	}
	if *got.LastStatus != "PROVISIONING" || *got.DesiredStatus != "RUNNING" || *got.Group != "family:web" || *got.PlatformVersion != "1.4.0" ||
		got.LaunchType != types.LaunchTypeFargate || *got.Cpu != "256" || *got.Memory != "512" || *got.StartedBy != "me" {
		t.Errorf("got %+v", got)
	}
	a := got.Attachments[0]
	if *a.Status != "PRECREATED" || *a.Type != "ElasticNetworkInterface" || *a.Details[0].Value != "subnet-0123456789abcdef0" {
		t.Errorf("attachment %+v", a)
	}
	if c := got.Containers[0]; *c.Name != "app" || *c.LastStatus != "PENDING" || *c.Cpu != "0" || c.HealthStatus != types.HealthStatusUnknown {
		t.Errorf("container %+v", c)
	}
	var keys []string
	for _, tag := range got.Tags {
		keys = append(keys, *tag.Key)
	}
	if diff := cmp.Diff([]string{"aws:ecs:clusterName", "run", "team"}, keys); diff != "" {
		t.Error(diff)
	}
	task := b.task(id)
	if task.Placement.Node != "node-1" || task.Placement.SubnetID == "" || len(task.Spec.AdoptedNetwork) != 2 {
		t.Errorf("placed %+v, adopted %v", task.Placement, task.Spec.AdoptedNetwork)
	}
}

func TestRunTaskErrors(t *testing.T) {
	b := newBench(t)
	b.register("web")
	must(t, b.registerTaskDefinition, &ecs.RegisterTaskDefinitionInput{
		Family:               aws.String("ec2"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("a"), Image: aws.String("i"), Memory: aws.Int32(64)}},
	})
	const invalid = "InvalidParameterException"
	override := func(o types.ContainerOverride) *types.TaskOverride {
		return &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{o}}
	}
	for name, c := range map[string]struct {
		change        func(*ecs.RunTaskInput)
		code, message string
	}{
		"definition":   {func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("nope") }, "ClientException", "TaskDefinition not found."},
		"cluster":      {func(in *ecs.RunTaskInput) { in.Cluster = aws.String("nope") }, "ClusterNotFoundException", "Cluster not found."},
		"count":        {func(in *ecs.RunTaskInput) { in.Count = aws.Int32(11) }, invalid, "count should be between 1 and 10."},
		"external":     {func(in *ecs.RunTaskInput) { in.LaunchType = "EXTERNAL" }, invalid, "launchType 'EXTERNAL' is not supported by Hatoba yet: there are no external instances; use 'FARGATE' or 'EC2'"},
		"ec2 platform": {func(in *ecs.RunTaskInput) { in.LaunchType, in.PlatformVersion = "EC2", aws.String("1.4.0") }, invalid, "The platform version must be null when specifying an EC2 launch type."},
		"ec2 network":  {func(in *ecs.RunTaskInput) { in.LaunchType, in.TaskDefinition = "EC2", aws.String("ec2") }, invalid, "Network Configuration is not valid for the given networkMode of this task definition."},
		"incompatible": {func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("ec2") }, invalid, "Task definition does not support launch_type FARGATE."},
		"no network":   {func(in *ecs.RunTaskInput) { in.NetworkConfiguration = nil }, invalid, "Network Configuration must be provided when networkMode 'awsvpc' is specified."},
		"no subnets":   {func(in *ecs.RunTaskInput) { in.NetworkConfiguration.AwsvpcConfiguration.Subnets = nil }, invalid, "subnets can not be empty."},
		"bad subnet": {func(in *ecs.RunTaskInput) { in.NetworkConfiguration.AwsvpcConfiguration.Subnets = []string{"x"} }, invalid,
			`Error retrieving subnet information for [x]: Invalid id: "x" (expecting "subnet-...") (ErrorCode: InvalidSubnetID.Malformed)`},
		"platform": {func(in *ecs.RunTaskInput) { in.PlatformVersion = aws.String("9") }, "PlatformUnknownException", "The specified platform does not exist."},
		"constraints": {func(in *ecs.RunTaskInput) {
			in.PlacementConstraints = []types.PlacementConstraint{{Type: types.PlacementConstraintTypeDistinctInstance}}
		}, invalid, "Placement constraints are not supported with FARGATE launch type."},
		"override name": {func(in *ecs.RunTaskInput) { in.Overrides = override(types.ContainerOverride{Name: aws.String("zz")}) }, invalid,
			"Override for container named zz is not a container in the TaskDefinition."},
		"override memory": {func(in *ecs.RunTaskInput) {
			in.Overrides = override(types.ContainerOverride{Name: aws.String("app"), Memory: aws.Int32(1024)})
		}, invalid, "Invalid setting for container 'app'. The 'memory' and 'memoryReservation' cannot be greater than the value of the task 'memory'."},
		"override size": {func(in *ecs.RunTaskInput) { in.Overrides = &types.TaskOverride{Cpu: aws.String("4096")} }, "ClientException",
			"No Fargate configuration exists for given values: 4096 CPU, 512 memory. See the Amazon ECS documentation for the valid values."},
		"propagate": {func(in *ecs.RunTaskInput) { in.PropagateTags = types.PropagateTagsService }, invalid,
			"propagateTags SERVICE is only supported for the tasks of a service; use TASK_DEFINITION."},
		"both": {func(in *ecs.RunTaskInput) {
			in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE"), Weight: 1}}
		}, invalid, "Specify either Launch Type or Capacity Provider Strategy, but not both."},
		"token": {func(in *ecs.RunTaskInput) { in.ClientToken = aws.String("a b") }, invalid, "clientToken should be 1 to 64 characters in the range of 33-126."},
		"tag":   {func(in *ecs.RunTaskInput) { in.Tags = []types.Tag{{Key: aws.String("AWS:x")}} }, invalid, "The tag key 'AWS:x' begins with aws:, which is reserved."},
	} {
		t.Run(name, func(t *testing.T) {
			in := b.runInput("web")
			c.change(in)
			fails(t, b.runTask, in, c.code, c.message)
		})
	}
	if got := must(t, b.listTasks, &ecs.ListTasksInput{}).TaskArns; len(got) != 0 {
		t.Errorf("refused requests made tasks: %v", got)
	}
}

func TestStrictNetworkRefusesUnknownIDs(t *testing.T) {
	b := newBench(t, func(c *Config) { c.StrictNetwork = true })
	b.register("web")
	fails(t, b.runTask, b.runInput("web"), "InvalidParameterException",
		"Error retrieving subnet information for [subnet-0123456789abcdef0]: The subnet ID 'subnet-0123456789abcdef0' does not exist (ErrorCode: InvalidSubnetID.NotFound)")
	_, subnets, group, err := state.DefaultNetwork(scope, b.cfg.VPCRange)
	if err != nil {
		t.Fatal(err)
	}
	in := b.runInput("web")
	in.NetworkConfiguration.AwsvpcConfiguration = &types.AwsVpcConfiguration{Subnets: []string{subnets[1].ID}, SecurityGroups: []string{group.ID}}
	got := must(t, b.runTask, in).Tasks[0]
	if aws.ToString(got.AvailabilityZone) != "us-east-1b" || len(b.task(idOf(got)).Spec.AdoptedNetwork) != 0 {
		t.Errorf("in %s, adopted %v", *got.AvailabilityZone, b.task(idOf(got)).Spec.AdoptedNetwork)
	}
}

func TestRunTaskSpreadsOverItsSubnets(t *testing.T) {
	b := newBench(t)
	b.register("web")
	in := b.runInput("web")
	in.NetworkConfiguration.AwsvpcConfiguration.Subnets = []string{"subnet-00000001", "subnet-00000002"}
	in.Count = aws.Int32(4)
	seen := map[string]int{}
	for _, task := range must(t, b.runTask, in).Tasks {
		seen[*task.Attachments[0].Details[0].Value]++
	}
	if diff := cmp.Diff(map[string]int{"subnet-00000001": 2, "subnet-00000002": 2}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestClientTokenMakesRunTaskRepeatable(t *testing.T) {
	b := newBench(t)
	b.register("web")
	request := func(count int32) *ecs.RunTaskInput {
		in := b.runInput("web")
		in.ClientToken, in.Count = aws.String("once"), &count
		return in
	}
	first, again := must(t, b.runTask, request(2)), must(t, b.runTask, request(2))
	if diff := cmp.Diff(arns(first.Tasks), arns(again.Tasks)); diff != "" {
		t.Error(diff)
	}
	fails(t, b.runTask, request(1), "ConflictException", "The RunTask request with this clientToken was made with other parameters.")
	b.observe(idOf(first.Tasks[0]), func(o *state.Observed) { o.Status = state.TaskStopped })
	stopped := must(t, b.runTask, request(2)).Tasks[0]
	if aws.ToString(stopped.LastStatus) != "STOPPED" || stopped.TaskDefinitionArn != nil {
		t.Errorf("a stopped task is replayed as %+v", stopped)
	}
}

func arns(tasks []types.Task) (out []string) {
	for _, t := range tasks {
		out = append(out, *t.TaskArn)
	}
	slices.Sort(out)
	return out
}

func TestRunTaskTellsWhatDoesNotFit(t *testing.T) {
	b := newBench(t) // 8192 MiB, promised one and a half times
	must(t, b.registerTaskDefinition, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("big"), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("1024"), Memory: aws.String("8192"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("a"), Image: aws.String("i")}},
	})
	in := b.runInput("big")
	in.Count = aws.Int32(2)
	out := must(t, b.runTask, in)
	if len(out.Tasks) != 1 || len(out.Failures) != 1 {
		t.Fatalf("%d tasks, %d failures", len(out.Tasks), len(out.Failures))
	}
	f := out.Failures[0]
	if *f.Reason != "RESOURCE:MEMORY" || *f.Detail != "Not enough memory on any of 1 nodes: the task asks for 8192 MiB, the most that is free on one is 4096 of 12288 MiB." {
		t.Errorf("failure %s: %s", *f.Reason, *f.Detail)
	}
	b.observe(idOf(out.Tasks[0]), func(o *state.Observed) { o.Status = state.TaskStopped })
	in.Count = aws.Int32(1)
	if out := must(t, b.runTask, in); len(out.Tasks) != 1 {
		t.Error("what a stopped task held is not given back")
	}
}

func TestCapacityProviderStrategy(t *testing.T) {
	b := newBench(t)
	b.register("web")
	in := b.runInput("web")
	in.LaunchType, in.Count = "", aws.Int32(4)
	in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{
		{CapacityProvider: aws.String("FARGATE"), Base: 1, Weight: 1}, {CapacityProvider: aws.String("FARGATE_SPOT"), Weight: 2},
	}
	count := map[string]int{}
	for _, task := range must(t, b.runTask, in).Tasks {
		count[*task.CapacityProviderName]++
	}
	if diff := cmp.Diff(map[string]int{"FARGATE": 2, "FARGATE_SPOT": 2}, count); diff != "" {
		t.Error(diff)
	}
	must(t, b.putClusterCapacityProviders, &ecs.PutClusterCapacityProvidersInput{
		Cluster: aws.String("default"), CapacityProviders: []string{"FARGATE_SPOT"}, DefaultCapacityProviderStrategy: in.CapacityProviderStrategy[1:],
	})
	in.CapacityProviderStrategy = nil
	if got := must(t, b.runTask, in).Tasks[0]; *got.CapacityProviderName != "FARGATE_SPOT" || got.LaunchType != types.LaunchTypeFargate {
		t.Errorf("by the cluster's default: %s", *got.CapacityProviderName)
	}
}
