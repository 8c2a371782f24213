package live

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/review"
)

func (r *reader) targetGroups(ctx context.Context) review.Given[[]review.TargetGroup] {
	s := r.service()
	if s == nil {
		return review.Missing[[]review.TargetGroup](r.live.Service.Why, r.live.Service.How)
	}
	client, out := elb.NewFromConfig(r.cfg), []review.TargetGroup{}
	for _, lb := range s.LoadBalancers {
		if aws.ToString(lb.TargetGroupArn) == "" { // a classic load balancer
			continue
		}
		found, err := client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{*lb.TargetGroupArn}})
		if err != nil {
			return refused[[]review.TargetGroup](err, "elasticloadbalancing:DescribeTargetGroups")
		}
		for _, g := range found.TargetGroups {
			group := review.TargetGroup{ARN: aws.ToString(g.TargetGroupArn), Name: aws.ToString(g.TargetGroupName), Protocol: string(g.Protocol),
				TargetType: string(g.TargetType), Port: int(aws.ToInt32(g.Port)), HealthPath: aws.ToString(g.HealthCheckPath), HealthPort: aws.ToString(g.HealthCheckPort),
				HealthInterval: int(aws.ToInt32(g.HealthCheckIntervalSeconds)), HealthTimeout: int(aws.ToInt32(g.HealthCheckTimeoutSeconds)),
				Healthy: int(aws.ToInt32(g.HealthyThresholdCount)), Unhealthy: int(aws.ToInt32(g.UnhealthyThresholdCount)),
				Container: aws.ToString(lb.ContainerName), ContainerPort: int(aws.ToInt32(lb.ContainerPort))}
			if action, err := complete(ctx, client, g, &group); err != nil {
				return refused[[]review.TargetGroup](err, action)
			}
			out = append(out, group)
		}
	}
	return review.Have(out)
}

// complete reads what stands around a target group. It names the action that
// was refused.
func complete(ctx context.Context, client *elb.Client, g types.TargetGroup, group *review.TargetGroup) (string, error) {
	attributes, err := client.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: g.TargetGroupArn})
	if err != nil {
		return "elasticloadbalancing:DescribeTargetGroupAttributes", err
	}
	for _, a := range attributes.Attributes {
		if aws.ToString(a.Key) == "deregistration_delay.timeout_seconds" {
			group.DeregistrationDelay, _ = strconv.Atoi(aws.ToString(a.Value))
		}
	}
	health, err := client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn})
	if err != nil {
		return "elasticloadbalancing:DescribeTargetHealth", err
	}
	for _, h := range health.TargetHealthDescriptions {
		t := review.Target{}
		if h.Target != nil {
			t.ID, t.Port = aws.ToString(h.Target.Id), int(aws.ToInt32(h.Target.Port))
		}
		if h.TargetHealth != nil {
			t.State, t.Reason = string(h.TargetHealth.State), string(h.TargetHealth.Reason)
		}
		group.Targets = append(group.Targets, t)
	}
	for _, balancer := range g.LoadBalancerArns {
		for pages := elb.NewDescribeListenersPaginator(client, &elb.DescribeListenersInput{LoadBalancerArn: &balancer}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return "elasticloadbalancing:DescribeListeners", err
			}
			for _, l := range page.Listeners {
				forwards, err := leads(ctx, client, l, group.ARN)
				if err != nil {
					return "elasticloadbalancing:DescribeRules", err
				}
				if forwards {
					group.Listeners = append(group.Listeners, review.Listener{ARN: aws.ToString(l.ListenerArn), Protocol: string(l.Protocol),
						Port: int(aws.ToInt32(l.Port)), SSLPolicy: aws.ToString(l.SslPolicy)})
				}
			}
		}
	}
	return "", nil
}

// leads reports whether a listener forwards to the group, by default or by a
// rule.
func leads(ctx context.Context, client *elb.Client, l types.Listener, group string) (bool, error) {
	to := func(actions []types.Action) bool {
		return slices.ContainsFunc(actions, func(a types.Action) bool {
			return aws.ToString(a.TargetGroupArn) == group || a.ForwardConfig != nil &&
				slices.ContainsFunc(a.ForwardConfig.TargetGroups, func(t types.TargetGroupTuple) bool { return aws.ToString(t.TargetGroupArn) == group })
		})
	}
	if to(l.DefaultActions) {
		return true, nil
	}
	for pages := elb.NewDescribeRulesPaginator(client, &elb.DescribeRulesInput{ListenerArn: l.ListenerArn}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(page.Rules, func(r types.Rule) bool { return to(r.Actions) }) {
			return true, nil
		}
	}
	return false, nil
}
