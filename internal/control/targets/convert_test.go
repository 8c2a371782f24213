package targets

import (
	"net/netip"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/state"
)

func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestAttributesReachThePlane(t *testing.T) {
	one, two, out := netip.MustParseAddr("172.31.15.0"), netip.MustParseAddr("172.31.31.0"), netip.MustParseAddr("0.0.0.0")
	b := state.LoadBalancer{
		ARN: "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/1", Type: "application", Scheme: "internet-facing", DNSName: "Web-1.elb.us-east-1.localhost",
		Zones: []state.BalancerZone{{Address: one}, {Address: two}},
		Attributes: map[string]string{
			"idle_timeout.timeout_seconds": "5", "client_keep_alive.seconds": "120", "routing.http2.enabled": "false", "routing.http.drop_invalid_header_fields.enabled": "true",
			"routing.http.preserve_host_header.enabled": "true", "routing.http.xff_client_port.enabled": "true", "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "true",
			"routing.http.xff_header_processing.mode": "preserve", "routing.http.desync_mitigation_mode": "strictest", "access_logs.s3.enabled": "true",
		},
	}
	want := lb.Balancer{
		ID: b.ARN, Name: "app/web/1", Address: one, Ingress: []netip.Addr{two, out}, Hosts: []string{"web-1.elb.us-east-1.localhost", "web-1.elb.us-east-1.hatoba.internal"},
		HTTP: lb.HTTPAttributes{
			IdleTimeout: 5 * time.Second, ClientKeepAlive: 2 * time.Minute, DisableHTTP2: true, DropInvalidHeaders: true, PreserveHost: true,
			ForwardedFor: lb.PreserveForwardedFor, ForwardedForPort: true, TLSHeaders: true, Desync: lb.Strictest, AccessLog: true,
		},
	}
	same(t, balancer(b, []netip.Addr{out}), want)
	b.Scheme, b.Attributes, want.HTTP, want.Ingress = "internal", nil, lb.HTTPAttributes{}, []netip.Addr{two}
	same(t, balancer(b, []netip.Addr{out}), want)
}

func TestGroupsReachThePlane(t *testing.T) {
	g := state.TargetGroup{
		ARN: "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/1", Protocol: "HTTPS", ProtocolVersion: "GRPC",
		Attributes: map[string]string{
			"stickiness.enabled": "true", "stickiness.type": "app_cookie", "stickiness.app_cookie.cookie_name": "session", "stickiness.app_cookie.duration_seconds": "60",
			"load_balancing.algorithm.type": "least_outstanding_requests", "slow_start.duration_seconds": "0",
			"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "2", "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
		},
	}
	same(t, group(g), lb.Group{
		ID: g.ARN, Name: "targetgroup/web/1", Protocol: lb.HTTPS, Version: lb.GRPC, Algorithm: lb.LeastOutstanding, Sticky: lb.ApplicationCookie, StickyFor: time.Minute, CookieName: "session", MinHealthy: 2,
	})
	tcp := state.TargetGroup{ARN: g.ARN, Protocol: "TCP", Attributes: map[string]string{"stickiness.enabled": "true", "proxy_protocol_v2.enabled": "true", "target_health_state.unhealthy.connection_termination.enabled": "false"}}
	same(t, group(tcp), lb.Group{ID: g.ARN, Name: "targetgroup/web/1", Protocol: lb.TCP, Sticky: lb.SourceAddress, ProxyProtocol: true, KeepUnhealthy: true})
}

func TestRulesReachThePlane(t *testing.T) {
	r := state.Rule{
		ARN: "rule", Priority: 7,
		Conditions: []elbtypes.RuleCondition{
			{Field: aws.String("host-header"), Values: []string{"*.example.com"}},
			{Field: aws.String("http-header"), HttpHeaderConfig: &elbtypes.HttpHeaderConditionConfig{HttpHeaderName: aws.String("X-A"), Values: []string{"1"}}},
			{Field: aws.String("http-request-method"), HttpRequestMethodConfig: &elbtypes.HttpRequestMethodConditionConfig{Values: []string{"PUT"}}},
			{Field: aws.String("query-string"), QueryStringConfig: &elbtypes.QueryStringConditionConfig{Values: []elbtypes.QueryStringKeyValuePair{{Value: aws.String("v")}}}},
			{Field: aws.String("source-ip"), SourceIpConfig: &elbtypes.SourceIpConditionConfig{Values: []string{"10.0.0.0/8"}}},
		},
		Actions: []elbtypes.Action{{Type: "forward", ForwardConfig: &elbtypes.ForwardActionConfig{
			TargetGroups:                []elbtypes.TargetGroupTuple{{TargetGroupArn: aws.String("a"), Weight: aws.Int32(9)}, {TargetGroupArn: aws.String("b"), Weight: aws.Int32(0)}},
			TargetGroupStickinessConfig: &elbtypes.TargetGroupStickinessConfig{Enabled: aws.Bool(true), DurationSeconds: aws.Int32(30)},
		}}},
	}
	same(t, planeRule(r), lb.Rule{
		ID: "rule", Priority: 7,
		Conditions: []lb.Condition{
			{Field: lb.HostHeader, Values: []string{"*.example.com"}}, {Field: lb.HTTPHeader, Header: "X-A", Values: []string{"1"}}, {Field: lb.HTTPMethod, Values: []string{"PUT"}},
			{Field: lb.QueryString, Query: []lb.QueryPair{{Value: "v"}}}, {Field: lb.SourceIP, Sources: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		},
		Action: lb.Action{Forward: &lb.Forward{Groups: []lb.WeightedGroup{{Group: "a", Weight: 9}, {Group: "b"}}, Sticky: 30 * time.Second}},
	})
	same(t, action([]elbtypes.Action{{Type: "redirect", RedirectConfig: &elbtypes.RedirectActionConfig{StatusCode: "HTTP_301", Protocol: aws.String("HTTPS"), Host: aws.String("#{host}"), Port: aws.String("443"), Path: aws.String("/#{path}"), Query: aws.String("#{query}")}}}),
		lb.Action{Redirect: &lb.Redirect{Status: 301, Protocol: "HTTPS", Host: "#{host}", Port: "443", Path: "/#{path}", Query: "#{query}"}})
	same(t, action([]elbtypes.Action{{Type: "fixed-response", FixedResponseConfig: &elbtypes.FixedResponseActionConfig{StatusCode: aws.String("404"), ContentType: aws.String("text/plain"), MessageBody: aws.String("no")}}}),
		lb.Action{Fixed: &lb.Fixed{Status: 404, ContentType: "text/plain", Body: "no"}})
}
