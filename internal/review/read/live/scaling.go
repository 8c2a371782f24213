package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/review"
)

func (r *reader) scaling(ctx context.Context) review.Given[review.Scaling] {
	s := r.service()
	if s == nil {
		return noService[review.Scaling]()
	}
	client, out := scaling.NewFromConfig(r.cfg), review.Scaling{}
	id := "service/" + r.clusterName() + "/" + aws.ToString(s.ServiceName)
	for pages := scaling.NewDescribeScalableTargetsPaginator(client, &scaling.DescribeScalableTargetsInput{ServiceNamespace: types.ServiceNamespaceEcs,
		ResourceIds: []string{id}}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return refused[review.Scaling](err, "application-autoscaling:DescribeScalableTargets")
		}
		for _, t := range page.ScalableTargets {
			out.Registered, out.Min, out.Max = true, int(aws.ToInt32(t.MinCapacity)), int(aws.ToInt32(t.MaxCapacity))
			out.Suspended = t.SuspendedState != nil && aws.ToBool(t.SuspendedState.DynamicScalingOutSuspended)
		}
	}
	for pages := scaling.NewDescribeScalingPoliciesPaginator(client, &scaling.DescribeScalingPoliciesInput{ServiceNamespace: types.ServiceNamespaceEcs,
		ResourceId: &id}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return refused[review.Scaling](err, "application-autoscaling:DescribeScalingPolicies")
		}
		for _, p := range page.ScalingPolicies {
			out.Policies = append(out.Policies, policy(p))
		}
	}
	for pages := scaling.NewDescribeScheduledActionsPaginator(client, &scaling.DescribeScheduledActionsInput{ServiceNamespace: types.ServiceNamespaceEcs,
		ResourceId: &id}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return refused[review.Scaling](err, "application-autoscaling:DescribeScheduledActions")
		}
		for _, a := range page.ScheduledActions {
			out.Scheduled = append(out.Scheduled, aws.ToString(a.Schedule))
		}
	}
	return review.Have(out)
}

func policy(p types.ScalingPolicy) review.ScalingPolicy {
	out := review.ScalingPolicy{Name: aws.ToString(p.PolicyName), Type: string(p.PolicyType)}
	t := p.TargetTrackingScalingPolicyConfiguration
	if t == nil {
		return out
	}
	out.Target = aws.ToFloat64(t.TargetValue)
	if t.PredefinedMetricSpecification != nil {
		out.Metric = string(t.PredefinedMetricSpecification.PredefinedMetricType)
	}
	if c := t.CustomizedMetricSpecification; c != nil {
		out.Metric = aws.ToString(c.Namespace) + "/" + aws.ToString(c.MetricName)
		for _, m := range c.Metrics {
			if m.MetricStat != nil && m.MetricStat.Metric != nil {
				out.Metric = aws.ToString(m.MetricStat.Metric.Namespace) + "/" + aws.ToString(m.MetricStat.Metric.MetricName)
			}
		}
	}
	return out
}
