package elbv2

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func badAction(format string, args ...any) error {
	return wire.Errorf("InvalidLoadBalancerAction", format, args...)
}

// checkActions checks a rule's actions and returns them with their defaults, as
// they are described.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html
func checkActions(r store.Reader, scope state.Scope, b state.LoadBalancer, l state.Listener, actions []types.Action) ([]types.Action, error) {
	if len(actions) == 0 {
		return nil, invalid("An action must be specified")
	}
	for _, a := range actions {
		switch a.Type {
		case types.ActionTypeEnumForward, types.ActionTypeEnumRedirect, types.ActionTypeEnumFixedResponse:
		case types.ActionTypeEnumAuthenticateOidc, types.ActionTypeEnumAuthenticateCognito, types.ActionTypeEnumJwtValidation:
			return nil, unsupported("Actions of type '%s' are not supported here", a.Type)
		default:
			return nil, invalid("1 validation error detected: Value '%s' at 'actions.member.type' failed to satisfy constraint: %s", a.Type, wire.OneOf(a.Type.Values()))
		}
	}
	if len(actions) > 1 {
		return nil, badAction("The actions must include exactly one of the following types of actions: forward, redirect, fixed-response, and it must be the last action to be performed")
	}
	a := actions[0]
	if a.Order != nil && (*a.Order < 1 || *a.Order > 50000) {
		return nil, invalid("The order '%d' of an action must be between 1 and 50000 inclusive", *a.Order)
	}
	if err := onlyOwnConfig(a); err != nil {
		return nil, err
	}
	if b.Type == typeNetwork && a.Type != types.ActionTypeEnumForward {
		return nil, badAction("Network Load Balancers can only have actions of type 'forward'")
	}
	var err error
	switch a.Type {
	case types.ActionTypeEnumRedirect:
		a.RedirectConfig, err = checkRedirect(l, a.RedirectConfig)
	case types.ActionTypeEnumFixedResponse:
		a.FixedResponseConfig, err = checkFixed(a.FixedResponseConfig)
	default:
		a, err = checkForward(r, scope, b, l, a)
	}
	return []types.Action{a}, err
}

// onlyOwnConfig refuses settings of another type of action.
func onlyOwnConfig(a types.Action) error {
	for _, c := range []struct {
		name  string
		given bool
		of    types.ActionTypeEnum
	}{
		{"ForwardConfig", a.ForwardConfig != nil, types.ActionTypeEnumForward},
		{"TargetGroupArn", aws.ToString(a.TargetGroupArn) != "", types.ActionTypeEnumForward},
		{"RedirectConfig", a.RedirectConfig != nil, types.ActionTypeEnumRedirect},
		{"FixedResponseConfig", a.FixedResponseConfig != nil, types.ActionTypeEnumFixedResponse},
		{"AuthenticateOidcConfig", a.AuthenticateOidcConfig != nil, types.ActionTypeEnumAuthenticateOidc},
		{"AuthenticateCognitoConfig", a.AuthenticateCognitoConfig != nil, types.ActionTypeEnumAuthenticateCognito},
		{"JwtValidationConfig", a.JwtValidationConfig != nil, types.ActionTypeEnumJwtValidation},
	} {
		if c.given && c.of != a.Type {
			return badAction("%s cannot be specified for an action of type '%s'", c.name, a.Type)
		}
	}
	return nil
}

func checkForward(r store.Reader, scope state.Scope, b state.LoadBalancer, l state.Listener, a types.Action) (types.Action, error) {
	var config types.ForwardActionConfig
	if a.ForwardConfig != nil {
		config = *a.ForwardConfig
		config.TargetGroups = slices.Clone(config.TargetGroups)
	}
	single := aws.ToString(a.TargetGroupArn)
	switch {
	case single != "" && len(config.TargetGroups) > 0 && (len(config.TargetGroups) != 1 || aws.ToString(config.TargetGroups[0].TargetGroupArn) != single):
		return a, badAction("You can specify both a target group ARN and a forward configuration only if the latter names the same target group alone")
	case single != "" && len(config.TargetGroups) == 0:
		config.TargetGroups = []types.TargetGroupTuple{{TargetGroupArn: a.TargetGroupArn}}
	case len(config.TargetGroups) == 0:
		return a, badAction("A target group ARN must be specified for an action of type 'forward'")
	case len(config.TargetGroups) > maxGroupsOfAction:
		return a, wire.Errorf("TooManyTargetGroups", "An action can forward to at most %d target groups", maxGroupsOfAction)
	case b.Type == typeNetwork && len(config.TargetGroups) > 1:
		return a, badAction("An action of a Network Load Balancer forwards to exactly one target group")
	}
	seen := map[string]bool{}
	for i := range config.TargetGroups {
		g := &config.TargetGroups[i]
		arn := aws.ToString(g.TargetGroupArn)
		if seen[arn] {
			return a, badAction("The target group '%s' was specified more than once", arn)
		}
		seen[arn] = true
		if g.Weight == nil {
			g.Weight = aws.Int32(1)
		}
		if *g.Weight < 0 || *g.Weight > 999 {
			return a, badAction("The weight '%d' of target group '%s' must be between 0 and 999 inclusive", *g.Weight, arn)
		}
		if err := checkForwardGroup(r, scope, b, l, g.TargetGroupArn); err != nil {
			return a, err
		}
	}
	sticky := types.TargetGroupStickinessConfig{Enabled: aws.Bool(false)}
	if config.TargetGroupStickinessConfig != nil {
		sticky = *config.TargetGroupStickinessConfig
		sticky.Enabled = aws.Bool(aws.ToBool(sticky.Enabled))
	}
	switch {
	case sticky.DurationSeconds != nil && (*sticky.DurationSeconds < 1 || *sticky.DurationSeconds > 604800):
		return a, badAction("The duration of target group stickiness must be between 1 and 604800 seconds")
	case *sticky.Enabled && sticky.DurationSeconds == nil:
		return a, badAction("The duration of target group stickiness must be specified")
	case *sticky.Enabled && b.Type == typeNetwork:
		return a, badAction("Target group stickiness is not supported for Network Load Balancers")
	}
	config.TargetGroupStickinessConfig = &sticky
	a.ForwardConfig, a.TargetGroupArn = &config, nil
	if len(config.TargetGroups) == 1 {
		a.TargetGroupArn = config.TargetGroups[0].TargetGroupArn
	}
	return a, nil
}

