package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	autoscaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	taskDefARN = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:7"
	secretARN  = "arn:aws:secretsmanager:us-east-1:123456789012:secret:web/db-AbCdEf"
	valueFrom  = secretARN + ":password::"
	groupARN   = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
	digest     = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	password   = "correct-horse-battery"
)

var day = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

func p[T any](v T) *T { return &v }

// account is an AWS account: answers by operation.
func account() map[string]any {
	td := types.TaskDefinition{TaskDefinitionArn: p(taskDefARN), Family: p("web"), TaskRoleArn: p("arn:aws:iam::123456789012:role/app"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: p("app"), Image: p("123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1"),
			Secrets:          []types.Secret{{Name: p("PW"), ValueFrom: p(valueFrom)}, {Name: p("KEY"), ValueFrom: p("/web/key")}},
			EnvironmentFiles: []types.EnvironmentFile{{Value: p("arn:aws:s3:::conf/web.env"), Type: "s3"}},
			LogConfiguration: &types.LogConfiguration{LogDriver: "awslogs", Options: map[string]string{"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "web"}}}}}
	return map[string]any{
		"DescribeServices": &ecs.DescribeServicesOutput{Services: []types.Service{{ServiceName: p("web"), ServiceArn: p("arn:aws:ecs:us-east-1:123456789012:service/shop/web"),
			ClusterArn: p("arn:aws:ecs:us-east-1:123456789012:cluster/shop"), TaskDefinition: p(taskDefARN), LoadBalancers: []types.LoadBalancer{{TargetGroupArn: p(groupARN), ContainerName: p("app"), ContainerPort: p(int32(80))}}}}},
		"DescribeTaskDefinition":                  &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &td, Tags: []types.Tag{{Key: p("team"), Value: p("web")}}},
		"DescribeClusters":                        &ecs.DescribeClustersOutput{Clusters: []types.Cluster{{ClusterName: p("shop")}}},
		"ListTasks":                               &ecs.ListTasksOutput{TaskArns: []string{"arn:aws:ecs:us-east-1:123456789012:task/shop/t1"}},
		"DescribeTasks":                           &ecs.DescribeTasksOutput{Tasks: []types.Task{{TaskArn: p("arn:aws:ecs:us-east-1:123456789012:task/shop/t1"), LastStatus: p("RUNNING"), TaskDefinitionArn: p(taskDefARN), Containers: []types.Container{{Name: p("app"), Image: p("123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1"), ImageDigest: p(digest)}}}}},
		"DescribeLogGroups":                       &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []logstypes.LogGroup{{LogGroupName: p("/ecs/web-old")}, {LogGroupName: p("/ecs/web"), RetentionInDays: p(int32(30))}}},
		"DescribeSubscriptionFilters":             &cloudwatchlogs.DescribeSubscriptionFiltersOutput{SubscriptionFilters: []logstypes.SubscriptionFilter{{FilterName: p("errors"), FilterPattern: p("ERROR"), DestinationArn: p("arn:x")}}},
		"DescribeMetricFilters":                   &cloudwatchlogs.DescribeMetricFiltersOutput{MetricFilters: []logstypes.MetricFilter{{FilterName: p("errors"), MetricTransformations: []logstypes.MetricTransformation{{MetricNamespace: p("web"), MetricName: p("errors")}}}}},
		"GetLogEvents":                            &cloudwatchlogs.GetLogEventsOutput{Events: []logstypes.OutputLogEvent{{Message: p(`{"level":"info"}`)}}},
		"DescribeSecret":                          &secretsmanager.DescribeSecretOutput{ARN: p(secretARN), RotationEnabled: p(true)},
		"ListSecretVersionIds":                    &secretsmanager.ListSecretVersionIdsOutput{Versions: []smtypes.SecretVersionsListEntry{{CreatedDate: &day, VersionStages: []string{"AWSCURRENT"}}}},
		"GetSecretValue":                          &secretsmanager.GetSecretValueOutput{SecretString: p(`{"username": "webuser-long", "password": "` + password + `", "port": 5432}`)},
		"DescribeParameters":                      &ssm.DescribeParametersOutput{Parameters: []ssmtypes.ParameterMetadata{{Name: p("/web/key"), Type: "SecureString", LastModifiedDate: &day}}},
		"GetParameters":                           &ssm.GetParametersOutput{Parameters: []ssmtypes.Parameter{{Value: p("short")}}},
		"DescribeRepositories":                    &ecr.DescribeRepositoriesOutput{Repositories: []ecrtypes.Repository{{RepositoryName: p("web"), ImageTagMutability: "IMMUTABLE"}}},
		"BatchGetRepositoryScanningConfiguration": &ecr.BatchGetRepositoryScanningConfigurationOutput{ScanningConfigurations: []ecrtypes.RepositoryScanningConfiguration{{ScanFrequency: "CONTINUOUS_SCAN"}}},
		"GetLifecyclePolicy":                      &smithy.GenericAPIError{Code: "LifecyclePolicyNotFoundException"},
		"GetRepositoryPolicy":                     &ecr.GetRepositoryPolicyOutput{PolicyText: p(`{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}}`)},
		"DescribeImages":                          &ecr.DescribeImagesOutput{ImageDetails: []ecrtypes.ImageDetail{{ImageScanFindingsSummary: &ecrtypes.ImageScanFindingsSummary{ImageScanCompletedAt: &day, FindingSeverityCounts: map[string]int32{"CRITICAL": 2}}}}},
		"DescribeTargetGroups":                    &elb.DescribeTargetGroupsOutput{TargetGroups: []elbtypes.TargetGroup{{TargetGroupArn: p(groupARN), TargetGroupName: p("web"), LoadBalancerArns: []string{"arn:lb"}}}},
		"DescribeTargetGroupAttributes":           &elb.DescribeTargetGroupAttributesOutput{Attributes: []elbtypes.TargetGroupAttribute{{Key: p("deregistration_delay.timeout_seconds"), Value: p("30")}}},
		"DescribeTargetHealth":                    &elb.DescribeTargetHealthOutput{TargetHealthDescriptions: []elbtypes.TargetHealthDescription{{Target: &elbtypes.TargetDescription{Id: p("10.0.0.1")}, TargetHealth: &elbtypes.TargetHealth{State: "healthy"}}}},
		"DescribeListeners":                       &elb.DescribeListenersOutput{Listeners: []elbtypes.Listener{{ListenerArn: p("arn:l"), Protocol: "HTTPS", Port: p(int32(443))}}},
		"DescribeRules":                           &elb.DescribeRulesOutput{Rules: []elbtypes.Rule{{Actions: []elbtypes.Action{{TargetGroupArn: p(groupARN)}}}}},
		"DescribeScalableTargets":                 &autoscaling.DescribeScalableTargetsOutput{ScalableTargets: []autoscalingtypes.ScalableTarget{{MinCapacity: p(int32(2)), MaxCapacity: p(int32(8))}}},
		"DescribeScalingPolicies":                 &autoscaling.DescribeScalingPoliciesOutput{ScalingPolicies: []autoscalingtypes.ScalingPolicy{{PolicyName: p("cpu"), PolicyType: "TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration: &autoscalingtypes.TargetTrackingScalingPolicyConfiguration{TargetValue: p(60.0), PredefinedMetricSpecification: &autoscalingtypes.PredefinedMetricSpecification{PredefinedMetricType: "ECSServiceAverageCPUUtilization"}}}}},
		"DescribeScheduledActions":                &autoscaling.DescribeScheduledActionsOutput{},
		"ListMetrics":                             &cloudwatch.ListMetricsOutput{Metrics: []cwtypes.Metric{{Namespace: p("AWS/ECS"), MetricName: p("CPUUtilization")}}},
		"DescribeAlarms": &cloudwatch.DescribeAlarmsOutput{MetricAlarms: []cwtypes.MetricAlarm{
			{AlarmName: p("cpu"), Dimensions: []cwtypes.Dimension{{Name: p("ClusterName"), Value: p("shop")}, {Name: p("ServiceName"), Value: p("web")}}},
			{AlarmName: p("errors"), Namespace: p("web"), MetricName: p("errors")},
			{AlarmName: p("5xx"), Dimensions: []cwtypes.Dimension{{Name: p("TargetGroup"), Value: p("targetgroup/web/0123456789abcdef")}}},
			{AlarmName: p("other"), Dimensions: []cwtypes.Dimension{{Name: p("ClusterName"), Value: p("shop")}, {Name: p("ServiceName"), Value: p("blog")}}}},
			CompositeAlarms: []cwtypes.CompositeAlarm{{AlarmName: p("both"), AlarmRule: p(`ALARM("cpu") AND ALARM("5xx")`)}}},
		"GetRole":                  &iam.GetRoleOutput{Role: &iamtypes.Role{AssumeRolePolicyDocument: p("%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22ecs-tasks.amazonaws.com%22%7D%7D%5D%7D")}},
		"ListRolePolicies":         &iam.ListRolePoliciesOutput{PolicyNames: []string{"inline"}},
		"GetRolePolicy":            &iam.GetRolePolicyOutput{PolicyDocument: p(`{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["*"]}, {"Effect": "Deny", "Action": "*", "Resource": "*"}]}`)},
		"ListAttachedRolePolicies": &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: []iamtypes.AttachedPolicy{{PolicyName: p("managed"), PolicyArn: p("arn:p")}}},
		"GetPolicy":                &iam.GetPolicyOutput{Policy: &iamtypes.Policy{DefaultVersionId: p("v3")}},
		"GetPolicyVersion":         &iam.GetPolicyVersionOutput{PolicyVersion: &iamtypes.PolicyVersion{Document: p(`{"Statement": {"Effect": "Allow", "Action": ["xray:PutTraceSegments"], "Resource": "*"}}`)}},
		"HeadObject":               &s3.HeadObjectOutput{LastModified: &day},
		"GetBucketEncryption":      &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: "aws:kms"}}}}},
		"GetPublicAccessBlock":     &s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{BlockPublicAcls: p(true), BlockPublicPolicy: p(true), IgnorePublicAcls: p(true), RestrictPublicBuckets: p(true)}},
	}
}

