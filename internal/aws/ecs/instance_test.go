package ecs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// instance is the bench's machine in the default cluster.
func (b *bench) instance() string {
	b.t.Helper()
	arns := must(b.t, b.listContainerInstances, &ecs.ListContainerInstancesInput{}).ContainerInstanceArns
	if len(arns) != 1 {
		b.t.Fatalf("%d container instances", len(arns))
	}
	return arns[0]
}

func (b *bench) described(arn string) types.ContainerInstance {
	b.t.Helper()
	out := must(b.t, b.describeContainerInstances, &ecs.DescribeContainerInstancesInput{
		ContainerInstances: []string{arn}, Include: []types.ContainerInstanceField{types.ContainerInstanceFieldTags, types.ContainerInstanceFieldContainerInstanceHealth},
	})
	if len(out.ContainerInstances) != 1 {
		b.t.Fatalf("%+v", out.Failures)
	}
	return out.ContainerInstances[0]
}

// ec2Input starts a definition with awsvpc as an EC2-type task.
func (b *bench) ec2Input(definition string) *ecs.RunTaskInput {
	in := b.runInput(definition)
	in.LaunchType = types.LaunchTypeEc2
	return in
}

func resource1(list []types.Resource, name string) types.Resource {
	return list[slices.IndexFunc(list, func(r types.Resource) bool { return *r.Name == name })]
}

func TestTheMachineJoinsAClusterWhenAskedFor(t *testing.T) {
	b := newBench(t)
	must(t, b.createCluster, &ecs.CreateClusterInput{ClusterName: aws.String("other")})
	clusters := func() (out []int32) {
		for _, c := range must(t, b.describeClusters, &ecs.DescribeClustersInput{Clusters: []string{"default", "other"}}).Clusters {
			out = append(out, c.RegisteredContainerInstancesCount)
		}
		return out
	}
	if diff := cmp.Diff([]int32{0, 0}, clusters()); diff != "" {
		t.Error(diff)
	}
	arn := b.instance()
	if diff := cmp.Diff([]int32{1, 0}, clusters()); diff != "" {
		t.Error(diff)
	}
	got := b.described(arn)
	if *got.Status != "ACTIVE" || !got.AgentConnected || resource1(got.RegisteredResources, "CPU").IntegerValue != 4096 ||
		resource1(got.RemainingResources, "MEMORY").IntegerValue != 8192 || got.HealthStatus.OverallStatus != types.InstanceHealthCheckStateOk {
		t.Errorf("%+v", got)
	}
	b.addNode(state.Node{ID: "node-1", CPU: 4096, MemoryMiB: 8192, Arch: "x86_64"})
	if b.described(arn).AgentConnected {
		t.Error("a node without a session is said to be connected")
	}
	must(t, b.deleteCluster, &ecs.DeleteClusterInput{Cluster: aws.String("default")})
}

func TestEC2TasksAreCountedAndNeverPromisedTwice(t *testing.T) {
	b := newBench(t)
	b.register("web") // 256 units, 512 MiB
	arn := b.instance()
	in := b.ec2Input("web")
	in.Count = aws.Int32(10)
	first := must(t, b.runTask, in)
	if len(first.Tasks) != 10 || *first.Tasks[0].ContainerInstanceArn != arn || first.Tasks[0].LaunchType != types.LaunchTypeEc2 || first.Tasks[0].PlatformVersion != nil {
		t.Fatalf("%+v", first)
	}
	b.observe(idOf(first.Tasks[0]), func(o *state.Observed) { o.Status = state.TaskRunning })
	got := b.described(arn)
	if got.RunningTasksCount != 1 || got.PendingTasksCount != 9 || resource1(got.RemainingResources, "CPU").IntegerValue != 4096-2560 ||
		resource1(got.RemainingResources, "MEMORY").IntegerValue != 8192-5120 {
		t.Errorf("%+v", got)
	}
	again := must(t, b.runTask, in)
	if len(again.Tasks) != 6 || len(again.Failures) != 4 {
		t.Fatalf("%d tasks, %d failures", len(again.Tasks), len(again.Failures))
	}
	f := again.Failures[0]
	if *f.Reason != "RESOURCE:MEMORY" || *f.Arn != arn {
		t.Errorf("%s of %s: %s", *f.Reason, *f.Arn, *f.Detail)
	}
	// Fargate tasks have what may be promised beyond.
	if out := must(t, b.runTask, b.runInput("web")); len(out.Tasks) != 1 {
		t.Errorf("%+v", out.Failures)
	}
	listed := must(t, b.listTasks, &ecs.ListTasksInput{ContainerInstance: &arn})
	if len(listed.TaskArns) != 16 {
		t.Errorf("%d tasks on the instance", len(listed.TaskArns))
	}
}

