package elbv2

import (
	"strings"

	"github.com/hatoba/hatoba/internal/wire"
)

// Errors with AWS's codes and texts. The query protocol's codes have no
// "Exception" behind them.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}

func badConfiguration(format string, args ...any) error {
	return wire.Errorf("InvalidConfigurationRequest", format, args...)
}

// unsupported refuses by name what AWS has and we have not.
func unsupported(format string, args ...any) error {
	return wire.Errorf("OperationNotPermitted", format, args...)
}

func noBalancer(names ...string) error {
	return wire.Errorf("LoadBalancerNotFound", "Load balancers '[%s]' not found", strings.Join(names, ", "))
}

func noListener() error { return wire.Errorf("ListenerNotFound", "One or more listeners not found") }

func noRule() error { return wire.Errorf("RuleNotFound", "One or more rules not found") }

func noGroup() error {
	return wire.Errorf("TargetGroupNotFound", "One or more target groups not found")
}

func tooMany(code, what string, limit int) error {
	return wire.Errorf(code, "You have reached the maximum number of %s: %d", what, limit)
}
