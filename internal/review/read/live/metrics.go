package live

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

// metrics lists the metrics that had data in the last three hours.
func (r *reader) metrics(ctx context.Context) review.Given[[]string] {
	s := r.service()
	if s == nil {
		return noService[[]string]()
	}
	of := func(name, value string) types.DimensionFilter {
		return types.DimensionFilter{Name: &name, Value: &value}
	}
	asked := [][]types.DimensionFilter{{of("ClusterName", r.clusterName()), of("ServiceName", aws.ToString(s.ServiceName))}}
	for _, lb := range s.LoadBalancers {
		if group := groupDimension(aws.ToString(lb.TargetGroupArn)); group != "" {
			asked = append(asked, []types.DimensionFilter{of("TargetGroup", group)})
		}
	}
	client, names := cloudwatch.NewFromConfig(r.cfg), []string{}
	for _, dimensions := range asked {
		for pages := cloudwatch.NewListMetricsPaginator(client, &cloudwatch.ListMetricsInput{Dimensions: dimensions, RecentlyActive: types.RecentlyActivePt3h}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return refused[[]string](err, "cloudwatch:ListMetrics")
			}
			for _, m := range page.Metrics {
				names = append(names, aws.ToString(m.Namespace)+"/"+aws.ToString(m.MetricName))
			}
		}
	}
	names = unique(names)
	slices.Sort(names)
	return review.Have(append([]string{}, names...))
}

// groupDimension is how metrics name a target group: targetgroup/NAME/ID.
func groupDimension(arn string) string {
	if arn == "" {
		return ""
	}
	return after(arn, ":")
}

// alarms reads the alarms and keeps those that speak of the service.
func (r *reader) alarms(ctx context.Context) review.Given[[]review.Alarm] {
	if r.service() == nil {
		return noService[[]review.Alarm]()
	}
	var all []review.Alarm
	for pages := cloudwatch.NewDescribeAlarmsPaginator(cloudwatch.NewFromConfig(r.cfg), &cloudwatch.DescribeAlarmsInput{
		AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return refused[[]review.Alarm](err, "cloudwatch:DescribeAlarms")
		}
		for _, a := range page.MetricAlarms {
			all = append(all, metricAlarm(a))
		}
		for _, a := range page.CompositeAlarms {
			all = append(all, review.Alarm{Name: aws.ToString(a.AlarmName), Description: aws.ToString(a.AlarmDescription), State: string(a.StateValue),
				Composite: true, Rule: aws.ToString(a.AlarmRule), ActionsEnabled: aws.ToBool(a.ActionsEnabled), Actions: a.AlarmActions})
		}
	}
	kept := []review.Alarm{}
	for _, a := range all {
		if !a.Composite && r.speaks(a) {
			kept = append(kept, a)
		}
	}
	for _, a := range all {
		if a.Composite && slices.ContainsFunc(kept, func(k review.Alarm) bool {
			return strings.Contains(a.Rule, `"`+k.Name+`"`) || strings.Contains(a.Rule, "("+k.Name+")") || strings.Contains(a.Rule, ":"+k.Name+`"`)
		}) {
			kept = append(kept, a)
		}
	}
	return review.Have(kept)
}

func metricAlarm(a types.MetricAlarm) review.Alarm {
	out := review.Alarm{Name: aws.ToString(a.AlarmName), Description: aws.ToString(a.AlarmDescription), State: string(a.StateValue),
		Namespace: aws.ToString(a.Namespace), Metric: aws.ToString(a.MetricName), Dimensions: map[string]string{},
		ActionsEnabled: aws.ToBool(a.ActionsEnabled), Actions: a.AlarmActions}
	dimensions := a.Dimensions
	for _, q := range a.Metrics {
		if q.MetricStat != nil && q.MetricStat.Metric != nil {
			dimensions = append(dimensions, q.MetricStat.Metric.Dimensions...)
			out.Namespace, out.Metric = cmp.Or(out.Namespace, aws.ToString(q.MetricStat.Metric.Namespace)), cmp.Or(out.Metric, aws.ToString(q.MetricStat.Metric.MetricName))
		}
	}
	for _, d := range dimensions {
		out.Dimensions[aws.ToString(d.Name)] = aws.ToString(d.Value)
	}
	out.Scaling = len(out.Actions) > 0 && !slices.ContainsFunc(out.Actions, func(action string) bool {
		return !strings.HasPrefix(action, "arn:aws:autoscaling:") && !strings.Contains(action, ":scalingPolicy:")
	})
	return out
}

// speaks reports whether an alarm is about the service, its cluster, its
// target groups or balancers, or a metric that its logs write.
func (r *reader) speaks(a review.Alarm) bool {
	s, cluster := r.service(), r.clusterName()
	if c := a.Dimensions["ClusterName"]; c != "" {
		name := a.Dimensions["ServiceName"]
		return c == cluster && (name == "" || name == aws.ToString(s.ServiceName))
	}
	if g := a.Dimensions["TargetGroup"]; g != "" {
		return slices.ContainsFunc(r.live.TargetGroups.Value, func(t review.TargetGroup) bool { return groupDimension(t.ARN) == g }) ||
			strings.Contains(groupsOf(s.LoadBalancers), g)
	}
	if lb := a.Dimensions["LoadBalancer"]; lb != "" {
		return !r.live.TargetGroups.OK || slices.ContainsFunc(r.live.TargetGroups.Value, func(t review.TargetGroup) bool {
			return slices.ContainsFunc(t.Listeners, func(l review.Listener) bool { return strings.Contains(l.ARN, "/"+lb+"/") })
		})
	}
	// A program's own metrics have the dimensions it likes; people name things
	// after the service.
	if name := strings.ToLower(aws.ToString(s.ServiceName)); name != "" && !strings.HasPrefix(a.Namespace, "AWS/") {
		if strings.Contains(strings.ToLower(a.Name), name) {
			return true
		}
		for _, v := range a.Dimensions {
			if strings.EqualFold(v, name) {
				return true
			}
		}
	}
	for _, group := range r.live.LogGroups {
		for _, f := range group.Value.MetricFilters.Value {
			if f.Destination == a.Namespace+"/"+a.Metric {
				return true
			}
		}
	}
	return false
}

func groupsOf(balancers []ecstypes.LoadBalancer) string {
	var all strings.Builder
	for _, lb := range balancers {
		all.WriteString(aws.ToString(lb.TargetGroupArn) + " ")
	}
	return all.String()
}
