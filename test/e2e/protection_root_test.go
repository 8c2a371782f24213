package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// A task of a service protects itself from inside, and its service takes the
// other one when it shrinks; not protected any more, it goes as well. It sees
// the tags that it is given meanwhile.
func TestATaskProtectsItself(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	app := w.Container("app", "inside", "8080")
	app.StopTimeout = aws.Int32(2)
	w.Register("shielded", func(in *ecs.RegisterTaskDefinitionInput) {
		in.TaskRoleArn = aws.String("arn:aws:iam::" + harness.Account + ":role/shielded")
	}, app)
	if _, err := w.ECS.CreateService(context.Background(), &ecs.CreateServiceInput{
		ServiceName: aws.String("shielded"), TaskDefinition: aws.String("shielded"), DesiredCount: aws.Int32(2), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0123456789abcdef0"}}},
	}); err != nil {
		t.Fatal(err)
	}
	running := func() (arns []string) {
		out, err := w.ECS.ListTasks(context.Background(), &ecs.ListTasksInput{ServiceName: aws.String("shielded")})
		if err != nil {
			t.Fatal(err)
		}
		for _, arn := range out.TaskArns {
			if aws.ToString(w.Task(arn).LastStatus) == "RUNNING" {
				arns = append(arns, arn)
			}
		}
		return arns
	}
	w.Eventually("two tasks run", func() bool { return len(running()) == 2 })
	shrink := func(n int32) {
		if _, err := w.ECS.UpdateService(context.Background(), &ecs.UpdateServiceInput{Service: aws.String("shielded"), DesiredCount: &n}); err != nil {
			t.Fatal(err)
		}
	}
	// The one that would go first: the younger.
	tasks := running()
	one, two := w.Task(tasks[0]), w.Task(tasks[1])
	if two.CreatedAt.Before(*one.CreatedAt) {
		one, two = two, one
	}
	c := caller{t, *two.TaskArn, "http://" + harness.Address(two) + ":8080"}
	w.Eventually("the task listens", func() bool { _, err := harness.Get(c.base + "/env"); return err == nil })
	if got := c.ask("protect", `{"ProtectionEnabled":true,"ExpiresInMinutes":60}`); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, `"ProtectionEnabled":true`) || !strings.Contains(got, `"ExpirationDate":"`) {
		t.Fatalf("protect: %s", got)
	}
	state := func() bool {
		out, err := w.ECS.GetTaskProtection(context.Background(), &ecs.GetTaskProtectionInput{Cluster: aws.String("default"), Tasks: []string{c.arn}})
		return err == nil && len(out.ProtectedTasks) == 1 && out.ProtectedTasks[0].ProtectionEnabled
	}
	if got := c.object(c.env("ECS_AGENT_URI") + "/task-protection/v1/state"); !state() || got["protection"].(map[string]any)["ProtectionEnabled"] != true {
		t.Errorf("protected: %v %v", state(), got)
	}
	shrink(1)
	w.Until(*one.TaskArn, "STOPPED")
	shrink(0)
	if got := w.Task(c.arn); aws.ToString(got.DesiredStatus) != "RUNNING" {
		t.Errorf("the protected task is %s: %s", aws.ToString(got.DesiredStatus), aws.ToString(got.StoppedReason))
	}
	if _, err := w.ECS.TagResource(context.Background(), &ecs.TagResourceInput{ResourceArn: &c.arn, Tags: []types.Tag{{Key: aws.String("late"), Value: aws.String("yes")}}}); err != nil {
		t.Fatal(err)
	}
	if got, _ := c.object(c.env("ECS_CONTAINER_METADATA_URI_V4") + "/taskWithTags")["TaskTags"].(map[string]any); got["late"] != "yes" {
		t.Errorf("tags %v", got)
	}
	if got := c.ask("protect", `{"ProtectionEnabled":false}`); !strings.HasPrefix(got, "200 ") || state() {
		t.Errorf("unprotect: %s", got)
	}
	w.Until(c.arn, "STOPPED")
	if got := aws.ToString(w.Task(c.arn).StoppedReason); !strings.HasPrefix(got, "Scaling activity initiated by (deployment ecs-svc/") {
		t.Errorf("%s", got)
	}
	if _, err := w.ECS.DeleteService(context.Background(), &ecs.DeleteServiceInput{Service: aws.String("shielded")}); err != nil {
		t.Error(err)
	}
}
