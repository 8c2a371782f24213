package elbv2

import (
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// balancerAttributes are those of a balancer's type.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
func balancerAttributes(b state.LoadBalancer) []attribute {
	internal := "false"
	if b.Scheme == schemeInternal {
		internal = "true"
	}
	both := []attribute{
		{"deletion_protection.enabled", "false", boolean},
		{"access_logs.s3.enabled", "false", boolean},
		{"access_logs.s3.bucket", "", text},
		{"access_logs.s3.prefix", "", text},
		{"ipv6.deny_all_igw_traffic", internal, boolean}, // there is no IPv6 to deny
		{"zonal_shift.config.enabled", "false", nil},
	}
	if b.Type == typeNetwork {
		both[1].check = nil // connections are not logged
		return append(both,
			attribute{"load_balancing.cross_zone.enabled", "false", boolean}, // one machine: every zone has all targets
			attribute{"dns_record.client_routing_policy", "any_availability_zone", oneOf("availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone")},
			attribute{"secondary_ips.auto_assigned.per_subnet", "0", nil},
		)
	}
	return append(both,
		attribute{"load_balancing.cross_zone.enabled", "true", nil},
		attribute{"idle_timeout.timeout_seconds", "60", between(1, 4000)},
		attribute{"client_keep_alive.seconds", "3600", between(60, 604800)},
		attribute{"connection_logs.s3.enabled", "false", nil},
		attribute{"connection_logs.s3.bucket", "", text},
		attribute{"connection_logs.s3.prefix", "", text},
		attribute{"health_check_logs.s3.enabled", "false", nil},
		attribute{"health_check_logs.s3.bucket", "", text},
		attribute{"health_check_logs.s3.prefix", "", text},
		attribute{"routing.http.desync_mitigation_mode", "defensive", oneOf("monitor", "defensive", "strictest")},
		attribute{"routing.http.drop_invalid_header_fields.enabled", "false", boolean},
		attribute{"routing.http.preserve_host_header.enabled", "false", boolean},
		attribute{"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false", boolean},
		attribute{"routing.http.xff_client_port.enabled", "false", boolean},
		attribute{"routing.http.xff_header_processing.mode", "append", oneOf("append", "preserve", "remove")},
		attribute{"routing.http2.enabled", "true", boolean},
		attribute{"waf.fail_open.enabled", "false", boolean}, // there is no WAF to fail
	)
}

// listenerAttributes are those of a listener's protocol.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html
func listenerAttributes(l state.Listener) []attribute {
	if strings.HasPrefix(l.Balancer, "net/") {
		return []attribute{{"tcp.idle_timeout.seconds", "350", between(60, 6000)}}
	}
	out := []attribute{{"routing.http.response.server.enabled", "true", nil}}
	for _, h := range []string{
		"strict_transport_security", "access_control_allow_origin", "access_control_allow_methods", "access_control_allow_headers",
		"access_control_allow_credentials", "access_control_expose_headers", "access_control_max_age",
		"content_security_policy", "x_content_type_options", "x_frame_options",
	} {
		out = append(out, attribute{"routing.http.response." + h + ".header_value", "", nil})
	}
	if l.Protocol != protocolHTTPS {
		return out
	}
	for _, h := range []string{
		"Clientcert-Serial-Number", "Clientcert-Issuer", "Clientcert-Subject", "Clientcert-Validity", "Clientcert-Leaf", "Clientcert",
	} {
		key := strings.ToLower(strings.ReplaceAll(h, "-", "_"))
		out = append(out, attribute{"routing.http.request.x_amzn_mtls_" + key + ".header_name", "X-Amzn-Mtls-" + h, nil})
	}
	return append(out,
		attribute{"routing.http.request.x_amzn_tls_version.header_name", "X-Amzn-Tls-Version", nil},
		attribute{"routing.http.request.x_amzn_tls_cipher_suite.header_name", "X-Amzn-Tls-Cipher-Suite", nil},
	)
}

// cookieName is what an application's stickiness cookie may be called.
func cookieName(v string) string {
	for _, own := range []string{"AWSALB", "AWSALBAPP", "AWSALBTG"} {
		if strings.HasPrefix(v, own) {
			return "must not begin with 'AWSALB', 'AWSALBAPP' or 'AWSALBTG'"
		}
	}
	if v != "" && !headerName.MatchString(v) {
		return "must be the name of a cookie"
	}
	return ""
}

// groupAttributes are those of a target group's protocol.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
func groupAttributes(g state.TargetGroup) []attribute {
	some, percent := between(1, maxTargetsOfGroup), between(1, 100)
	out := []attribute{
		{"deregistration_delay.timeout_seconds", "300", between(0, 3600)},
		{"stickiness.enabled", "false", boolean},
		{"load_balancing.cross_zone.enabled", "use_load_balancer_configuration", oneOf("true", "false", "use_load_balancer_configuration")},
		{"target_group_health.dns_failover.minimum_healthy_targets.count", "1", offOr(some)},
		{"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", offOr(percent)},
		{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", some},
		{"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", offOr(percent)},
	}
	if ofNetwork(g.Protocol) {
		return append(out,
			attribute{"stickiness.type", "source_ip", oneOf("source_ip")},
			attribute{"deregistration_delay.connection_termination.enabled", "false", boolean},
			attribute{"preserve_client_ip.enabled", "false", nil},
			attribute{"proxy_protocol_v2.enabled", "false", boolean},
			attribute{"target_health_state.unhealthy.connection_termination.enabled", "true", boolean},
			attribute{"target_health_state.unhealthy.draining_interval_seconds", "0", nil},
		)
	}
	week := between(1, 604800)
	return append(out,
		attribute{"stickiness.type", "lb_cookie", oneOf("lb_cookie", "app_cookie")},
		attribute{"stickiness.lb_cookie.duration_seconds", "86400", week},
		attribute{"stickiness.app_cookie.cookie_name", "", cookieName},
		attribute{"stickiness.app_cookie.duration_seconds", "86400", week},
		attribute{"load_balancing.algorithm.type", "round_robin", oneOf("round_robin", "least_outstanding_requests", "weighted_random")},
		attribute{"load_balancing.algorithm.anomaly_mitigation", "off", nil},
		attribute{"slow_start.duration_seconds", "0", func(v string) string {
			if v == "0" {
				return ""
			}
			return between(30, 900)(v)
		}},
	)
}
