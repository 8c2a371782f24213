package clients

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func (f *tf) targetGroup() {
	ctx := f.t.Context()
	out, err := f.elb.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String("tf-web"), Port: aws.Int32(8080), Protocol: "HTTP", ProtocolVersion: aws.String("HTTP1"), VpcId: aws.String(f.state["vpc"]), TargetType: "ip",
		HealthCheckEnabled: aws.Bool(true), HealthCheckIntervalSeconds: aws.Int32(5), HealthyThresholdCount: aws.Int32(2), UnhealthyThresholdCount: aws.Int32(3),
		HealthCheckTimeoutSeconds: aws.Int32(2), HealthCheckPath: aws.String("/"), HealthCheckPort: aws.String("traffic-port"), HealthCheckProtocol: "HTTP",
		Matcher: &elbtypes.Matcher{HttpCode: aws.String("200")}, Tags: []elbtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_lb_target_group", err)
	f.state["target"] = aws.ToString(out.TargetGroups[0].TargetGroupArn)
	_, err = f.elb.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: aws.String(f.state["target"]), Attributes: groupAttributes("1")})
	f.must("attributes of aws_lb_target_group", err)
	f.state["delay"] = "1"
	f.readTargetGroup()
}

func groupAttributes(delay string) (out []elbtypes.TargetGroupAttribute) {
	for _, kv := range [][2]string{{"deregistration_delay.timeout_seconds", delay}, {"slow_start.duration_seconds", "0"}} {
		out = append(out, elbtypes.TargetGroupAttribute{Key: aws.String(kv[0]), Value: aws.String(kv[1])})
	}
	return out
}

func (f *tf) readTargetGroup() {
	ctx := f.t.Context()
	out, err := f.elb.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{f.state["target"]}})
	f.must("read aws_lb_target_group", err)
	g := out.TargetGroups[0]
	f.same("health_check", []any{
		aws.ToBool(g.HealthCheckEnabled), aws.ToInt32(g.HealthCheckIntervalSeconds), aws.ToInt32(g.HealthyThresholdCount), aws.ToInt32(g.UnhealthyThresholdCount),
		aws.ToInt32(g.HealthCheckTimeoutSeconds), aws.ToString(g.HealthCheckPath), aws.ToString(g.HealthCheckPort), string(g.HealthCheckProtocol), aws.ToString(g.Matcher.HttpCode),
	}, []any{true, int32(5), int32(2), int32(3), int32(2), "/", "traffic-port", "HTTP", "200"})
	f.same("port, protocol", fmt.Sprintf("%d %s %s %s %s", aws.ToInt32(g.Port), g.Protocol, aws.ToString(g.ProtocolVersion), g.TargetType, g.IpAddressType), "8080 HTTP HTTP1 ip ipv4")
	f.same("vpc_id", aws.ToString(g.VpcId), f.state["vpc"])
	got := map[string]string{}
	attributes, err := f.elb.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: g.TargetGroupArn})
	f.must("attributes of aws_lb_target_group", err)
	for _, a := range attributes.Attributes {
		got[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	for key, want := range map[string]string{
		"deregistration_delay.timeout_seconds": f.state["delay"], "slow_start.duration_seconds": "0", "stickiness.enabled": "false", "stickiness.type": "lb_cookie",
		"stickiness.lb_cookie.duration_seconds": "86400", "load_balancing.algorithm.type": "round_robin", "load_balancing.algorithm.anomaly_mitigation": "off",
		"load_balancing.cross_zone.enabled": "use_load_balancer_configuration", "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
	} {
		f.same(key, got[key], want)
	}
	f.elbTags(f.state["target"])
}

func (f *tf) elbTags(arn string) {
	f.t.Helper()
	out, err := f.elb.DescribeTags(f.t.Context(), &elb.DescribeTagsInput{ResourceArns: []string{arn}})
	f.must("tags of "+arn, err)
	if len(out.TagDescriptions) != 1 || len(out.TagDescriptions[0].Tags) != 1 {
		f.t.Errorf("tags of %s: %+v", arn, out.TagDescriptions)
	}
}

// balancerAttributes are those the provider sets on every application load
// balancer it makes.
var balancerAttributes = map[string]string{
	"access_logs.s3.enabled": "false", "connection_logs.s3.enabled": "false", "client_keep_alive.seconds": "3600", "deletion_protection.enabled": "false",
	"idle_timeout.timeout_seconds": "60", "routing.http.desync_mitigation_mode": "defensive", "routing.http.drop_invalid_header_fields.enabled": "false",
	"routing.http.preserve_host_header.enabled": "false", "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false", "routing.http.xff_client_port.enabled": "false",
	"routing.http.xff_header_processing.mode": "append", "routing.http2.enabled": "true", "waf.fail_open.enabled": "false", "zonal_shift.config.enabled": "false",
}

func (f *tf) loadBalancer() {
	ctx := f.t.Context()
	out, err := f.elb.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String("tf-web"), Type: "application", Subnets: f.subnets(), SecurityGroups: []string{f.state["group"]},
		Tags: []elbtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_lb", err)
	f.state["balancer"] = aws.ToString(out.LoadBalancers[0].LoadBalancerArn)
	f.w.Eventually("the load balancer is active", func() bool { return f.balancer().State.Code == "active" })
	var attributes []elbtypes.LoadBalancerAttribute
	for key, value := range balancerAttributes {
		attributes = append(attributes, elbtypes.LoadBalancerAttribute{Key: aws.String(key), Value: aws.String(value)})
	}
	_, err = f.elb.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: aws.String(f.state["balancer"]), Attributes: attributes})
	f.must("attributes of aws_lb", err)
	f.readLoadBalancer()
}

