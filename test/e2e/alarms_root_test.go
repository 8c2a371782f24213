package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/hatoba/hatoba/test/harness"
)

// notice is what a subscriber of a topic is sent.
type notice struct{ Type, Token, MessageID, Subject, Message string }

// alarmed is a world with a service of two tasks, its alarms, and somebody who
// is told of them.
type alarmed struct {
	services
	metrics *cloudwatch.Client
	told    chan notice
	topic   string
}

func startAlarmed(t *testing.T) alarmed {
	a := alarmed{services: services{harness.Start(t), t}, told: make(chan notice, 100)}
	cfg := aws.Config{
		Region: harness.Region, BaseEndpoint: aws.String("http://" + a.Listen), Credentials: credentials.NewStaticCredentialsProvider(harness.Account, "x", ""),
	}
	a.metrics = cloudwatch.NewFromConfig(cfg)
	listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n notice
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil || n.Type != r.Header.Get("X-Amz-Sns-Message-Type") {
			t.Errorf("the subscriber was sent %+v with %v: %v", n, r.Header, err)
		}
		a.told <- n
	}))
	t.Cleanup(listener.Close)
	topics := sns.NewFromConfig(cfg)
	topic, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("ops")})
	if err != nil {
		t.Fatal(err)
	}
	a.topic = *topic.TopicArn
	if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &a.topic, Protocol: aws.String("http"), Endpoint: &listener.URL}); err != nil {
		t.Fatal(err)
	}
	asked := a.next()
	if asked.Type != "SubscriptionConfirmation" {
		t.Fatalf("the subscriber was asked %+v", asked)
	}
	if _, err := topics.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: &a.topic, Token: &asked.Token}); err != nil {
		t.Fatal(err)
	}
	return a
}

// next waits for what the subscriber is sent next.
func (a alarmed) next() (n notice) {
	a.t.Helper()
	a.Eventually("the subscriber is sent something", func() bool {
		select {
		case n = <-a.told:
			return true
		default:
			return false
		}
	})
	return n
}