// served is a configuration whose clients get the account's answers.
func served(answers map[string]any) aws.Config {
	return aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("account", func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (out middleware.InitializeOutput, m middleware.Metadata, err error) {
				answer, ok := answers[stack.ID()]
				if !ok {
					return out, m, fmt.Errorf("nobody answers %s", stack.ID())
				}
				if pages, ok := answer.(func() any); ok {
					answer = pages()
				}
				if err, refused := answer.(error); refused {
					return out, m, &smithy.OperationError{ServiceID: "x", OperationName: stack.ID(), Err: err}
				}
				out.Result = answer
				return out, m, nil
			}), middleware.Before)
		}}}
}

func look(t *testing.T, answers map[string]any, opt Options) *review.Live {
	t.Helper()
	opt.Print = func(v string) string { return fmt.Sprintf("<%d>", len(v)) }
	found, err := Read(context.Background(), served(answers), Target{Cluster: "shop", Service: "web"}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if found.TaskDef.File != taskDefARN || found.Service == nil || len(found.TaskDef.Tags) != 1 {
		t.Fatalf("%+v", found)
	}
	if line, _ := found.TaskDef.Doc.Find("containerDefinitions", 0, "image").Pos(); line < 2 {
		t.Errorf("a described definition has places: line %d", line)
	}
	return found.Live
}

// gaps lists what of a reading is missing, with why.
func gaps(live *review.Live) map[string]string {
	out := map[string]string{}
	note := func(name string, ok bool, why review.Text) {
		if !ok {
			out[name] = why.EN
		}
	}
	note("cluster", live.Cluster.OK, live.Cluster.Why)
	note("service", live.Service.OK, live.Service.Why)
	note("tasks", live.Tasks.OK, live.Tasks.Why)
	note("definitions", live.Definitions.OK, live.Definitions.Why)
	note("targets", live.TargetGroups.OK, live.TargetGroups.Why)
	note("scaling", live.Scaling.OK, live.Scaling.Why)
	note("alarms", live.Alarms.OK, live.Alarms.Why)
	note("metrics", live.Metrics.OK, live.Metrics.Why)
	for _, g := range live.LogGroups {
		note("group", g.OK, g.Why)
		if g.OK {
			note("filters", g.Value.Filters.OK, g.Value.Filters.Why)
			note("metric filters", g.Value.MetricFilters.OK, g.Value.MetricFilters.Why)
		}
	}
	for _, g := range live.LogLines {
		note("lines", g.OK, g.Why)
	}
	for _, g := range live.Secrets {
		note("secret", g.OK, g.Why)
		if g.OK {
			note("value", g.Value.Readable, g.Value.Unread)
			note("changed", !g.Value.Changed.IsZero(), review.Say("nobody says when", ""))
		}
	}
	for _, g := range live.Repositories {
		note("repository", g.OK, g.Why)
		if g.OK {
			note("scanning", g.Value.Scanning.OK, g.Value.Scanning.Why)
			note("lifecycle", g.Value.Lifecycle.OK, g.Value.Lifecycle.Why)
			note("public", g.Value.Public.OK, g.Value.Public.Why)
		}
	}
	for _, g := range live.Scans {
		note("scan", g.OK, g.Why)
	}
	for _, g := range live.Roles {
		note("role", g.OK, g.Why)
	}
	for _, g := range live.Objects {
		note("object", g.OK, g.Why)
		if g.OK {
			note("encryption", g.Value.Encryption.OK, g.Value.Encryption.Why)
			note("blocked", g.Value.Blocked.OK, g.Value.Blocked.Why)
		}
	}
	return out
}

func TestReadsAll(t *testing.T) {
	live := look(t, account(), Options{ReadSecretValues: true})
	if g := gaps(live); len(g) > 0 {
		t.Errorf("gaps: %v", g)
	}
	if live.Account != "123456789012" {
		t.Errorf("account %q", live.Account)
	}
	secret := live.Secrets[valueFrom].Value
	if !secret.JSON || fmt.Sprint(secret.Keys) != "[password port username]" || fmt.Sprint(secret.Prints) != "[<21>]" || !secret.Changed.Equal(day) {
		t.Errorf("secret: %+v", secret)
	}
	if len(live.Secrets["/web/key"].Value.Prints) != 0 {
		t.Error("a short value has no fingerprint")
	}
	if all, _ := json.Marshal(live); strings.Contains(string(all), password) {
		t.Error("the value of a secret is kept")
	}
	var names []string
	for _, a := range live.Alarms.Value {
		names = append(names, a.Name)
	}
	if fmt.Sprint(names) != "[cpu errors 5xx both]" {
		t.Errorf("alarms: %v", names)
	}
	group := live.TargetGroups.Value[0]
	if len(group.Listeners) != 1 || group.DeregistrationDelay != 30 || len(group.Targets) != 1 {
		t.Errorf("target group: %+v", group)
	}
	role := live.Roles["arn:aws:iam::123456789012:role/app"].Value
	if fmt.Sprint(role.Trusts) != "[ecs-tasks.amazonaws.com]" || len(role.Policies) != 2 || len(role.Denies) != 1 {
		t.Errorf("role: %+v", role)
	}
	if scan := live.Scans[digest].Value; scan.Critical != 2 || !scan.Done.Equal(day) {
		t.Errorf("scan: %+v", scan)
	}
	if repo := live.Repositories["web"].Value; !repo.Immutable || repo.Lifecycle.Value || !repo.Public.Value || repo.Scanning.Value != "CONTINUOUS_SCAN" {
		t.Errorf("repository: %+v", repo)
	}
	if live.LogGroups["/ecs/web"].Value.RetentionDays != 30 || len(live.LogLines["app"].Value) != 1 {
		t.Errorf("logs: %+v %+v", live.LogGroups, live.LogLines)
	}
}

// Nothing is left on a second page.
func TestPages(t *testing.T) {
	answers := account()
	pages := func(list ...any) func() any {
		return func() any {
			page := list[0]
			list = append(list[1:], page)
			return page
		}
	}
	task := func(id string) string { return "arn:aws:ecs:us-east-1:123456789012:task/shop/" + id }
	answers["ListTasks"] = pages(&ecs.ListTasksOutput{TaskArns: []string{task("a")}, NextToken: p("1")}, &ecs.ListTasksOutput{TaskArns: []string{task("b")}},
		&ecs.ListTasksOutput{NextToken: p("2")}, &ecs.ListTasksOutput{TaskArns: []string{task("c")}})
	var asked int
	answers["DescribeTasks"] = func() any { asked++; return &ecs.DescribeTasksOutput{Tasks: make([]types.Task, 3)} }
	answers["DescribeLogGroups"] = pages(&cloudwatchlogs.DescribeLogGroupsOutput{NextToken: p("1")},
		&cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []logstypes.LogGroup{{LogGroupName: p("/ecs/web")}}})
	answers["DescribeAlarms"] = pages(&cloudwatch.DescribeAlarmsOutput{NextToken: p("1")},
		&cloudwatch.DescribeAlarmsOutput{MetricAlarms: []cwtypes.MetricAlarm{{AlarmName: p("web-slow"), Namespace: p("shop")}}})
	answers["ListRolePolicies"] = pages(&iam.ListRolePoliciesOutput{PolicyNames: []string{"one"}, IsTruncated: true, Marker: p("1")}, &iam.ListRolePoliciesOutput{PolicyNames: []string{"two"}})
	live := look(t, answers, Options{})
	if asked != 1 || len(live.Tasks.Value) != 3 || !live.LogGroups["/ecs/web"].Value.Exists || len(live.Alarms.Value) != 1 || len(live.Roles["arn:aws:iam::123456789012:role/app"].Value.Policies) != 3 {
		t.Errorf("asked %d times for tasks; %+v", asked, live)
	}
}