func (f *tf) balancer() elbtypes.LoadBalancer {
	out, err := f.elb.DescribeLoadBalancers(f.t.Context(), &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{f.state["balancer"]}})
	f.must("read aws_lb", err)
	return out.LoadBalancers[0]
}

func (f *tf) readLoadBalancer() {
	ctx := f.t.Context()
	lb := f.balancer()
	f.same("internal", string(lb.Scheme), "internet-facing")
	f.same("type", fmt.Sprintf("%s %s", lb.Type, lb.IpAddressType), "application ipv4")
	f.same("vpc_id", aws.ToString(lb.VpcId), f.state["vpc"])
	f.same("security_groups", lb.SecurityGroups, []string{f.state["group"]})
	var subnets []string
	for _, z := range lb.AvailabilityZones {
		subnets = append(subnets, aws.ToString(z.SubnetId))
	}
	slices.Sort(subnets)
	f.same("subnets", subnets, slices.Sorted(slices.Values(f.subnets())))
	if aws.ToString(lb.DNSName) == "" || aws.ToString(lb.CanonicalHostedZoneId) == "" {
		f.t.Errorf("dns_name %q, zone_id %q", aws.ToString(lb.DNSName), aws.ToString(lb.CanonicalHostedZoneId))
	}
	got := map[string]string{}
	attributes, err := f.elb.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn})
	f.must("attributes of aws_lb", err)
	for _, a := range attributes.Attributes {
		got[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	for key, want := range balancerAttributes {
		f.same(key, got[key], want)
	}
	_, err = f.elb.DescribeCapacityReservation(ctx, &elb.DescribeCapacityReservationInput{LoadBalancerArn: lb.LoadBalancerArn})
	f.must("minimum_load_balancer_capacity", err)
	f.elbTags(f.state["balancer"])
}

func (f *tf) listener() {
	out, err := f.elb.CreateListener(f.t.Context(), &elb.CreateListenerInput{
		LoadBalancerArn: aws.String(f.state["balancer"]), Port: aws.Int32(80), Protocol: "HTTP",
		DefaultActions: []elbtypes.Action{{Type: "forward", TargetGroupArn: aws.String(f.state["target"])}},
		Tags:           []elbtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_lb_listener", err)
	f.state["listener"] = aws.ToString(out.Listeners[0].ListenerArn)
	f.readListener()
}

func (f *tf) readListener() {
	ctx := f.t.Context()
	out, err := f.elb.DescribeListeners(ctx, &elb.DescribeListenersInput{ListenerArns: []string{f.state["listener"]}})
	f.must("read aws_lb_listener", err)
	l := out.Listeners[0]
	f.same("port, protocol", fmt.Sprintf("%d %s", aws.ToInt32(l.Port), l.Protocol), "80 HTTP")
	f.same("certificate_arn, alpn_policy, ssl_policy", len(l.Certificates)+len(l.AlpnPolicy)+len(aws.ToString(l.SslPolicy)), 0)
	if len(l.DefaultActions) != 1 || l.DefaultActions[0].Type != "forward" || aws.ToString(l.DefaultActions[0].TargetGroupArn) != f.state["target"] {
		f.t.Errorf("default_action %+v", l.DefaultActions)
	}
	if c := l.DefaultActions[0].ForwardConfig; c == nil || len(c.TargetGroups) != 1 || aws.ToInt32(c.TargetGroups[0].Weight) != 1 || c.TargetGroupStickinessConfig == nil || aws.ToBool(c.TargetGroupStickinessConfig.Enabled) {
		f.t.Errorf("default_action.forward %+v", c)
	}
	_, err = f.elb.DescribeListenerAttributes(ctx, &elb.DescribeListenerAttributesInput{ListenerArn: l.ListenerArn})
	f.must("attributes of aws_lb_listener", err)
	f.elbTags(f.state["listener"])
}

func (f *tf) rule() {
	out, err := f.elb.CreateRule(f.t.Context(), &elb.CreateRuleInput{
		ListenerArn: aws.String(f.state["listener"]), Priority: aws.Int32(100),
		Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &elbtypes.PathPatternConditionConfig{Values: []string{"/gone/*"}}}},
		Actions: []elbtypes.Action{{Type: "fixed-response", Order: aws.Int32(1), FixedResponseConfig: &elbtypes.FixedResponseActionConfig{
			ContentType: aws.String("text/plain"), MessageBody: aws.String("gone"), StatusCode: aws.String("410"),
		}}},
		Tags: []elbtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_lb_listener_rule", err)
	f.state["rule"] = aws.ToString(out.Rules[0].RuleArn)
	f.readRule()
}

func (f *tf) readRule() {
	out, err := f.elb.DescribeRules(f.t.Context(), &elb.DescribeRulesInput{RuleArns: []string{f.state["rule"]}})
	f.must("read aws_lb_listener_rule", err)
	r := out.Rules[0]
	f.same("priority", aws.ToString(r.Priority), "100")
	if len(r.Conditions) != 1 || aws.ToString(r.Conditions[0].Field) != "path-pattern" || r.Conditions[0].PathPatternConfig == nil || !slices.Equal(r.Conditions[0].PathPatternConfig.Values, []string{"/gone/*"}) {
		f.t.Errorf("condition %+v", r.Conditions)
	}
	if len(r.Actions) != 1 || r.Actions[0].FixedResponseConfig == nil || aws.ToString(r.Actions[0].FixedResponseConfig.StatusCode) != "410" || aws.ToInt32(r.Actions[0].Order) != 1 {
		f.t.Errorf("action %+v", r.Actions)
	}
	f.elbTags(f.state["rule"])
}
