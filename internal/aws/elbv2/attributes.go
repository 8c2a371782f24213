package elbv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func shownBalancerAttributes(b state.LoadBalancer) (out []types.LoadBalancerAttribute) {
	for _, p := range settings(balancerAttributes(b), b.Attributes) {
		out = append(out, types.LoadBalancerAttribute{Key: p.key, Value: p.value})
	}
	return out
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancerAttributes.html
func (s *Service) describeLoadBalancerAttributes(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeLoadBalancerAttributesInput) (*elasticloadbalancingv2.DescribeLoadBalancerAttributesOutput, error) {
	out := &elasticloadbalancingv2.DescribeLoadBalancerAttributesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		b, err := findBalancer(r, caller.Scope, in.LoadBalancerArn)
		out.Attributes = shownBalancerAttributes(b)
		return err
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyLoadBalancerAttributes.html
func (s *Service) modifyLoadBalancerAttributes(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.ModifyLoadBalancerAttributesInput) (*elasticloadbalancingv2.ModifyLoadBalancerAttributesOutput, error) {
	var given []pair
	bucket := ""
	for _, a := range in.Attributes {
		given = append(given, pair{a.Key, a.Value})
		if a.Key != nil && a.Value != nil && *a.Key == "access_logs.s3.bucket" {
			bucket = *a.Value
		}
	}
	hasGiven := bucket != "" && s.cfg.HasBucket(ctx, caller.Scope, bucket)
	out := &elasticloadbalancingv2.ModifyLoadBalancerAttributesOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		b, err := findBalancer(w, caller.Scope, in.LoadBalancerArn)
		if err != nil {
			return err
		}
		table := balancerAttributes(b)
		before := setting(table, b.Attributes, "access_logs.s3.bucket")
		if b.Attributes, err = changed("load balancer", table, b.Attributes, given); err != nil {
			return err
		}
		now := setting(table, b.Attributes, "access_logs.s3.bucket")
		if setting(table, b.Attributes, "access_logs.s3.enabled") == "true" {
			if now == "" {
				return badConfiguration("The value of 'access_logs.s3.bucket' cannot be empty")
			}
			if now != before && !hasGiven {
				return badConfiguration("Access Denied for bucket: %s. Please check S3bucket permission", now)
			}
		}
		out.Attributes = shownBalancerAttributes(b)
		return store.LoadBalancers.Put(w, caller.Scope.Key(b.ID()), b)
	})
}

func shownListenerAttributes(l state.Listener) (out []types.ListenerAttribute) {
	for _, p := range settings(listenerAttributes(l), l.Attributes) {
		out = append(out, types.ListenerAttribute{Key: p.key, Value: p.value})
	}
	return out
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListenerAttributes.html
func (s *Service) describeListenerAttributes(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeListenerAttributesInput) (*elasticloadbalancingv2.DescribeListenerAttributesOutput, error) {
	out := &elasticloadbalancingv2.DescribeListenerAttributesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		l, err := findListener(r, caller.Scope, in.ListenerArn)
		out.Attributes = shownListenerAttributes(l)
		return err
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListenerAttributes.html
func (s *Service) modifyListenerAttributes(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.ModifyListenerAttributesInput) (*elasticloadbalancingv2.ModifyListenerAttributesOutput, error) {
	var given []pair
	for _, a := range in.Attributes {
		given = append(given, pair{a.Key, a.Value})
	}
	out := &elasticloadbalancingv2.ModifyListenerAttributesOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		l, err := findListener(w, caller.Scope, in.ListenerArn)
		if err != nil {
			return err
		}
		if l.Attributes, err = changed("listener", listenerAttributes(l), l.Attributes, given); err != nil {
			return err
		}
		out.Attributes = shownListenerAttributes(l)
		return store.Listeners.Put(w, caller.Scope.Key(l.ID()), l)
	})
}

func shownGroupAttributes(g state.TargetGroup) (out []types.TargetGroupAttribute) {
	for _, p := range settings(groupAttributes(g), g.Attributes) {
		out = append(out, types.TargetGroupAttribute{Key: p.key, Value: p.value})
	}
	return out
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroupAttributes.html
func (s *Service) describeTargetGroupAttributes(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeTargetGroupAttributesInput) (*elasticloadbalancingv2.DescribeTargetGroupAttributesOutput, error) {
	out := &elasticloadbalancingv2.DescribeTargetGroupAttributesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		g, err := findGroup(r, caller.Scope, in.TargetGroupArn)
		out.Attributes = shownGroupAttributes(g)
		return err
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroupAttributes.html
func (s *Service) modifyTargetGroupAttributes(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.ModifyTargetGroupAttributesInput) (*elasticloadbalancingv2.ModifyTargetGroupAttributesOutput, error) {
	var given []pair
	for _, a := range in.Attributes {
		given = append(given, pair{a.Key, a.Value})
	}
	out := &elasticloadbalancingv2.ModifyTargetGroupAttributesOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		g, err := findGroup(w, caller.Scope, in.TargetGroupArn)
		if err != nil {
			return err
		}
		table := groupAttributes(g)
		if g.Attributes, err = changed("target group", table, g.Attributes, given); err != nil {
			return err
		}
		switch {
		case setting(table, g.Attributes, "stickiness.enabled") == "true" && setting(table, g.Attributes, "stickiness.type") == "app_cookie" &&
			setting(table, g.Attributes, "stickiness.app_cookie.cookie_name") == "":
			return badConfiguration("The attribute 'stickiness.app_cookie.cookie_name' must be set when 'stickiness.type' is 'app_cookie'")
		case setting(table, g.Attributes, "slow_start.duration_seconds") > "0" && setting(table, g.Attributes, "load_balancing.algorithm.type") != "round_robin":
			return badConfiguration("You cannot enable both slow start and the '%s' algorithm", setting(table, g.Attributes, "load_balancing.algorithm.type"))
		}
		out.Attributes = shownGroupAttributes(g)
		return store.TargetGroups.Put(w, caller.Scope.Key(g.ID()), g)
	})
}
