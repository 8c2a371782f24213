package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/test/harness"
)

// What is put on a bus starts a task, and a rule hears of the task's end, with
// Hatoba killed in between.
func TestRulesHearAndStartTasks(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("told", nil, w.Container("app", "serve", "8080"))
	events := eventbridge.New(eventbridge.Options{
		Region: harness.Region, BaseEndpoint: aws.String("http://" + w.Listen), Credentials: credentials.NewStaticCredentialsProvider(harness.Account, "x", ""),
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	arn := func(service, resource string) *string {
		return aws.String("arn:aws:" + service + ":" + harness.Region + ":" + harness.Account + ":" + resource)
	}
	rule := func(name, pattern string, target types.Target) {
		t.Helper()
		_, err := events.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &name, EventPattern: &pattern})
		must(err)
		target.Id = aws.String("target")
		_, err = events.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &name, Targets: []types.Target{target}})
		must(err)
	}
	group := "/aws/events/ecs"
	_, err := w.Logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group})
	must(err)
	rule("stopped", `{"source":["aws.ecs"],"detail":{"lastStatus":["STOPPED"]}}`, types.Target{Arn: arn("logs", "log-group:"+group)})
	rule("order", `{"source":["shop"]}`, types.Target{
		Arn: arn("ecs", "cluster/default"), RoleArn: aws.String("arn:aws:iam::" + harness.Account + ":role/events"),
		EcsParameters: &types.EcsParameters{TaskDefinitionArn: aws.String("told"), LaunchType: types.LaunchTypeFargate, NetworkConfiguration: &types.NetworkConfiguration{
			AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a1b2c3d4e5f60718"}},
		}},
	})
	put, err := events.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{Source: aws.String("shop"), DetailType: aws.String("Order"), Detail: aws.String("{}")}}})
	must(err)
	if put.FailedEntryCount != 0 {
		t.Fatalf("%+v", put)
	}
	w.Kill()
	w.Up()
	var tasks []string
	w.Eventually("the rule's task is there", func() bool {
		list, err := w.ECS.ListTasks(t.Context(), &ecs.ListTasksInput{StartedBy: aws.String("events-rule/order")})
		must(err)
		tasks = list.TaskArns
		return len(tasks) > 0
	})
	w.Until(tasks[0], "RUNNING")
	w.Stop(tasks[0])
	w.Eventually("the rule's log group is told of the end", func() bool {
		page, err := w.Logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group})
		must(err)
		return len(page.Events) > 0 && strings.Contains(*page.Events[0].Message, tasks[0])
	})
	if len(tasks) != 1 {
		t.Errorf("one event started %d tasks", len(tasks))
	}
}
