package authorization_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Every operation is judged by the resource that AWS's service authorization
// reference lists for it: a policy that names it allows the call, one that names
// another refuses it, and an operation without one takes "*".
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
func TestResourcesOfOperations(t *testing.T) {
	w := newWorld(t)
	target := scope.ARN("application-autoscaling", "scalable-target/0ec5abc")
	w.update(func(s store.Writer) error {
		return store.ScalableTargets.Put(s, scope.Key("service/default/web"), state.ScalableTarget{ARN: target})
	})
	a, web, one := aws.String("a"), aws.String("service/default/web"), []string{"a"}
	alarm, alarms := scope.AlarmARN("a"), scope.AlarmARN("*")
	topic, subscription := scope.ARN("sns", "a"), aws.String(scope.ARN("sns", "a:5f0b"))
	anyTarget := scope.ARN("application-autoscaling", "scalable-target/*")
	namespace, service := scope.ARN("servicediscovery", "namespace/ns-1"), scope.ARN("servicediscovery", "service/srv-1")
	ns, srv := aws.String("ns-1"), aws.String("srv-1")
	events := func(resource string) string { return scope.ARN("events", resource) }
	schedules := func(resource string) string { return scope.ARN("scheduler", resource) }
	for _, c := range []struct {
		service, operation string
		in                 any
		resource           string
	}{
		{"monitoring", "DescribeAlarms", &cloudwatch.DescribeAlarmsInput{AlarmNames: one}, alarm},
		{"monitoring", "DescribeAlarms", &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: a}, alarms},
		{"monitoring", "DescribeAlarmHistory", &cloudwatch.DescribeAlarmHistoryInput{AlarmName: a}, alarm},
		{"monitoring", "DescribeAlarmHistory", &cloudwatch.DescribeAlarmHistoryInput{}, alarms},
		{"monitoring", "DescribeAlarmsForMetric", &cloudwatch.DescribeAlarmsForMetricInput{MetricName: a}, "*"},
		{"monitoring", "DeleteAlarms", &cloudwatch.DeleteAlarmsInput{AlarmNames: one}, alarm},
		{"monitoring", "EnableAlarmActions", &cloudwatch.EnableAlarmActionsInput{AlarmNames: one}, alarm},
		{"monitoring", "DisableAlarmActions", &cloudwatch.DisableAlarmActionsInput{AlarmNames: one}, alarm},
		{"monitoring", "SetAlarmState", &cloudwatch.SetAlarmStateInput{AlarmName: a}, alarm},
		{"monitoring", "PutMetricAlarm", &cloudwatch.PutMetricAlarmInput{AlarmName: a, Namespace: a}, alarm},
		{"monitoring", "PutCompositeAlarm", &cloudwatch.PutCompositeAlarmInput{AlarmName: a}, alarm},
		{"monitoring", "TagResource", &cloudwatch.TagResourceInput{ResourceARN: &alarm}, alarm},
		{"monitoring", "UntagResource", &cloudwatch.UntagResourceInput{ResourceARN: &alarm}, alarm},
		{"monitoring", "ListTagsForResource", &cloudwatch.ListTagsForResourceInput{ResourceARN: &alarm}, alarm},
		{"monitoring", "GetMetricData", &cloudwatch.GetMetricDataInput{}, "*"},
		{"monitoring", "PutMetricData", &cloudwatch.PutMetricDataInput{Namespace: a}, "*"},

		{"sns", "CreateTopic", &sns.CreateTopicInput{Name: a}, topic},
		{"sns", "DeleteTopic", &sns.DeleteTopicInput{TopicArn: &topic}, topic},
		{"sns", "Publish", &sns.PublishInput{TopicArn: &topic}, topic},
		{"sns", "Publish", &sns.PublishInput{TargetArn: &topic}, topic},
		{"sns", "Subscribe", &sns.SubscribeInput{TopicArn: &topic}, topic},
		{"sns", "ConfirmSubscription", &sns.ConfirmSubscriptionInput{TopicArn: &topic}, topic},
		{"sns", "ListSubscriptionsByTopic", &sns.ListSubscriptionsByTopicInput{TopicArn: &topic}, topic},
		{"sns", "SetTopicAttributes", &sns.SetTopicAttributesInput{TopicArn: &topic}, topic},
		{"sns", "TagResource", &sns.TagResourceInput{ResourceArn: &topic}, topic},
		{"sns", "Unsubscribe", &sns.UnsubscribeInput{SubscriptionArn: subscription}, "*"},
		{"sns", "GetSubscriptionAttributes", &sns.GetSubscriptionAttributesInput{SubscriptionArn: subscription}, "*"},
		{"sns", "SetSubscriptionAttributes", &sns.SetSubscriptionAttributesInput{SubscriptionArn: subscription}, "*"},
		{"sns", "ListTopics", &sns.ListTopicsInput{}, "*"},

		{"application-autoscaling", "RegisterScalableTarget", &scaling.RegisterScalableTargetInput{ResourceId: web}, target},
		{"application-autoscaling", "RegisterScalableTarget", &scaling.RegisterScalableTargetInput{ResourceId: a}, anyTarget},
		{"application-autoscaling", "DeregisterScalableTarget", &scaling.DeregisterScalableTargetInput{ResourceId: web}, target},
		{"application-autoscaling", "PutScalingPolicy", &scaling.PutScalingPolicyInput{ResourceId: web}, target},
		{"application-autoscaling", "DeleteScheduledAction", &scaling.DeleteScheduledActionInput{ResourceId: web}, target},
		{"application-autoscaling", "TagResource", &scaling.TagResourceInput{ResourceARN: &target}, target},
		{"application-autoscaling", "DescribeScalableTargets", &scaling.DescribeScalableTargetsInput{ResourceIds: []string{*web}}, "*"},
		{"application-autoscaling", "DescribeScalingPolicies", &scaling.DescribeScalingPoliciesInput{ResourceId: web}, "*"},
		{"application-autoscaling", "DescribeScalingActivities", &scaling.DescribeScalingActivitiesInput{ResourceId: web}, "*"},
		{"application-autoscaling", "DescribeScheduledActions", &scaling.DescribeScheduledActionsInput{ResourceId: web}, "*"},

		{"servicediscovery", "CreatePrivateDnsNamespace", &servicediscovery.CreatePrivateDnsNamespaceInput{Name: a}, "*"},
		{"servicediscovery", "CreateService", &servicediscovery.CreateServiceInput{Name: a, NamespaceId: ns}, namespace},
		{"servicediscovery", "GetNamespace", &servicediscovery.GetNamespaceInput{Id: ns}, namespace},
		{"servicediscovery", "DeleteService", &servicediscovery.DeleteServiceInput{Id: srv}, service},
		{"servicediscovery", "RegisterInstance", &servicediscovery.RegisterInstanceInput{ServiceId: srv}, service},
		{"servicediscovery", "DeregisterInstance", &servicediscovery.DeregisterInstanceInput{ServiceId: srv}, service},
		{"servicediscovery", "GetInstance", &servicediscovery.GetInstanceInput{ServiceId: srv}, "*"},
		{"servicediscovery", "ListInstances", &servicediscovery.ListInstancesInput{ServiceId: srv}, "*"},
		{"servicediscovery", "GetInstancesHealthStatus", &servicediscovery.GetInstancesHealthStatusInput{ServiceId: srv}, "*"},
		{"servicediscovery", "UpdateInstanceCustomHealthStatus", &servicediscovery.UpdateInstanceCustomHealthStatusInput{ServiceId: srv}, "*"},
		{"servicediscovery", "DiscoverInstances", &servicediscovery.DiscoverInstancesInput{NamespaceName: a, ServiceName: a}, "*"},

		{"events", "PutRule", &eventbridge.PutRuleInput{Name: a}, events("rule/a")},
		{"events", "PutRule", &eventbridge.PutRuleInput{Name: a, EventBusName: aws.String("b")}, events("rule/b/a")},
		{"events", "PutTargets", &eventbridge.PutTargetsInput{Rule: a}, events("rule/a")},
		{"events", "ListTargetsByRule", &eventbridge.ListTargetsByRuleInput{Rule: a}, events("rule/a")},
		{"events", "ListRules", &eventbridge.ListRulesInput{EventBusName: a}, "*"},
		{"events", "PutEvents", &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{EventBusName: a}}}, events("event-bus/a")},
		{"events", "DescribeEventBus", &eventbridge.DescribeEventBusInput{}, events("event-bus/default")},
		{"events", "UpdateEventBus", &eventbridge.UpdateEventBusInput{Name: a}, events("event-bus/a")},
		{"events", "CreateArchive", &eventbridge.CreateArchiveInput{ArchiveName: a}, events("archive/a")},
		{"events", "CancelReplay", &eventbridge.CancelReplayInput{ReplayName: a}, events("replay/a")},
		{"events", "DescribeConnection", &eventbridge.DescribeConnectionInput{Name: a}, events("connection/a")},
		{"events", "UpdateApiDestination", &eventbridge.UpdateApiDestinationInput{Name: a}, events("api-destination/a")},
		{"events", "ListConnections", &eventbridge.ListConnectionsInput{NamePrefix: a}, "*"},
		{"events", "TestEventPattern", &eventbridge.TestEventPatternInput{}, "*"},

		{"scheduler", "CreateSchedule", &scheduler.CreateScheduleInput{Name: a}, schedules("schedule/default/a")},
		{"scheduler", "GetSchedule", &scheduler.GetScheduleInput{Name: a, GroupName: aws.String("g")}, schedules("schedule/g/a")},
		{"scheduler", "DeleteScheduleGroup", &scheduler.DeleteScheduleGroupInput{Name: a}, schedules("schedule-group/a")},
		{"scheduler", "ListSchedules", &scheduler.ListSchedulesInput{GroupName: a}, "*"},
	} {
		action := c.service
		if action == "monitoring" {
			action = "cloudwatch"
		}
		policy := func(resource string) string {
			return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"` + action + `:*","Resource":"` + resource + `"}}`
		}
		refused := "is not authorized to perform: "
		w.put(policy(c.resource))
		w.want(c.operation+" with "+c.resource, c.service, c.operation, c.in, "")
		w.put(policy(scope.ARN("nothing", "else")))
		w.want(c.operation+" with something else", c.service, c.operation, c.in, refused)
		if c.resource != "*" {
			continue
		}
		w.put(policy("arn:aws:*:*:*:*"))
		w.want(c.operation+", which has no resource, with all ARNs", c.service, c.operation, c.in, refused)
	}
}

// One alarm that is not allowed is one too many, a batch is published as one
// message is, and Cloud Map tells instances apart by their service's ARN.
func TestResourcesOfSeveralAndOfConditions(t *testing.T) {
	w := newWorld(t)
	topic := scope.ARN("sns", "a")
	w.put(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"cloudwatch:DescribeAlarms","Resource":"` + scope.AlarmARN("a") + `"},
		{"Effect":"Allow","Action":"sns:Publish","Resource":"` + topic + `"},
		{"Effect":"Allow","Action":"servicediscovery:ListInstances","Resource":"*","Condition":{"StringEquals":{"servicediscovery:ServiceArn":"` + scope.ARN("servicediscovery", "service/srv-1") + `"}}},
		{"Effect":"Allow","Action":"servicediscovery:DiscoverInstances","Resource":"*","Condition":{"StringEquals":{"servicediscovery:NamespaceName":"here"}}}]}`)
	w.want("both", "monitoring", "DescribeAlarms", &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"a", "b"}}, "cloudwatch:DescribeAlarms on resource: "+scope.AlarmARN("b"))
	w.want("all", "monitoring", "DescribeAlarms", &cloudwatch.DescribeAlarmsInput{}, "on resource: "+scope.AlarmARN("*"))
	w.want("a batch", "sns", "PublishBatch", &sns.PublishBatchInput{TopicArn: &topic}, "")
	w.want("its instances", "servicediscovery", "ListInstances", &servicediscovery.ListInstancesInput{ServiceId: aws.String("srv-1")}, "")
	w.want("others", "servicediscovery", "ListInstances", &servicediscovery.ListInstancesInput{ServiceId: aws.String("srv-2")}, "servicediscovery:ListInstances")
	w.want("here", "servicediscovery", "DiscoverInstances", &servicediscovery.DiscoverInstancesInput{NamespaceName: aws.String("here")}, "")
	w.want("there", "servicediscovery", "DiscoverInstances", &servicediscovery.DiscoverInstancesInput{NamespaceName: aws.String("there")}, "servicediscovery:DiscoverInstances")
}