// A service without container instances waits for one, as it does for room:
// nothing is wrong with what it asks for.
func TestAServiceWaitsForContainerInstances(t *testing.T) {
	b := newBench(t)
	b.register("web")
	arn := b.instance()
	must(t, b.updateContainerInstancesState, &ecs.UpdateContainerInstancesStateInput{ContainerInstances: []string{arn}, Status: types.ContainerInstanceStatusDraining})
	in := b.serviceInput("web")
	in.LaunchType = types.LaunchTypeEc2
	must(t, b.createService, in)
	b.change(func(w store.Writer) error {
		svc, _ := store.Services.Get(w, scope.Key(state.ServiceID("default", "web")))
		rev, _ := revisionOf(w, scope, svc, svc.Primary().Revision)
		out, err := b.LaunchForService(w, state.ServiceLaunch{Scope: scope, Service: svc, Revision: rev, IDs: []string{strings.Repeat("a", 32), strings.Repeat("b", 32)}, Now: b.now, Zones: map[string]int{}, Providers: map[string]int{}})
		if err != nil || !out.Instances || len(out.Tasks) != 0 || len(out.Refused) != 2 || out.Closest != "" || out.Refused[0].Reason != "No Container Instances were found in your cluster." {
			t.Errorf("%+v, %v", out, err)
		}
		return err
	})
}

func TestDrainingAndDeregistering(t *testing.T) {
	b := newBench(t)
	b.register("web")
	arn := b.instance()
	update := func(status types.ContainerInstanceStatus) *ecs.UpdateContainerInstancesStateInput {
		return &ecs.UpdateContainerInstancesStateInput{ContainerInstances: []string{arn}, Status: status}
	}
	task := must(t, b.runTask, b.ec2Input("web")).Tasks[0]
	must(t, b.updateContainerInstancesState, update(types.ContainerInstanceStatusDraining))
	fails(t, b.runTask, b.ec2Input("web"), "InvalidParameterException", "No Container Instances were found in your cluster.")
	if out := must(t, b.startTask, &ecs.StartTaskInput{ContainerInstances: []string{arn}, TaskDefinition: aws.String("web"), NetworkConfiguration: b.runInput("web").NetworkConfiguration}); len(out.Failures) != 1 || *out.Failures[0].Reason != "INACTIVE" {
		t.Errorf("%+v", out)
	}
	deregister := &ecs.DeregisterContainerInstanceInput{ContainerInstance: &arn}
	fails(t, b.deregisterContainerInstance, deregister, "InvalidParameterException", "Found running tasks on the instance.")
	deregister.Force = aws.Bool(true)
	if got := must(t, b.deregisterContainerInstance, deregister).ContainerInstance; *got.Status != "INACTIVE" || got.AgentConnected {
		t.Errorf("%+v", got)
	}
	if d := b.task(idOf(task)).Desired; d.Status != state.TaskStopped || d.StoppedReason != "Container instance deregistration forced by user" {
		t.Errorf("%+v", d)
	}
	if n := len(must(t, b.listContainerInstances, &ecs.ListContainerInstancesInput{}).ContainerInstanceArns); n != 0 {
		t.Errorf("%d instances are listed", n)
	}
	fails(t, b.updateContainerInstancesState, update("INACTIVE"), "InvalidParameterException", "Container instances status should be one of [ACTIVE, DRAINING]")
	must(t, b.updateContainerInstancesState, update(types.ContainerInstanceStatusActive))
	if out := must(t, b.runTask, b.ec2Input("web")); len(out.Tasks) != 1 {
		t.Errorf("%+v", out.Failures)
	}
}

