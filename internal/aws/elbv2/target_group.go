package elbv2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// shownGroup is a target group as DescribeTargetGroups tells it.
func shownGroup(scope state.Scope, g state.TargetGroup) types.TargetGroup {
	h := g.HealthCheck
	out := types.TargetGroup{
		TargetGroupArn: &g.ARN, TargetGroupName: &g.Name, TargetType: types.TargetTypeEnum(g.Type), Protocol: types.ProtocolEnum(g.Protocol),
		Port: &g.Port, VpcId: &g.VPCID, IpAddressType: types.TargetGroupIpAddressTypeEnum(g.IPAddressType), LoadBalancerArns: []string{},
		HealthCheckEnabled: aws.Bool(true), HealthCheckProtocol: types.ProtocolEnum(h.Protocol), HealthCheckPort: &h.Port,
		HealthCheckIntervalSeconds: &h.Interval, HealthCheckTimeoutSeconds: &h.Timeout, HealthyThresholdCount: &h.Healthy, UnhealthyThresholdCount: &h.Unhealthy,
	}
	if g.ProtocolVersion != "" {
		out.ProtocolVersion = &g.ProtocolVersion
	}
	if h.Path != "" {
		out.HealthCheckPath = &h.Path
		out.Matcher = &types.Matcher{HttpCode: &h.Codes}
		if g.ProtocolVersion == "GRPC" {
			out.Matcher = &types.Matcher{GrpcCode: &h.Codes}
		}
	}
	for _, id := range g.Balancers {
		out.LoadBalancerArns = append(out.LoadBalancerArns, scope.ARN("elasticloadbalancing", "loadbalancer/"+id))
	}
	return out
}

// newGroup reads what a request asks for.
func newGroup(in *elasticloadbalancingv2.CreateTargetGroupInput) (state.TargetGroup, error) {
	g := state.TargetGroup{
		Name: aws.ToString(in.Name), Type: string(in.TargetType), Protocol: string(in.Protocol), ProtocolVersion: aws.ToString(in.ProtocolVersion),
		Port: aws.ToInt32(in.Port), VPCID: aws.ToString(in.VpcId), IPAddressType: string(in.IpAddressType),
	}
	if err := checkName("Target group", g.Name); err != nil {
		return g, err
	}
	if g.Type == "" {
		g.Type = string(types.TargetTypeEnumInstance)
	}
	if g.IPAddressType == "" {
		g.IPAddressType = ipv4
	}
	switch types.TargetTypeEnum(g.Type) {
	case types.TargetTypeEnumIp, types.TargetTypeEnumInstance:
	case types.TargetTypeEnumLambda, types.TargetTypeEnumAlb:
		return g, unsupported("Target groups with target type '%s' are not supported here; 'ip' and 'instance' are", g.Type)
	default:
		return g, invalid("1 validation error detected: Value '%s' at 'targetType' failed to satisfy constraint: Member must satisfy enum value set: [instance, ip, lambda, alb]", g.Type)
	}
	if err := checkProtocol(g.Protocol); err != nil {
		return g, err
	}
	switch {
	case in.Port == nil:
		return g, invalid("A port must be specified")
	case g.Port < 1 || g.Port > 65535:
		return g, invalid("The port '%d' must be between 1 and 65535 inclusive", g.Port)
	case g.VPCID == "":
		return g, invalid("A VPC ID must be specified")
	case g.IPAddressType == string(types.TargetGroupIpAddressTypeEnumIpv6):
		return g, unsupported("IP address type 'ipv6' is not supported here: targets have IPv4 addresses")
	case g.IPAddressType != ipv4:
		return g, invalid("The IP address type '%s' is not valid", g.IPAddressType)
	case in.TargetControlPort != nil:
		return g, unsupported("TargetControlPort is not supported here")
	case ofNetwork(g.Protocol) && g.ProtocolVersion != "":
		return g, invalid("Protocol version cannot be specified for target groups with protocol '%s'", g.Protocol)
	}
	if !ofNetwork(g.Protocol) && g.ProtocolVersion == "" {
		g.ProtocolVersion = "HTTP1"
	}
	if !slices.Contains([]string{"", "HTTP1", "HTTP2", "GRPC"}, g.ProtocolVersion) {
		return g, invalid("Protocol version '%s' must be one of 'HTTP1, HTTP2, GRPC'", g.ProtocolVersion)
	}
	var err error
	if g.Tags, err = mergedTags(nil, in.Tags); err != nil {
		return g, err
	}
	return withCheck(g, askedAtCreation(in))
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
func (s *Service) createTargetGroup(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.CreateTargetGroupInput) (*elasticloadbalancingv2.CreateTargetGroupOutput, error) {
	g, err := newGroup(in)
	if err != nil {
		return nil, err
	}
	id, scope := s.cfg.NewID(), caller.Scope
	g.CreatedAt = s.now()
	g.ARN = scope.ARN("elasticloadbalancing", "targetgroup/"+g.Name+"/"+id)
	out := &elasticloadbalancingv2.CreateTargetGroupOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		if old, ok := groupNamed(w, scope, g.Name); ok {
			if !sameGroup(old, g) {
				return wire.Errorf("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", g.Name)
			}
			out.TargetGroups = []types.TargetGroup{shownGroup(scope, old)}
			return nil
		}
		if _, ok := store.VPCs.Get(w, scope.Key(g.VPCID)); !ok && s.cfg.StrictNetwork {
			return invalid("The VPC ID '%s' is not found", g.VPCID)
		}
		if count(store.TargetGroups.List(w, scope, "")) >= maxGroups {
			return tooMany("TooManyTargetGroups", "target groups", maxGroups)
		}
		out.TargetGroups = []types.TargetGroup{shownGroup(scope, g)}
		return store.TargetGroups.Put(w, scope.Key(g.ID()), g)
	})
}