// alarm makes an alarm over ten seconds of a metric, which tells the topic.
func (a alarmed) alarm(name, metric string) {
	a.t.Helper()
	_, err := a.metrics.PutMetricAlarm(a.t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, Namespace: aws.String("App"), MetricName: &metric, Statistic: cwtypes.StatisticSum, Period: aws.Int32(10), EvaluationPeriods: aws.Int32(1),
		Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold, AlarmActions: []string{a.topic},
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// deployments are the service's, the newest first.
func (a alarmed) deployments() []types.ServiceDeployment {
	a.t.Helper()
	list, err := a.ECS.ListServiceDeployments(a.t.Context(), &ecs.ListServiceDeploymentsInput{Service: aws.String("web")})
	if err != nil {
		a.t.Fatal(err)
	}
	var arns []string
	for _, d := range list.ServiceDeployments {
		arns = append(arns, *d.ServiceDeploymentArn)
	}
	out, err := a.ECS.DescribeServiceDeployments(a.t.Context(), &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: arns})
	if err != nil {
		a.t.Fatal(err)
	}
	slices.SortFunc(out.ServiceDeployments, func(x, y types.ServiceDeployment) int { return y.CreatedAt.Compare(*x.CreatedAt) })
	return out.ServiceDeployments
}

// run tells whether two tasks of a revision run, and no others.
func (a alarmed) run(revision string) bool {
	tasks, _ := a.tasks()
	return len(tasks) == 2 && !slices.ContainsFunc(tasks, func(task types.Task) bool {
		return aws.ToString(task.LastStatus) != "RUNNING" || aws.ToString(task.TaskDefinitionArn) != revision
	})
}

// A new revision is rolled back when what it counts sets off the deployment's
// alarm: its tasks end, and those of the old revision run again. Who subscribed
// to the alarm is told once.
func TestAnAlarmRollsADeploymentBack(t *testing.T) {
	a := startAlarmed(t)
	ctx := t.Context()
	a.Image()
	a.Register("web", nil, a.Container("app", "ready", "first"))
	_, err := a.ECS.CreateService(ctx, &ecs.CreateServiceInput{
		ServiceName: aws.String("web"), TaskDefinition: aws.String("web"), DesiredCount: aws.Int32(2), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a1b2c3d4e5f60718"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	before := a.stable()
	a.alarm("errors", "Errors")

	a.Register("web", nil, a.Container("app", "ready", "second"))
	after := a.update(func(in *ecs.UpdateServiceInput) {
		in.TaskDefinition = aws.String("web")
		in.DeploymentConfiguration = &types.DeploymentConfiguration{
			MinimumHealthyPercent: aws.Int32(0), MaximumPercent: aws.Int32(100), // none of the old tasks is left to go back to
			Alarms: &types.DeploymentAlarms{Enable: true, Rollback: true, AlarmNames: []string{"errors"}},
		}
	})
	a.Eventually("the new revision runs, alone", func() bool { return a.run(*after.TaskDefinition) })
	if d := a.deployments()[0]; d.Status != types.ServiceDeploymentStatusInProgress || d.Alarms == nil || d.Alarms.Status != types.ServiceDeploymentRollbackMonitorsStatusMonitoring {
		t.Errorf("the deployment, all of whose tasks run, is %s, its alarms %+v", d.Status, d.Alarms)
	}
	_, err = a.metrics.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{Namespace: aws.String("App"), MetricData: []cwtypes.MetricDatum{
		{MetricName: aws.String("Errors"), Value: aws.Float64(5), StorageResolution: aws.Int32(1)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var d types.ServiceDeployment
	a.Eventually("the deployment is rolled back", func() bool {
		d = a.deployments()[0]
		return d.Status == types.ServiceDeploymentStatusRollbackSuccessful
	})
	if !a.run(*before.TaskDefinition) {
		tasks, _ := a.tasks()
		t.Errorf("after the roll-back these run: %+v", tasks)
	}
	if reason := "ECS deployment failed: alarm detected."; d.Rollback == nil || aws.ToString(d.Rollback.Reason) != reason || !slices.Equal(d.Alarms.TriggeredAlarmNames, []string{"errors"}) ||
		d.Alarms.Status != types.ServiceDeploymentRollbackMonitorsStatusTriggered {
		t.Errorf("the deployment failed for %+v, its alarms are %+v", d.Rollback, d.Alarms)
	}
	for _, text := range []string{
		"(deployment " + *after.Deployments[0].Id + ") deployment failed: alarm detected.",
		"(service web) rolling back to deployment " + *before.Deployments[0].Id + ".",
	} {
		if !strings.Contains(a.events(), text) {
			t.Errorf("no event says %q\n%s", text, a.events())
		}
	}
	if n := a.next(); n.Type != "Notification" || !strings.HasPrefix(n.Subject, `ALARM: "errors"`) || !strings.Contains(n.Message, "Threshold Crossed: 1 ") {
		t.Errorf("the alarm told %+v", n)
	}
	if len(a.told) > 0 {
		t.Errorf("and then %+v", <-a.told)
	}
	a.delete()
}

// An alarm that is set off by hand tells its topic, once, also when Hatoba is
// killed right after. A receiver may hear of the same message again: what it
// answered may not have been noted yet.
func TestAnAlarmRingsOnce(t *testing.T) {
	a := startAlarmed(t)
	a.alarm("bell", "Visitors")
	ring := &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("bell"), StateValue: cwtypes.StateValueAlarm, StateReason: aws.String("does it ring?")}
	if _, err := a.metrics.SetAlarmState(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	n := a.next()
	var told struct{ AlarmName, NewStateValue, NewStateReason string }
	if err := json.Unmarshal([]byte(n.Message), &told); err != nil || n.Type != "Notification" || told.AlarmName != "bell" || told.NewStateValue != "ALARM" || told.NewStateReason != "does it ring?" {
		t.Errorf("the alarm told %+v, %v", n, err)
	}
	a.Kill()
	a.Up()
	// Another alarm's notification comes after all that the first one's may bring.
	a.alarm("other", "Visitors")
	ring.AlarmName = aws.String("other")
	if _, err := a.metrics.SetAlarmState(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	again := a.next()
	if again.MessageID == n.MessageID {
		again = a.next()
	}
	if !strings.Contains(again.Subject, "other") {
		t.Errorf("then %+v was told", again)
	}
}