func TestStartTask(t *testing.T) {
	b := newBench(t)
	b.register("web")
	arn := b.instance()
	unknown := scope.ContainerInstanceARN("default", fmt.Sprintf("%032x", 7))
	in := &ecs.StartTaskInput{
		ContainerInstances: []string{arn, unknown}, TaskDefinition: aws.String("web"), EnableECSManagedTags: true,
		PropagateTags: types.PropagateTagsTaskDefinition, NetworkConfiguration: b.runInput("web").NetworkConfiguration,
	}
	out := must(t, b.startTask, in)
	if len(out.Tasks) != 1 || len(out.Failures) != 1 || *out.Failures[0].Reason != "MISSING" || *out.Failures[0].Arn != unknown {
		t.Fatalf("%+v", out)
	}
	tags := map[string]string{}
	for _, tag := range out.Tasks[0].Tags {
		tags[*tag.Key] = *tag.Value
	}
	if diff := cmp.Diff(map[string]string{"aws:ecs:clusterName": "default", "team": "harbour"}, tags); diff != "" {
		t.Error(diff)
	}
	b.addNode(state.Node{ID: "node-1", CPU: 4096, MemoryMiB: 8192, Arch: "x86_64"})
	if out := must(t, b.startTask, in); len(out.Failures) != 2 || *out.Failures[0].Reason != "AGENT" {
		t.Errorf("%+v", out.Failures)
	}
	fails(t, b.startTask, &ecs.StartTaskInput{TaskDefinition: aws.String("web")}, "InvalidParameterException", "Container instances cannot be empty.")
}

func TestCustomAttributes(t *testing.T) {
	b := newBench(t)
	arn := b.instance()
	put := func(name, value string) *ecs.PutAttributesInput {
		return &ecs.PutAttributesInput{Attributes: []types.Attribute{{Name: &name, Value: &value, TargetId: &arn}}}
	}
	for i := range 10 {
		must(t, b.putAttributes, put(fmt.Sprint("a", i), "x y"))
	}
	must(t, b.putAttributes, put("a3", "z"))
	fails(t, b.putAttributes, put("b", "x"), "AttributeLimitExceededException", "You can apply up to 10 custom attributes for each resource.")
	fails(t, b.putAttributes, put("ecs.os-type", "x"), "InvalidParameterException", "The attribute 'ecs.os-type' is reserved: it is the container agent's.")
	list := &ecs.ListAttributesInput{TargetType: types.TargetTypeContainerInstance, AttributeName: aws.String("a3"), AttributeValue: aws.String("z")}
	if got := must(t, b.listAttributes, list).Attributes; len(got) != 1 || *got[0].TargetId != arn {
		t.Errorf("%+v", got)
	}
	must(t, b.deleteAttributes, &ecs.DeleteAttributesInput{Attributes: []types.Attribute{{Name: aws.String("a3"), TargetId: &arn}}})
	if got := must(t, b.listAttributes, list).Attributes; len(got) != 0 {
		t.Errorf("%+v", got)
	}
	// Pages add up to the whole, each once.
	seen, token := map[string]bool{}, (*string)(nil)
	for {
		page := must(t, b.listAttributes, &ecs.ListAttributesInput{TargetType: types.TargetTypeContainerInstance, MaxResults: aws.Int32(4), NextToken: token})
		for _, a := range page.Attributes {
			if seen[*a.Name] {
				t.Errorf("%s twice", *a.Name)
			}
			seen[*a.Name] = true
		}
		if token = page.NextToken; token == nil {
			break
		}
	}
	if len(seen) != len(b.described(arn).Attributes) {
		t.Errorf("%d of %d attributes listed", len(seen), len(b.described(arn).Attributes))
	}
}