func TestValuesOnlyWhenAllowed(t *testing.T) {
	answers := account()
	delete(answers, "GetSecretValue")
	delete(answers, "GetParameters")
	if g := gaps(look(t, answers, Options{})); len(g) != 1 || !strings.Contains(g["value"], "only if you allow it") {
		t.Errorf("%v", g)
	}
}

// Every refusal leaves a gap in the part it belongs to, with the action that
// is missing; the rest is read.
func TestRefusals(t *testing.T) {
	for operation, want := range map[string]string{
		"DescribeClusters":                        "cluster: ecs:DescribeClusters",
		"DescribeLogGroups":                       "group: logs:DescribeLogGroups",
		"DescribeSubscriptionFilters":             "filters: logs:DescribeSubscriptionFilters",
		"DescribeMetricFilters":                   "metric filters: logs:DescribeMetricFilters",
		"GetLogEvents":                            "lines: logs:GetLogEvents",
		"DescribeSecret":                          "secret: secretsmanager:DescribeSecret",
		"ListSecretVersionIds":                    "changed: nobody says when",
		"GetSecretValue":                          "value: secretsmanager:GetSecretValue",
		"DescribeParameters":                      "secret: ssm:DescribeParameters",
		"GetParameters":                           "value: ssm:GetParameters",
		"DescribeRepositories":                    "repository: ecr:DescribeRepositories",
		"BatchGetRepositoryScanningConfiguration": "scanning: ecr:BatchGetRepositoryScanningConfiguration",
		"GetLifecyclePolicy":                      "lifecycle: ecr:GetLifecyclePolicy",
		"GetRepositoryPolicy":                     "public: ecr:GetRepositoryPolicy",
		"DescribeImages":                          "scan: ecr:DescribeImages",
		"DescribeTargetGroups":                    "targets: elasticloadbalancing:DescribeTargetGroups",
		"DescribeTargetGroupAttributes":           "targets: elasticloadbalancing:DescribeTargetGroupAttributes",
		"DescribeTargetHealth":                    "targets: elasticloadbalancing:DescribeTargetHealth",
		"DescribeListeners":                       "targets: elasticloadbalancing:DescribeListeners",
		"DescribeRules":                           "targets: elasticloadbalancing:DescribeRules",
		"DescribeScalableTargets":                 "scaling: application-autoscaling:DescribeScalableTargets",
		"DescribeScalingPolicies":                 "scaling: application-autoscaling:DescribeScalingPolicies",
		"DescribeScheduledActions":                "scaling: application-autoscaling:DescribeScheduledActions",
		"ListMetrics":                             "metrics: cloudwatch:ListMetrics",
		"DescribeAlarms":                          "alarms: cloudwatch:DescribeAlarms",
		"GetRole":                                 "role: iam:GetRole",
		"ListRolePolicies":                        "role: iam:ListRolePolicies",
		"GetRolePolicy":                           "role: iam:GetRolePolicy",
		"ListAttachedRolePolicies":                "role: iam:ListAttachedRolePolicies",
		"GetPolicy":                               "role: iam:GetPolicy",
		"GetPolicyVersion":                        "role: iam:GetPolicyVersion",
		"HeadObject":                              "object: s3:GetObject",
		"GetBucketEncryption":                     "encryption: s3:GetEncryptionConfiguration",
		"GetPublicAccessBlock":                    "blocked: s3:GetBucketPublicAccessBlock",
		"ListTasks":                               "tasks: ecs:ListTasks",
		"DescribeTasks":                           "tasks: ecs:DescribeTasks",
	} {
		for code, says := range map[string]string{"AccessDeniedException": "was refused: AccessDeniedException",
			"UnsupportedOperationException": "is not served by this endpoint", "ThrottlingException": "was throttled"} {
			answers := account()
			answers[operation] = &smithy.GenericAPIError{Code: code, Message: "no"}
			part, action, _ := strings.Cut(want, ": ")
			g := gaps(look(t, answers, Options{ReadSecretValues: true}))
			if len(g) != 1 || !strings.HasPrefix(g[part], action) || strings.Contains(action, ":") && !strings.Contains(g[part], says) {
				t.Errorf("%s %s: want %s, got %v", operation, code, want, g)
			}
		}
	}
}

