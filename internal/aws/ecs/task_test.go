package ecs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/state"
)

func TestStopTask(t *testing.T) {
	b := newBench(t)
	b.register("web")
	task := b.run("web")
	got := must(t, b.stopTask, &ecs.StopTaskInput{Task: task.TaskArn}).Task
	if *got.DesiredStatus != "STOPPED" || *got.LastStatus != "PROVISIONING" || got.StopCode != types.TaskStopCodeUserInitiated ||
		*got.StoppedReason != "Task stopped by user" || !got.StoppingAt.Equal(noon) || got.Version != 2 {
		t.Errorf("got %+v", got)
	}
	again := must(t, b.stopTask, &ecs.StopTaskInput{Task: aws.String(idOf(task)), Reason: aws.String("other")}).Task
	if *again.StoppedReason != "Task stopped by user" || again.Version != 2 {
		t.Errorf("a second stop changes the first: %+v", again)
	}
	other := b.run("web")
	if got := must(t, b.stopTask, &ecs.StopTaskInput{Task: other.TaskArn, Reason: aws.String("enough")}).Task; *got.StoppedReason != "enough" {
		t.Errorf("reason %s", *got.StoppedReason)
	}
	fails(t, b.stopTask, &ecs.StopTaskInput{Task: aws.String("ffffffffffffffffffffffffffffffff")}, "InvalidParameterException", "The referenced task was not found.")
	fails(t, b.stopTask, &ecs.StopTaskInput{Task: aws.String("x")}, "InvalidParameterException", "taskId length should be one of [32,36]")
}

func TestDescribeTasksShowsWhatTheNodeSaw(t *testing.T) {
	b := newBench(t)
	b.register("web")
	task := b.run("web")
	code := int32(3)
	b.observe(idOf(task), func(o *state.Observed) {
		o.Status, o.Connectivity, o.StartedAt, o.StopCode, o.StoppedReason = state.TaskStopped, "CONNECTED", &noon, "EssentialContainerExited", "Essential container in task exited"
		o.ENI = state.ENI{Status: "DELETED", ID: "eni-1", MAC: "02:00:00:00:00:01", PrivateIPv4: "172.31.0.9", PrivateDNS: "ip-172-31-0-9.ec2.internal", SubnetID: "subnet-x"}
		o.Containers[0].Status, o.Containers[0].ExitCode, o.Containers[0].RuntimeID, o.Containers[0].ImageDigest = state.ContainerStopped, &code, "r", "sha256:1"
	})
	out := must(t, b.describeTasks, &ecs.DescribeTasksInput{Tasks: []string{idOf(task), *task.TaskArn, "ffffffffffffffffffffffffffffffff"}})
	if len(out.Tasks) != 1 || len(out.Failures) != 1 || *out.Failures[0].Reason != "MISSING" || *out.Failures[0].Arn != scope.TaskARN("default", "ffffffffffffffffffffffffffffffff") {
		t.Fatalf("%d tasks, failures %+v", len(out.Tasks), out.Failures)
	}
	got := out.Tasks[0]
	if *got.LastStatus != "STOPPED" || got.StopCode != "EssentialContainerExited" || !got.StartedAt.Equal(noon) || got.Connectivity != types.ConnectivityConnected {
		t.Errorf("got %+v", got)
	}
	details := map[string]string{}
	for _, d := range got.Attachments[0].Details {
		details[*d.Name] = *d.Value
	}
	want := map[string]string{
		"subnetId": "subnet-0123456789abcdef0", "networkInterfaceId": "eni-1", "macAddress": "02:00:00:00:00:01",
		"privateDnsName": "ip-172-31-0-9.ec2.internal", "privateIPv4Address": "172.31.0.9",
	}
	if diff := cmp.Diff(want, details); diff != "" {
		t.Error(diff)
	}
	c := got.Containers[0]
	if *c.LastStatus != "STOPPED" || *c.ExitCode != 3 || *c.NetworkInterfaces[0].PrivateIpv4Address != "172.31.0.9" || *c.ImageDigest != "sha256:1" {
		t.Errorf("container %+v", c)
	}
	if *got.Attributes[0].Name != "ecs.cpu-architecture" || *got.Attributes[0].Value != "x86_64" || *got.Overrides.ContainerOverrides[0].Name != "app" {
		t.Errorf("attributes %+v, overrides %+v", got.Attributes, got.Overrides)
	}
}

func TestListTasksFilters(t *testing.T) {
	b := newBench(t)
	b.register("web")
	b.register("job")
	web := b.run("web")
	in := b.runInput("job")
	in.StartedBy, in.Count = aws.String("cron"), aws.Int32(3)
	jobs := must(t, b.runTask, in).Tasks
	must(t, b.stopTask, &ecs.StopTaskInput{Task: jobs[0].TaskArn})

	for name, c := range map[string]struct {
		in   ecs.ListTasksInput
		want []string
	}{
		"running":    {ecs.ListTasksInput{}, arns(append([]types.Task{web}, jobs[1:]...))},
		"stopped":    {ecs.ListTasksInput{DesiredStatus: types.DesiredStatusStopped}, arns(jobs[:1])},
		"pending":    {ecs.ListTasksInput{DesiredStatus: types.DesiredStatusPending}, []string{}},
		"family":     {ecs.ListTasksInput{Family: aws.String("web")}, arns([]types.Task{web})},
		"started by": {ecs.ListTasksInput{StartedBy: aws.String("cron")}, arns(jobs[1:])},
		"launch":     {ecs.ListTasksInput{LaunchType: types.LaunchTypeEc2}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := []string{}
			for in, size := c.in, int32(1); ; {
				in.MaxResults = &size
				out := must(t, b.listTasks, &in)
				got = append(got, out.TaskArns...)
				if in.NextToken = out.NextToken; in.NextToken == nil {
					break
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	fails(t, b.listTasks, &ecs.ListTasksInput{ServiceName: aws.String("s")}, "ServiceNotFoundException", "Service not found.")
	fails(t, b.listTasks, &ecs.ListTasksInput{StartedBy: aws.String("a"), Family: aws.String("b")}, "InvalidParameterException",
		"startedBy cannot be combined with family, serviceName or containerInstance.")
}

func TestTags(t *testing.T) {
	b := newBench(t)
	definition := b.register("web")
	task := b.run("web")
	for _, arn := range []string{scope.ClusterARN("default"), definition, *task.TaskArn} {
		must(t, b.tagResource, &ecs.TagResourceInput{ResourceArn: &arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}})
		must(t, b.untagResource, &ecs.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"b", "team"}})
		got := must(t, b.listTagsForResource, &ecs.ListTagsForResourceInput{ResourceArn: &arn}).Tags
		if len(got) != 1 || *got[0].Key != "a" {
			t.Errorf("%s has %+v", arn, got)
		}
	}
	fails(t, b.tagResource, &ecs.TagResourceInput{ResourceArn: aws.String("default")}, "InvalidParameterException", "Tags can not be empty.")
	fails(t, b.listTagsForResource, &ecs.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:ecs:us-east-1:123456789012:task-set/default/s/ecs-svc/1")},
		"InvalidParameterException", "Tags on a task-set are not supported by Hatoba yet.")
}