func TestAccountSettings(t *testing.T) {
	b := newBench(t)
	list := func(effective bool) map[string]string {
		out, token := map[string]string{}, (*string)(nil)
		for {
			page := must(t, b.listAccountSettings, &ecs.ListAccountSettingsInput{EffectiveSettings: effective, NextToken: token})
			for _, s := range page.Settings {
				out[string(s.Name)] = *s.Value
			}
			if token = page.NextToken; token == nil {
				return out
			}
		}
	}
	if len(list(false)) != 0 || len(list(true)) != len(types.SettingName("").Values()) {
		t.Errorf("%v, %v", list(false), list(true))
	}
	must(t, b.putAccountSettingDefault, &ecs.PutAccountSettingDefaultInput{Name: types.SettingNameContainerInsights, Value: aws.String("enhanced")})
	must(t, b.putAccountSetting, &ecs.PutAccountSettingInput{Name: types.SettingNameDefaultLogDriverMode, Value: aws.String("blocking")})
	if diff := cmp.Diff(map[string]string{"containerInsights": "enhanced", "defaultLogDriverMode": "blocking"}, list(false)); diff != "" {
		t.Error(diff)
	}
	c := must(t, b.createCluster, &ecs.CreateClusterInput{ClusterName: aws.String("new")}).Cluster
	if *c.Settings[0].Value != "enhanced" {
		t.Errorf("a new cluster has %s", *c.Settings[0].Value)
	}
	b.register("web")
	if got := b.task(idOf(b.run("web"))).Spec.DefaultLogMode; got != "blocking" {
		t.Errorf("a new task logs %q", got)
	}
	user := caller
	user.Identity.ARN = "arn:aws:iam::123456789012:user/eve"
	if _, err := b.putAccountSetting(t.Context(), user, &ecs.PutAccountSettingInput{Name: types.SettingNameAwsvpcTrunking, Value: aws.String("on"), PrincipalArn: aws.String(rootARN(scope))}); err == nil {
		t.Error("a user changes the account's setting")
	}
	fails(t, b.putAccountSetting, &ecs.PutAccountSettingInput{Name: types.SettingNameTaskLongArnFormat, Value: aws.String("disabled")},
		"InvalidParameterException", "The setting taskLongArnFormat cannot be switched off: the ARNs of Hatoba always have the long form.")
	fails(t, b.putAccountSetting, &ecs.PutAccountSettingInput{Name: types.SettingNameGuardDutyActivate, Value: aws.String("on")},
		"InvalidParameterException", "The setting guardDutyActivate is managed by AWS and cannot be changed.")
	must(t, b.deleteAccountSetting, &ecs.DeleteAccountSettingInput{Name: types.SettingNameContainerInsights})
	if got := list(true)["containerInsights"]; got != "disabled" {
		t.Errorf("after deletion: %s", got)
	}
}

func TestTaskProtection(t *testing.T) {
	b := newBench(t)
	b.register("web")
	alone, served := b.run("web"), b.run("web")
	b.change(func(w store.Writer) error {
		task, _ := store.Tasks.Get(w, scope.Key(idOf(served)))
		task.Spec.Group = "service:web"
		return store.Tasks.Put(w, scope.Key(task.ID), task)
	})
	out := must(t, b.updateTaskProtection, &ecs.UpdateTaskProtectionInput{
		Cluster: aws.String("default"), Tasks: []string{*alone.TaskArn, *served.TaskArn, fmt.Sprintf("%032x", 99)}, ProtectionEnabled: true,
	})
	if len(out.ProtectedTasks) != 1 || !out.ProtectedTasks[0].ProtectionEnabled || out.ProtectedTasks[0].ExpirationDate.Sub(noon).Minutes() != 120 {
		t.Errorf("%+v", out.ProtectedTasks)
	}
	if len(out.Failures) != 2 || *out.Failures[0].Reason != "TASK_NOT_VALID" || *out.Failures[1].Reason != "MISSING" {
		t.Errorf("%+v", out.Failures)
	}
	b.now = noon.Add(121 * 60e9)
	got := must(t, b.getTaskProtection, &ecs.GetTaskProtectionInput{Cluster: aws.String("default")})
	if len(got.ProtectedTasks) != 1 || got.ProtectedTasks[0].ProtectionEnabled || got.ProtectedTasks[0].ExpirationDate != nil {
		t.Errorf("protection does not end: %+v", got.ProtectedTasks)
	}
}