func sameGroup(a, b state.TargetGroup) bool {
	return a.Type == b.Type && a.Protocol == b.Protocol && a.ProtocolVersion == b.ProtocolVersion && a.Port == b.Port && a.VPCID == b.VPCID && a.HealthCheck == b.HealthCheck
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
func (s *Service) describeTargetGroups(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeTargetGroupsInput) (*elasticloadbalancingv2.DescribeTargetGroupsOutput, error) {
	ways := 0
	for _, given := range []bool{in.LoadBalancerArn != nil, len(in.Names) > 0, len(in.TargetGroupArns) > 0} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return nil, invalid("Only one of load balancer ARN, target group names and target group ARNs can be specified")
	}
	scope := caller.Scope
	out := &elasticloadbalancingv2.DescribeTargetGroupsOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		list, err := describedGroups(r, scope, in)
		if err != nil {
			return err
		}
		cut, next, err := page("elb-groups", list, state.TargetGroup.ID, in.Marker, in.PageSize)
		out.TargetGroups, out.NextMarker = []types.TargetGroup{}, next
		for _, g := range cut {
			out.TargetGroups = append(out.TargetGroups, shownGroup(scope, g))
		}
		return err
	})
}

func describedGroups(r store.Reader, scope state.Scope, in *elasticloadbalancingv2.DescribeTargetGroupsInput) (list []state.TargetGroup, err error) {
	for _, arn := range in.TargetGroupArns {
		g, err := findGroup(r, scope, &arn)
		if err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	for _, name := range in.Names {
		g, ok := groupNamed(r, scope, name)
		if !ok {
			return nil, noGroup()
		}
		list = append(list, g)
	}
	if len(in.TargetGroupArns)+len(in.Names) > 0 {
		return list, nil
	}
	var b state.LoadBalancer
	if in.LoadBalancerArn != nil {
		if b, err = findBalancer(r, scope, in.LoadBalancerArn); err != nil {
			return nil, err
		}
	}
	for _, g := range store.TargetGroups.List(r, scope, "") {
		if in.LoadBalancerArn == nil || slices.Contains(g.Balancers, b.ID()) {
			list = append(list, g)
		}
	}
	return list, nil
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroup.html
func (s *Service) modifyTargetGroup(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.ModifyTargetGroupInput) (*elasticloadbalancingv2.ModifyTargetGroupOutput, error) {
	out := &elasticloadbalancingv2.ModifyTargetGroupOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		g, err := findGroup(w, caller.Scope, in.TargetGroupArn)
		if err != nil {
			return err
		}
		if g, err = withCheck(g, askedLater(in)); err != nil {
			return err
		}
		out.TargetGroups = []types.TargetGroup{shownGroup(caller.Scope, g)}
		return store.TargetGroups.Put(w, caller.Scope.Key(g.ID()), g)
	})
}

// deleteTargetGroup deletes a group with its targets. One that is not there is
// no error.
//
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html
func (s *Service) deleteTargetGroup(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DeleteTargetGroupInput) (*elasticloadbalancingv2.DeleteTargetGroupOutput, error) {
	arn, scope := aws.ToString(in.TargetGroupArn), caller.Scope
	id := state.TargetGroupID(arn)
	if id == "" {
		return nil, invalid("'%s' is not a valid target group ARN", arn)
	}
	return &elasticloadbalancingv2.DeleteTargetGroupOutput{}, s.update(ctx, func(w store.Writer) error {
		g, ok := store.TargetGroups.Get(w, scope.Key(id))
		if !ok || g.ARN != arn {
			return nil
		}
		if g.Associated() {
			return wire.Errorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", arn)
		}
		var targets []state.Key
		for key := range store.Targets.List(w, scope, id+"/") {
			targets = append(targets, key)
		}
		for _, key := range targets {
			store.Targets.Delete(w, key)
		}
		store.TargetGroups.Delete(w, scope.Key(id))
		return nil
	})
}