func TestNothingToReviewIsAnError(t *testing.T) {
	for operation, want := range map[string]string{"DescribeServices": "ecs:DescribeServices was refused", "DescribeTaskDefinition": "ecs:DescribeTaskDefinition was refused"} {
		answers := account()
		answers[operation] = &smithy.GenericAPIError{Code: "AccessDeniedException"}
		_, err := Read(context.Background(), served(answers), Target{Service: "web"}, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", operation, err)
		}
	}
	if _, err := Read(context.Background(), served(account()), Target{}, Options{}); err == nil {
		t.Error("nothing named")
	}
}

// Hatoba serves a part of AWS; what it does not, it says so, and the review
// goes on.
func TestOnHatoba(t *testing.T) {
	td := types.TaskDefinition{TaskDefinitionArn: p(taskDefARN), Family: p("web"), TaskRoleArn: p("arn:aws:iam::123456789012:role/app"), ContainerDefinitions: []types.ContainerDefinition{{Name: p("app"),
		EnvironmentFiles: []types.EnvironmentFile{{Value: p("arn:aws:s3:::conf/web.env")}}}}}
	h, err := wire.NewHandler(wire.HandlerConfig{DefaultScope: state.Scope{Account: "000000000000", Region: "us-east-1"}, Services: []wire.Service{{
		Name: "ecs", Title: "Amazon ECS", Protocol: wire.JSON11, TargetPrefix: "AmazonEC2ContainerServiceV20141113", Naming: wire.ECSNaming, Client: (*ecs.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("DescribeServices", func(context.Context, wire.Caller, *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
				return &ecs.DescribeServicesOutput{Services: []types.Service{{ServiceName: p("web"), ServiceArn: p("arn:aws:ecs:us-east-1:000000000000:service/default/web"), TaskDefinition: p(taskDefARN), LoadBalancers: []types.LoadBalancer{{TargetGroupArn: p(groupARN)}}}}}, nil
			}),
			wire.Op("DescribeTaskDefinition", func(context.Context, wire.Caller, *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
				return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &td}, nil
			}),
		}}}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	for _, name := range []string{"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	cfg, err := Config(context.Background(), server.URL, "", "")
	if err != nil {
		t.Fatal(err)
	}
	found, err := Read(context.Background(), cfg, Target{Service: "web"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if line, _ := found.TaskDef.Doc.Get("containerDefinitions").Items[0].Find("name").Pos(); line < 2 {
		t.Error("the answer's own text has places")
	}
	g := gaps(found.Live)
	for _, part := range []string{"cluster", "tasks", "targets", "scaling", "alarms", "metrics", "role", "object"} {
		if !strings.Contains(g[part], "is not served by this endpoint") {
			t.Errorf("%s: %q", part, g[part])
		}
	}
}

func TestDeadline(t *testing.T) {
	why, _ := reason(fmt.Errorf("call: %w", context.DeadlineExceeded), "ecs:ListTasks")
	if why.EN != "ecs:ListTasks: no answer in time" {
		t.Error(why.EN)
	}
	if why, _ := reason(errors.New("connection refused"), "ecs:ListTasks"); why.EN != "ecs:ListTasks failed: connection refused" {
		t.Error(why.EN)
	}
}

// An answer without what was asked for is no crash, and no pass.
func TestEmptyAnswers(t *testing.T) {
	answers := account()
	for operation, empty := range map[string]any{"GetPolicy": &iam.GetPolicyOutput{}, "DescribeClusters": &ecs.DescribeClustersOutput{}, "DescribeTargetHealth": &elb.DescribeTargetHealthOutput{TargetHealthDescriptions: make([]elbtypes.TargetHealthDescription, 1)},
		"DescribeScalingPolicies": &autoscaling.DescribeScalingPoliciesOutput{ScalingPolicies: make([]autoscalingtypes.ScalingPolicy, 1)}, "DescribeAlarms": &cloudwatch.DescribeAlarmsOutput{MetricAlarms: make([]cwtypes.MetricAlarm, 1)},
		"DescribeTasks": &ecs.DescribeTasksOutput{Tasks: make([]types.Task, 1)}, "DescribeRepositories": &ecr.DescribeRepositoriesOutput{}, "BatchGetRepositoryScanningConfiguration": &ecr.BatchGetRepositoryScanningConfigurationOutput{},
		"GetBucketEncryption": &s3.GetBucketEncryptionOutput{}, "GetSecretValue": &secretsmanager.GetSecretValueOutput{}} {
		answers[operation] = empty
	}
	if g := gaps(look(t, answers, Options{ReadSecretValues: true})); g["role"] != "iam:GetPolicy failed: the answer is empty" || g["cluster"] == "" {
		t.Errorf("%v", g)
	}
}

func TestConfigWantsAURL(t *testing.T) {
	if _, err := Config(context.Background(), "127.0.0.1", "", ""); err == nil {
		t.Error("no error")
	}
}

// Policies are written by people: anything may stand in them.
func FuzzStatements(f *testing.F) {
	f.Add(`{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}}}`)
	f.Add("%7B%22Statement%22%3A%5B%5D%7D")
	f.Fuzz(func(_ *testing.T, text string) {
		statements(text)
		everybody(text)
		trusts(text)
	})
}