func TestCapacityProvidersAreDescribed(t *testing.T) {
	b := newBench(t)
	out := must(t, b.describeCapacityProviders, &ecs.DescribeCapacityProvidersInput{CapacityProviders: []string{"FARGATE_SPOT", "FARGATE", "mine"}})
	if len(out.CapacityProviders) != 2 || *out.CapacityProviders[0].Name != "FARGATE" || out.CapacityProviders[1].Type != types.CapacityProviderTypeFargateSpot ||
		len(out.Failures) != 1 || *out.Failures[0].Reason != "MISSING" {
		t.Errorf("%+v", out)
	}
}

func TestDenyPrivileged(t *testing.T) {
	register := func(b *bench, family string, change func(*ecs.RegisterTaskDefinitionInput)) {
		in := &ecs.RegisterTaskDefinitionInput{
			Family: &family, ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app:1"), Memory: aws.Int32(64)}},
		}
		change(in)
		must(t, b.registerTaskDefinition, in)
	}
	linux := func(l types.LinuxParameters) func(*ecs.RegisterTaskDefinitionInput) {
		return func(in *ecs.RegisterTaskDefinitionInput) { in.ContainerDefinitions[0].LinuxParameters = &l }
	}
	denying, allowing := newBench(t, func(c *Config) { c.DenyPrivileged = true }), newBench(t)
	for what, change := range map[string]func(*ecs.RegisterTaskDefinitionInput){
		"networkMode 'host'": func(in *ecs.RegisterTaskDefinitionInput) { in.NetworkMode = types.NetworkModeHost },
		"pidMode 'host'":     func(in *ecs.RegisterTaskDefinitionInput) { in.PidMode = types.PidModeHost },
		"ipcMode 'host'":     func(in *ecs.RegisterTaskDefinitionInput) { in.IpcMode = types.IpcModeHost },
		"privileged of container 'app'": func(in *ecs.RegisterTaskDefinitionInput) {
			in.ContainerDefinitions[0].Privileged = aws.Bool(true)
		},
		"linuxParameters.devices of container 'app'":          linux(types.LinuxParameters{Devices: []types.Device{{HostPath: aws.String("/dev/kmsg")}}}),
		"linuxParameters.capabilities.add of container 'app'": linux(types.LinuxParameters{Capabilities: &types.KernelCapabilities{Add: []string{"SYS_ADMIN"}}}),
		"host.sourcePath of volume 'v'": func(in *ecs.RegisterTaskDefinitionInput) {
			in.Volumes = []types.Volume{{Name: aws.String("v"), Host: &types.HostVolumeProperties{SourcePath: aws.String("/")}}}
		},
	} {
		run := &ecs.RunTaskInput{TaskDefinition: aws.String("f"), LaunchType: types.LaunchTypeEc2}
		for _, b := range []*bench{denying, allowing} {
			register(b, "f", change)
		}
		fails(t, denying.runTask, run, "InvalidParameterException", what+" is not allowed: this Hatoba was started with --deny-privileged.")
		if out := must(t, allowing.runTask, run); len(out.Tasks) != 1 {
			t.Errorf("%s: %+v", what, out.Failures)
		}
	}
	plain := &ecs.RunTaskInput{TaskDefinition: aws.String("plain"), LaunchType: types.LaunchTypeEc2}
	register(denying, "plain", func(*ecs.RegisterTaskDefinitionInput) {})
	if out := must(t, denying.runTask, plain); len(out.Tasks) != 1 {
		t.Errorf("%+v", out.Failures)
	}
}