// checkForwardGroup tells whether a listener can forward to a group.
func checkForwardGroup(r store.Reader, scope state.Scope, b state.LoadBalancer, l state.Listener, arn *string) error {
	g, err := findGroup(r, scope, arn)
	if err != nil {
		return err
	}
	_, known := store.VPCs.Get(r, scope.Key(g.VPCID))
	switch {
	case ofNetwork(g.Protocol) != (b.Type == typeNetwork):
		return wire.Errorf("IncompatibleProtocols", "The target group '%s' with protocol '%s' cannot be used by a listener with protocol '%s'", g.ARN, g.Protocol, l.Protocol)
	case g.ProtocolVersion == "GRPC" && l.Protocol != protocolHTTPS:
		return wire.Errorf("IncompatibleProtocols", "Listener protocol '%s' is not supported with a target group with the protocol-version '%s'", l.Protocol, g.ProtocolVersion)
	case known && g.VPCID != b.VPCID:
		return badConfiguration("The target group '%s' and the load balancer '%s' must be in the same VPC", g.ARN, b.ARN)
	}
	return nil
}

var redirectPort = regexp.MustCompile(`^(#\{port\}|[0-9]{1,5})$`)

// checkRedirect fills in what AWS does: each part is the request's own.
func checkRedirect(l state.Listener, c *types.RedirectActionConfig) (*types.RedirectActionConfig, error) {
	if c == nil {
		return nil, badAction("A redirect configuration must be specified for an action of type 'redirect'")
	}
	out := *c
	fallback := func(v **string, to string) {
		if *v == nil {
			*v = aws.String(to)
		}
	}
	fallback(&out.Protocol, "#{protocol}")
	fallback(&out.Host, "#{host}")
	fallback(&out.Port, "#{port}")
	fallback(&out.Path, "/#{path}")
	fallback(&out.Query, "#{query}")
	port, err := strconv.Atoi(*out.Port)
	switch {
	case !slices.Contains(out.StatusCode.Values(), out.StatusCode):
		return nil, badAction("The status code '%s' of a redirect must be one of %v", out.StatusCode, out.StatusCode.Values())
	case !slices.Contains([]string{"HTTP", "HTTPS", "#{protocol}"}, *out.Protocol):
		return nil, badAction("The protocol '%s' of a redirect must be one of 'HTTP', 'HTTPS', '#{protocol}'", *out.Protocol)
	case !redirectPort.MatchString(*out.Port) || err == nil && (port < 1 || port > 65535):
		return nil, badAction("The port '%s' of a redirect must be between 1 and 65535, or '#{port}'", *out.Port)
	case *out.Host == "" || len(*out.Host) > 128:
		return nil, badAction("The host of a redirect must have 1 to 128 characters")
	case !strings.HasPrefix(*out.Path, "/") || len(*out.Path) > 128:
		return nil, badAction("The path '%s' of a redirect must begin with '/' and have at most 128 characters", *out.Path)
	case len(*out.Query) > 128 || strings.HasPrefix(*out.Query, "?"):
		return nil, badAction("The query of a redirect must have at most 128 characters and not begin with '?'")
	case l.Protocol == protocolHTTPS && *out.Protocol == "HTTP":
		return nil, badAction("You cannot redirect HTTPS to HTTP")
	case *out.Host == "#{host}" && *out.Path == "/#{path}" && slices.Contains([]string{"#{protocol}", l.Protocol}, *out.Protocol) &&
		slices.Contains([]string{"#{port}", strconv.Itoa(int(l.Port))}, *out.Port):
		return nil, badAction("The RedirectConfig values must change at least one of the following components: protocol, host, port, or path")
	}
	return &out, nil
}

var fixedStatus = regexp.MustCompile(`^[245]\d\d$`)

func checkFixed(c *types.FixedResponseActionConfig) (*types.FixedResponseActionConfig, error) {
	if c == nil {
		return nil, badAction("A fixed response configuration must be specified for an action of type 'fixed-response'")
	}
	out := *c
	if aws.ToString(out.ContentType) == "" {
		out.ContentType = aws.String("text/plain")
	}
	switch {
	case !fixedStatus.MatchString(aws.ToString(out.StatusCode)):
		return nil, badAction("The status code '%s' of a fixed response must be 2XX, 4XX or 5XX", aws.ToString(out.StatusCode))
	case !slices.Contains([]string{"text/plain", "text/css", "text/html", "application/javascript", "application/json"}, *out.ContentType):
		return nil, badAction("The content type '%s' of a fixed response must be one of 'text/plain', 'text/css', 'text/html', 'application/javascript', 'application/json'", *out.ContentType)
	case len(aws.ToString(out.MessageBody)) > 1024:
		return nil, badAction("The message body of a fixed response can have at most 1024 characters")
	}
	return &out, nil
}
