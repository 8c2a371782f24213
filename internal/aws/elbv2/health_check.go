package elbv2

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
)

// asked is what a request says of a health check.
type asked struct {
	enabled                               *bool
	protocol                              types.ProtocolEnum
	port, path                            *string
	interval, timeout, healthy, unhealthy *int32
	matcher                               *types.Matcher
}

func askedAtCreation(in *elasticloadbalancingv2.CreateTargetGroupInput) asked {
	return asked{
		in.HealthCheckEnabled, in.HealthCheckProtocol, in.HealthCheckPort, in.HealthCheckPath,
		in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds, in.HealthyThresholdCount, in.UnhealthyThresholdCount, in.Matcher,
	}
}

func askedLater(in *elasticloadbalancingv2.ModifyTargetGroupInput) asked {
	return asked{
		in.HealthCheckEnabled, in.HealthCheckProtocol, in.HealthCheckPort, in.HealthCheckPath,
		in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds, in.HealthyThresholdCount, in.UnhealthyThresholdCount, in.Matcher,
	}
}

// checkDefaults is the health check of a group that says nothing of it.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
func checkDefaults(g state.TargetGroup, protocol string) state.TargetHealthCheck {
	h := state.TargetHealthCheck{Protocol: protocol, Port: "traffic-port", Interval: 30, Timeout: 10, Healthy: 5, Unhealthy: 2}
	if protocol == protocolTCP {
		return h
	}
	h.Path, h.Codes = "/", "200"
	switch {
	case g.ProtocolVersion == "GRPC":
		h.Path, h.Codes, h.Timeout = "/AWS.ALB/healthcheck", "12", 5
	case !ofNetwork(g.Protocol):
		h.Timeout = 5
	case protocol == protocolHTTP:
		h.Timeout = 6
	}
	if ofNetwork(g.Protocol) {
		h.Codes = "200-399"
	}
	return h
}

// withCheck is g with its health check as a request asks; what the request does
// not say stays, or is a default where the protocol becomes another.
func withCheck(g state.TargetGroup, a asked) (state.TargetGroup, error) {
	if a.enabled != nil && !*a.enabled {
		return g, invalid("Health check enabled must be true for target groups with target type '%s'", g.Type)
	}
	protocol := g.HealthCheck.Protocol
	if a.protocol != "" {
		protocol = string(a.protocol)
	}
	if protocol == "" {
		if protocol = g.Protocol; ofNetwork(g.Protocol) {
			protocol = protocolTCP
		}
	}
	switch {
	case protocol != protocolHTTP && protocol != protocolHTTPS && protocol != protocolTCP:
		return g, invalid("Health check protocol '%s' must be one of 'HTTP, HTTPS, TCP'", protocol)
	case protocol == protocolTCP && !ofNetwork(g.Protocol):
		return g, invalid("Health check protocol 'TCP' is not supported for target groups with protocol '%s'", g.Protocol)
	}
	h := g.HealthCheck
	if protocol != h.Protocol {
		fresh := checkDefaults(g, protocol)
		if h.Protocol != "" { // what does not depend on it stays
			fresh.Port, fresh.Interval, fresh.Timeout, fresh.Healthy, fresh.Unhealthy = h.Port, h.Interval, h.Timeout, h.Healthy, h.Unhealthy
			if h.Path != "" && fresh.Path != "" {
				fresh.Path, fresh.Codes = h.Path, h.Codes
			}
		}
		h = fresh
	}
	for _, n := range []struct {
		name      string
		to        *int32
		given     *int32
		low, high int32
	}{
		{"Health check interval", &h.Interval, a.interval, 5, 300},
		{"Health check timeout", &h.Timeout, a.timeout, 2, 120},
		{"Healthy threshold count", &h.Healthy, a.healthy, 2, 10},
		{"Unhealthy threshold count", &h.Unhealthy, a.unhealthy, 2, 10},
	} {
		if n.given == nil {
			continue
		}
		if *n.given < n.low || *n.given > n.high {
			return g, invalid("%s '%d' must be between %d and %d inclusive", n.name, *n.given, n.low, n.high)
		}
		*n.to = *n.given
	}
	if a.interval != nil && a.timeout == nil && h.Timeout >= h.Interval {
		h.Timeout = max(2, h.Interval-1)
	}
	if h.Timeout >= h.Interval {
		return g, invalid("Health check interval must be greater than the timeout")
	}
	var err error
	if h, err = withPlace(g, h, a); err != nil {
		return g, err
	}
	g.HealthCheck = h
	return g, nil
}

// withPlace sets what is asked, and which answers are good.
func withPlace(g state.TargetGroup, h state.TargetHealthCheck, a asked) (state.TargetHealthCheck, error) {
	if a.port != nil && *a.port != "" {
		if n, err := strconv.Atoi(*a.port); *a.port != "traffic-port" && (err != nil || n < 1 || n > 65535) {
			return h, invalid("Health check port '%s' must be either 'traffic-port' or in the range [1-65535]", *a.port)
		}
		h.Port = *a.port
	}
	if h.Protocol == protocolTCP {
		if aws.ToString(a.path) != "" {
			return h, invalid("Health check paths cannot be specified for target groups with health check protocol 'TCP'")
		}
		if a.matcher != nil && aws.ToString(a.matcher.HttpCode)+aws.ToString(a.matcher.GrpcCode) != "" {
			return h, invalid("Health check matchers cannot be specified for target groups with health check protocol 'TCP'")
		}
		return h, nil
	}
	if a.path != nil && *a.path != "" {
		if !strings.HasPrefix(*a.path, "/") || len(*a.path) > 1024 || strings.ContainsAny(*a.path, " \t\r\n") {
			return h, invalid("Health check path '%s' must begin with a '/' and have at most 1024 characters", *a.path)
		}
		h.Path = *a.path
	}
	if a.matcher == nil {
		return h, nil
	}
	code, grpc := aws.ToString(a.matcher.HttpCode), g.ProtocolVersion == "GRPC"
	low, high := 200, 499
	switch {
	case code != "" && aws.ToString(a.matcher.GrpcCode) != "":
		return h, invalid("A matcher has either HTTP codes or gRPC codes")
	case grpc && code != "":
		return h, invalid("Matcher HTTP code cannot be specified for target groups with the protocol-version 'GRPC'")
	case !grpc && aws.ToString(a.matcher.GrpcCode) != "":
		return h, invalid("Matcher gRPC code can only be specified for target groups with the protocol-version 'GRPC'")
	case grpc:
		code, low, high = aws.ToString(a.matcher.GrpcCode), 0, 99
	case ofNetwork(g.Protocol):
		high = 599
	}
	if code == "" {
		return h, nil
	}
	if !goodCodes(code, low, high) {
		return h, invalid("Health check matcher '%s' must have values or ranges between %d and %d, such as '%d,%d' or '%d-%d'", code, low, high, low, low+2, low, high)
	}
	h.Codes = code
	return h, nil
}

var codes = regexp.MustCompile(`^\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*$`)

func goodCodes(text string, low, high int) bool {
	if !codes.MatchString(text) {
		return false
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(part, "-")
		a, _ := strconv.Atoi(first)
		b := a
		if ranged {
			b, _ = strconv.Atoi(last)
		}
		if a < low || b > high || a > b {
			return false
		}
	}
	return true
}