func TestHostPortsAreGivenOnce(t *testing.T) {
	b := newBench(t, func(c *Config) { c.OwnPorts = []state.HostPort{{Port: 4566, Protocol: "tcp"}} })
	run := func(port int32) *ecs.RunTaskOutput {
		must(t, b.registerTaskDefinition, &ecs.RegisterTaskDefinitionInput{
			Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{{
				Name: aws.String("app"), Image: aws.String("app:1"), MemoryReservation: aws.Int32(32), Memory: aws.Int32(64),
				PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80), HostPort: &port}},
			}},
		})
		return must(t, b.runTask, &ecs.RunTaskInput{TaskDefinition: aws.String("web"), LaunchType: types.LaunchTypeEc2})
	}
	first := run(8080)
	if len(first.Tasks) != 1 || b.task(idOf(first.Tasks[0])).Spec.Holds.MemoryMiB != 32 {
		t.Fatalf("%+v", first)
	}
	for _, port := range []int32{8080, 22, 4566} {
		if out := run(port); len(out.Failures) != 1 || *out.Failures[0].Reason != "RESOURCE:PORTS" {
			t.Errorf("port %d: %+v", port, out)
		}
	}
	b.observe(idOf(first.Tasks[0]), func(o *state.Observed) {
		o.Containers[0].NetworkBindings = []state.NetworkBinding{{HostPort: 40000, Protocol: "tcp"}}
	})
	if out := run(40000); len(out.Failures) != 1 {
		t.Error("a port that was chosen on the node is given again")
	}
	b.observe(idOf(first.Tasks[0]), func(o *state.Observed) { o.Status = state.TaskStopped })
	if out := run(8080); len(out.Tasks) != 1 {
		t.Errorf("a port is not given back: %+v", out.Failures)
	}
}

func TestPlacementConstraintsAndStrategies(t *testing.T) {
	b := newBench(t)
	b.register("web")
	in := b.ec2Input("web")
	in.Count = aws.Int32(2)
	in.PlacementConstraints = []types.PlacementConstraint{{Type: types.PlacementConstraintTypeDistinctInstance}}
	in.PlacementStrategy = []types.PlacementStrategy{{Type: types.PlacementStrategyTypeSpread, Field: aws.String("attribute:ecs.availability-zone")}}
	out := must(t, b.runTask, in)
	if len(out.Tasks) != 1 || len(out.Failures) != 1 || *out.Failures[0].Reason != "DistinctInstance placement constraint unsatisfied." {
		t.Errorf("%+v", out)
	}
	in.PlacementStrategy[0] = types.PlacementStrategy{Type: types.PlacementStrategyTypeBinpack, Field: aws.String("disk")}
	fails(t, b.runTask, in, "InvalidParameterException", "The field of the placement strategy binpack should be one of [cpu memory].")
	in.PlacementStrategy = nil
	in.PlacementConstraints[0] = types.PlacementConstraint{Type: types.PlacementConstraintTypeMemberOf, Expression: aws.String("attribute:x exists")}
	if out = must(t, b.runTask, in); len(out.Tasks) != 0 || len(out.Failures) != 2 || *out.Failures[0].Reason != "MemberOf placement constraint unsatisfied." {
		t.Errorf("%+v", out)
	}
	in.PlacementConstraints[0].Expression = aws.String("not(task:group == family:apart) and attribute:ecs.os-type == linux")
	in.Group = aws.String("family:apart")
	if out = must(t, b.runTask, in); len(out.Tasks) != 1 || len(out.Failures) != 1 {
		t.Errorf("a group apart from itself: %+v", out)
	}
	in.PlacementConstraints[0].Expression = aws.String("attribute:x =~ [")
	fails(t, b.runTask, in, "InvalidParameterException", "Invalid expression 'attribute:x =~ [': the pattern \"[\" cannot be read: error parsing regexp: missing closing ]: `[`.")
	for filter, want := range map[string]int{"": 1, "attribute:ecs.instance-type =~ hatoba.*": 1, "task:group == family:apart": 1, "task:group == queue": 0, "runningTasksCount > 100": 0} {
		listed := must(t, b.listContainerInstances, &ecs.ListContainerInstancesInput{Filter: &filter})
		if len(listed.ContainerInstanceArns) != want {
			t.Errorf("%q lists %v", filter, listed.ContainerInstanceArns)
		}
	}
}
